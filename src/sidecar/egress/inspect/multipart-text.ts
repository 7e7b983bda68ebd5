import type { Finding } from "../../../dlp/finding.ts";
import type { PartFields } from "../credential/part-fields.ts";
import type { BodyText, BodyTextOptions, ScanKind } from "./body-text.ts";
import { type LabelForm, labelForm } from "./label.ts";
import { EDGE_BYTES } from "./limits.ts";
import { MappedText } from "./mapped-text.ts";
import { parseMediaType } from "./media-type.ts";
import { MultipartReader, type Part, type PartSink } from "./multipart-reader.ts";
import { PartEdit } from "./part-edit.ts";

/**
 * A multipart body as three texts: what its parts hold, one behind the other, their transfer encodings undone; what is
 * around it, and encoded parts as they stand; and where both meet. So nothing but the edges of parts is read twice, and
 * a secret that is split over parts, or over a part and its name, is found.
 */
export class MultipartText implements BodyText, PartSink {
  readonly #options: BodyTextOptions;
  readonly #reader: MultipartReader;
  readonly #frames: MappedText;
  readonly #parts: MappedText;
  readonly #joints: MappedText;
  readonly #fields: PartFields | undefined;
  #form: LabelForm = "text";
  /** inside a part that is encoded */
  #encoded = false;
  /** of the part: how much of its beginning the joints have, and its last bytes, which they get when it ends */
  #edge = 0;
  #tail = EMPTY;
  #tailAt = 0;
  #tailExact = true;
  #skipped = false;
  #edit: PartEdit | undefined;
  /** found in the encoded part that comes */
  #waiting: Finding[] = [];
  /** bytes of the text of parts, and of it before the present one */
  #partBytes = 0;
  #partFrom = 0;
  #seen = 0;
  #safe = 0;

  constructor(boundary: string, options: BodyTextOptions, fields: PartFields | undefined) {
    const { reading, kind } = options;
    this.#options = options;
    this.#fields = fields;
    const text = (form: () => LabelForm, as: ScanKind = kind) =>
      new MappedText(
        (found) => reading.scanner(found, as),
        (finding, place) => this.#found(finding, place, form()),
      );
    this.#frames = text(() => "text");
    this.#parts = new MappedText(
      (found) => reading.scanner(found, kind),
      (finding, place) => this.#foundInPart(finding, place),
    );
    this.#joints = text(() => this.#form, "joints");
    this.#reader = new MultipartReader(boundary, this);
  }

  write(bytes: Buffer): void {
    this.#reader.write(bytes, this.#seen, true);
    this.#seen += bytes.length;
    this.#move();
  }

  end(): void {
    this.#reader.end();
    for (const text of [this.#frames, this.#parts, this.#joints]) text.boundary();
    this.#move();
  }

  settle(): void {
    for (const text of [this.#frames, this.#parts, this.#joints]) text.settle();
    this.#move();
  }

  get safe(): number {
    return this.#safe;
  }

  frame(bytes: Buffer, at: number, exact: boolean): void {
    this.#frames.write(bytes, at, exact);
    if (this.#encoded) this.#edges(bytes, at, exact);
    else this.#joints.write(bytes, at, exact);
  }

  partStart({ disposition, type, encoded, start, exact }: Part): void {
    this.#fields?.start(disposition);
    this.#form = labelForm(type === undefined ? TEXT : parseMediaType(type));
    this.#encoded = encoded !== undefined;
    this.#edit =
      this.#options.rewrites && encoded !== undefined && exact
        ? new PartEdit(encoded, start, this.#form, this.#options.reading)
        : undefined;
    this.#partFrom = this.#partBytes;
    this.#edge = 0;
    this.#skipped = false;
    this.#frames.part();
    this.#parts.part();
    this.#joints.part();
  }

  partData(bytes: Buffer, at: number, exact: boolean): void {
    this.#edit?.add(bytes);
    this.#partBytes += bytes.length;
    this.#parts.write(bytes, at, exact);
    this.#fields?.data(bytes);
    if (!this.#encoded) this.#edges(bytes, at, exact);
  }

  partEnd(at: number): void {
    // the next part may begin as a format of its own
    this.#parts.boundary();
    this.#fields?.end();
    if (this.#tail.length > 0) this.#joints.write(this.#tail, this.#tailAt, this.#tailExact);
    this.#tail = EMPTY;
    this.#encoded = false;
    this.#frames.part();
    this.#joints.part();
    const edited = this.#edit?.end(at);
    this.#edit = undefined;
    if (edited) this.#options.found(edited.finding, edited.edit);
    else for (const finding of this.#waiting) this.#options.found(finding, undefined);
    this.#waiting = [];
  }

  #edges(bytes: Buffer, at: number, exact: boolean): void {
    const first = Math.min(bytes.length, EDGE_BYTES - this.#edge);
    if (first > 0) {
      this.#joints.write(bytes.subarray(0, first), at, exact);
      this.#edge += first;
      // What comes next may not be next to it.
      if (this.#edge === EDGE_BYTES) this.#joints.settle();
    }
    const rest = bytes.subarray(first);
    if (rest.length === 0) return;
    const tail = this.#tail.length === 0 ? rest : Buffer.concat([this.#tail, rest]);
    if (tail.length > EDGE_BYTES && !this.#skipped) {
      this.#skipped = true;
      this.#joints.part();
    }
    this.#tail = Buffer.from(tail.subarray(Math.max(0, tail.length - EDGE_BYTES)));
    this.#tailExact = exact;
    this.#tailAt = exact ? at + bytes.length - this.#tail.length : at;
  }

  /** What is found in a part that is encoded, and in no other, is taken out when that ends. */
  #foundInPart(finding: Finding, place: { start: number; end: number } | undefined): void {
    const waits = place === undefined && this.#edit?.whole && finding.start >= this.#partFrom;
    if (waits) this.#waiting.push(finding);
    else this.#found(finding, place, this.#form);
  }

  #found(finding: Finding, place: { start: number; end: number } | undefined, form: LabelForm): void {
    const { rewrites, found } = this.#options;
    found(finding, rewrites && place ? { ...place, name: finding.name, form } : undefined);
  }

  #move(): void {
    if (this.#fields?.holds === true) return;
    const safe = Math.min(
      this.#seen,
      this.#frames.safe,
      this.#parts.safe,
      this.#joints.safe,
      this.#reader.open,
      this.#edit?.start ?? Number.POSITIVE_INFINITY,
    );
    this.#safe = Math.max(this.#safe, safe);
  }
}

const EMPTY = Buffer.alloc(0);
const TEXT = parseMediaType("text/plain");
