/** Why a body, or a part of one, can't be inspected. It is thrown, or handed to whoever decodes, and becomes a refusal. */
export class BodyFault extends Error {
  readonly code: "dlp.body_unreadable" | "dlp.body_too_large";

  /** `detail`: the end of a sentence about the body, none of its bytes in it: `is not the gzip it says it is`. */
  constructor(code: BodyFault["code"], detail: string) {
    super(detail);
    this.name = "BodyFault";
    this.code = code;
  }
}

export function unreadable(detail: string): BodyFault {
  return new BodyFault("dlp.body_unreadable", detail);
}

export function tooLarge(detail: string): BodyFault {
  return new BodyFault("dlp.body_too_large", detail);
}
