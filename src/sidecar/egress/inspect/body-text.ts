import type { Finding } from "../../../dlp/finding.ts";
import type { Scanner } from "../../../dlp/scanner.ts";
import type { HeaderList } from "../../../policy/facts.ts";
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

/** By the Content-Type. Throws BodyFault for a multipart body without a usable boundary. */
export function createBodyText(fields: HeaderList, scanner: NewScanner): BodyText {
  const stated = fieldValue(fields, "content-type");
  const type = stated === undefined ? undefined : parseMediaType(stated);
  if (stated !== undefined && /^[\t ]*multipart\//i.test(stated))
    return new MultipartText(boundaryOf(type), scanner);
  const grpc = type === undefined ? null : /^application\/grpc(-web)?(?:\+.+)?$/.exec(type.type);
  if (grpc) return new GrpcText(grpc[1] !== undefined, fieldValue(fields, "grpc-encoding"), scanner());
  return new PlainText(scanner());
}

class PlainText implements BodyText {
  readonly inPlace = true;
  readonly #scanner: Scanner;

  constructor(scanner: Scanner) {
    this.#scanner = scanner;
  }

  write(bytes: Buffer): void {
    this.#scanner.write(bytes);
  }

  end(): void {
    this.#scanner.boundary();
  }

  settle(): void {
    this.#scanner.settle();
  }

  get safe(): number {
    return this.#scanner.safe;
  }
}

/** The body as it stands, part heads and all, and its parts one behind the other, their transfer encodings undone. */
class MultipartText implements BodyText {
  readonly inPlace = false;
  readonly #whole: Scanner;
  readonly #parts: Scanner;
  readonly #reader: MultipartReader;
  #seen = 0;
  #partBytes = 0;
  #safe = 0;

  constructor(boundary: string, scanner: NewScanner) {
    this.#whole = scanner();
    const parts = scanner();
    this.#parts = parts;
    this.#reader = new MultipartReader(boundary, {
      partStart() {},
      partData: (bytes) => {
        parts.write(bytes);
        this.#partBytes += bytes.length;
      },
      partEnd() {},
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
    if (this.#parts.safe === this.#partBytes) this.#safe = Math.min(this.#seen, this.#whole.safe);
  }
}
