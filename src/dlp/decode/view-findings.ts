import type { SecretForm } from "../known/known-index.ts";

/** `encoding`: outermost first, as `base64 > gzip`. `start`, `end`: the bytes of the text that spell it. */
export interface ViewFindings {
  secret(form: SecretForm, encoding: string, start: number, end: number, replaceable: boolean): void;
  pattern(rule: string, encoding: string, start: number, end: number, replaceable: boolean): void;
  /** `what` can't be read; `tooLarge`: it would become more than is read */
  unreadable(what: string, tooLarge: boolean, encoding: string, start: number, end: number): void;
}

/** `inner` inside `outer`. */
export function nested(outer: string, inner: string): string {
  return inner === "raw" ? outer : `${outer} > ${inner}`;
}
