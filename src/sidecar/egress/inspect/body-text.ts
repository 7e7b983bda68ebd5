import type { Finding } from "../../../dlp/finding.ts";
import type { Scanner } from "../../../dlp/scanner.ts";
import type { HeaderList } from "../../../policy/facts.ts";
import { readFields } from "../credential/body-fields.ts";
import type { FieldJudge, FieldReader } from "../credential/field-judge.ts";
import { PartFields } from "../credential/part-fields.ts";
import { fieldValue } from "../http1/fields.ts";
import { GrpcText } from "./grpc-text.ts";
import { parseMediaType } from "./media-type.ts";
import { boundaryOf, MultipartReader } from "./multipart-reader.ts";

/** A body with its codings undone, as what it says: it is read by what it is made of. */
export interface BodyText {
  /** Throws BodyFault where the framing can't be read. */
  write(bytes: Buffer): void;
  /** Throws BodyFault when it isn't whole. */
  end(): void;
  /** nothing came for a while */
  settle(): void;
  /** bytes from the beginning that may go: nothing that covers them can still be completed */
  readonly safe: number;
  /** whether a find's place is a place of the body, so that it can be replaced there */
  readonly inPlace: boolean;
}

/** Makes a scanner whose finds go where the body's go. */
export type NewScanner = (found?: (finding: Finding) => void) => Scanner;

/**
 * By the Content-Type. Throws BodyFault for a multipart body without a usable boundary. `judge`: hears of its fields, on
 * the way to a host that gets the sidecar's credential.
 */
export function createBodyText(fields: HeaderList, scanner: NewScanner, judge?: FieldJudge): BodyText {
  const stated = fieldValue(fields, "content-type");
  const type = stated === undefined ? undefined : parseMediaType(stated);
  if (stated !== undefined && /^[\t ]*multipart\//i.test(stated))
    return new MultipartText(boundaryOf(type), scanner, judge && new PartFields(judge));
  const grpc = type === undefined ? null : /^application\/grpc(-web)?(?:\+.+)?$/.exec(type.type);
  if (grpc) return new GrpcText(grpc[1] !== undefined, fieldValue(fields, "grpc-encoding"), scanner());
  return new PlainText(scanner(), judge && readFields(fields, judge));
}

class PlainText implements BodyText {
  readonly inPlace = true;
  readonly #scanner: Scanner;
  readonly #fields: FieldReader | undefined;
  #seen = 0;
  /** where no field was being compared */
  #clear = 0;

  constructor(scanner: Scanner, fields: FieldReader | undefined) {
    this.#scanner = scanner;
    this.#fields = fields;
  }

  write(bytes: Buffer): void {
    this.#scanner.write(bytes);
    if (!this.#fields) return;
    this.#fields.write(bytes);
    this.#seen += bytes.length;
    if (!this.#fields.holds) this.#clear = this.#seen;
  }

  end(): void {
    this.#scanner.boundary();
    this.#fields?.end();
    this.#clear = this.#seen;
  }

  settle(): void {
    this.#scanner.settle();
  }

  get safe(): number {
    return this.#fields ? Math.min(this.#clear, this.#scanner.safe) : this.#scanner.safe;
  }
}

/** The body as it stands, part heads and all, and its parts one behind the other, their transfer encodings undone. */
class MultipartText implements BodyText {
  readonly inPlace = false;
  readonly #whole: Scanner;
  readonly #parts: Scanner;
  readonly #reader: MultipartReader;
  readonly #fields: PartFields | undefined;
  #seen = 0;
  #partBytes = 0;
  #safe = 0;

  constructor(boundary: string, scanner: NewScanner, fields: PartFields | undefined) {
    this.#fields = fields;
    this.#whole = scanner();
    const parts = scanner();
    this.#parts = parts;
    this.#reader = new MultipartReader(boundary, {
      partStart: (disposition) => fields?.start(disposition),
      partData: (bytes) => {
        parts.write(bytes);
        fields?.data(bytes);
        this.#partBytes += bytes.length;
      },
      partEnd: () => {
        // the next part may begin as a format of its own
        parts.boundary();
        fields?.end();
      },
    });
  }

  write(bytes: Buffer): void {
    this.#whole.write(bytes);
    this.#reader.write(bytes);
    this.#seen += bytes.length;
    this.#move();
  }

  end(): void {
    this.#reader.end();
    this.#whole.boundary();
    this.#parts.boundary();
    this.#move();
  }

  settle(): void {
    this.#whole.settle();
    this.#parts.settle();
    this.#move();
  }

  get safe(): number {
    return this.#safe;
  }

  /** Where a part's text is in the body isn't known: all is held while something in a part is open. */
  #move(): void {
    if (this.#parts.safe === this.#partBytes && this.#fields?.holds !== true)
      this.#safe = Math.min(this.#seen, this.#whole.safe);
  }
}
