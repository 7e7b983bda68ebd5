import { BROUGHT_VALUE_BYTES } from "../limits.ts";
import type { FieldJudge } from "./field-judge.ts";
import { percentDecoded } from "./take-off.ts";

const NAME = /(?:^|;)[\t ]*name(\*?)[\t ]*=[\t ]*(?:"([^"]*)"|([^;]*))/i;

/** The fields of a multipart body, a part each (RFC 7578). */
export class PartFields {
  readonly #judge: FieldJudge;
  /** undefined: of no interest */
  #value: string | undefined;

  constructor(judge: FieldJudge) {
    this.#judge = judge;
  }

  /** a value is being compared: nothing may go until it is */
  get holds(): boolean {
    return this.#value !== undefined && this.#value !== "";
  }

  /** `disposition`: its Content-Disposition. */
  start(disposition: string | undefined): void {
    const [, extended = "", quoted, bare = ""] = NAME.exec(disposition ?? "") ?? [];
    const name = (quoted ?? bare).trim();
    // RFC 8187: charset'language'value
    const plain = extended === "" ? name : percentDecoded(name.slice(name.lastIndexOf("'") + 1));
    this.#value = this.#judge.name(plain) ? "" : undefined;
  }

  data(bytes: Buffer): void {
    if (this.#value === undefined || bytes.length === 0) return;
    if (!this.#judge.compares || this.#value.length + bytes.length > BROUGHT_VALUE_BYTES) {
      this.#value = undefined;
      this.#judge.value(undefined);
    } else this.#value += bytes.toString("latin1");
  }

  end(): void {
    if (this.#value) this.#judge.value(this.#value);
    this.#value = undefined;
  }
}
