import type { Finding } from "../../../dlp/finding.ts";
import type { BodyReading } from "./body-text.ts";
import type { Edit } from "./edit.ts";
import { type LabelForm, redactedText } from "./label.ts";
import { EDITED_PART_BYTES } from "./limits.ts";
import { type TransferEncoding, transferEncoded } from "./transfer-decoder.ts";

/** Rewrites what one part that is encoded holds: it is kept whole, and encoded again when something is taken out. */
export class PartEdit {
  readonly start: number;
  readonly #encoding: TransferEncoding;
  readonly #form: LabelForm;
  readonly #reading: BodyReading;
  #pieces: Buffer[] = [];
  #size = 0;

  /** `start`: where what it holds begins in the body. */
  constructor(encoding: TransferEncoding, start: number, form: LabelForm, reading: BodyReading) {
    this.#encoding = encoding;
    this.start = start;
    this.#form = form;
    this.#reading = reading;
  }

  /** It is kept; else it is longer than can be. */
  get whole(): boolean {
    return this.#size <= EDITED_PART_BYTES;
  }

  /** Decoded. */
  add(bytes: Buffer): void {
    this.#size += bytes.length;
    if (this.whole) this.#pieces.push(bytes);
    else this.#pieces = [];
  }

  /** It ends at `at`. Undefined: nothing is found in it. */
  end(at: number): { readonly finding: Finding; readonly edit: Edit | undefined } | undefined {
    if (!this.whole) return undefined;
    const text = Buffer.concat(this.#pieces);
    const result = redactedText(text, this.#form, (bytes) => this.#reading.scanText(bytes));
    if (result === undefined) return undefined;
    const { finding, text: redacted } = result;
    if (redacted === undefined) return { finding, edit: undefined };
    const bytes = transferEncoded(redacted, this.#encoding);
    const { name } = finding;
    return { finding, edit: { start: this.start, end: at, name, form: "text", bytes } };
  }
}
