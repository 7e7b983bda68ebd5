import type { Finding } from "../../../dlp/finding.ts";
import type { Scanner } from "../../../dlp/scanner.ts";
import type { HeaderList } from "../../../policy/facts.ts";
import { isField } from "../../../policy/headers.ts";
import { readFields } from "../credential/body-fields.ts";
import type { FieldJudge, FieldReader } from "../credential/field-judge.ts";
import { PartFields } from "../credential/part-fields.ts";
import { fieldValue } from "../http1/fields.ts";
import { unreadable } from "./body-fault.ts";
import type { Edit } from "./edit.ts";
import { GrpcText } from "./grpc-text.ts";
import { type LabelForm, labelForm } from "./label.ts";
import { parseMediaType } from "./media-type.ts";
import { boundaryOf } from "./multipart-reader.ts";
import { MultipartText } from "./multipart-text.ts";

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
  /** bytes from the beginning that their receiver may act on: what follows is another message; absent: there are none */
  readonly complete?: number;
}

/**
 * What a text is: what the body says; where its texts meet, in which no token can be; a body as it is coded; what was
 * read before.
 */
export type ScanKind = "text" | "joints" | "coded" | "again";

/** What a body is read with. */
export interface BodyReading {
  scanner(found: (finding: Finding) => void, kind: ScanKind): Scanner;
  /** of a whole text by itself */
  scanText(text: Buffer): readonly Finding[];
  /** hears of its fields, on the way to a host that gets the sidecar's credential; of one pass */
  judge(): FieldJudge | undefined;
}

/** What is found in a body. `edit`: takes it out, where it is read to be rewritten; undefined: nothing can. */
export type OnFound = (finding: Finding, edit: Edit | undefined) => void;

export interface BodyTextOptions {
  readonly reading: BodyReading;
  readonly found: OnFound;
  /** finds come with edits */
  readonly rewrites: boolean;
  readonly judge: FieldJudge | undefined;
  readonly kind: ScanKind;
}

/** By the Content-Type. Throws BodyFault for two different ones, and for a multipart body without a usable boundary. */
export function createBodyText(fields: HeaderList, options: BodyTextOptions): BodyText {
  const { judge } = options;
  const stated = onlyValue(fields, "content-type");
  const type = stated === undefined ? undefined : parseMediaType(stated);
  if (isMultipart(stated))
    return new MultipartText(boundaryOf(type), options, judge && new PartFields(judge));
  const grpc = type === undefined ? null : GRPC.exec(type.type);
  if (grpc) return new GrpcText(grpc[1] !== undefined, onlyValue(fields, "grpc-encoding"), options);
  return new PlainText(labelForm(type), options, judge && readFields(fields, judge));
}

/** Whether a body is one text, as it stands. */
export function isPlain(fields: HeaderList): boolean {
  const stated = fieldValue(fields, "content-type");
  return !isMultipart(stated) && !GRPC.test(stated === undefined ? "" : (parseMediaType(stated)?.type ?? ""));
}

/** One server takes the first of two lines, another the last: a body that they would read differently can't be read. */
function onlyValue(fields: HeaderList, lowerName: string): string | undefined {
  const first = fieldValue(fields, lowerName);
  for (let i = 0; i < fields.length; i += 2) {
    if (isField(fields[i], lowerName) && fields[i + 1] !== first) throw unreadable(`has two of ${lowerName}`);
  }
  return first;
}

const GRPC = /^application\/grpc(-web)?(?:\+.+)?$/;

function isMultipart(stated: string | undefined): boolean {
  return stated !== undefined && /^[\t ]*multipart\//i.test(stated);
}

class PlainText implements BodyText {
  readonly #scanner: Scanner;
  readonly #fields: FieldReader | undefined;
  #seen = 0;
  /** where no field was being compared */
  #clear = 0;

  constructor(
    form: LabelForm,
    { reading, found, rewrites, kind }: BodyTextOptions,
    fields: FieldReader | undefined,
  ) {
    this.#scanner = reading.scanner((finding) => {
      const { name, start, end } = finding;
      found(finding, rewrites ? { name, start, end, form } : undefined);
    }, kind);
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
