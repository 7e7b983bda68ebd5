import { BROUGHT_VALUE_BYTES, FIELD_NAME_BYTES } from "../limits.ts";
import type { FieldJudge, FieldReader } from "./field-judge.ts";
import { percentDecoded } from "./take-off.ts";

const AMPERSAND = 0x26;
const SEMICOLON = 0x3b;
const EQUALS = 0x3d;

/**
 * Reads `name=value` pairs (WHATWG URL §5.1), of anything: what is no form has no names to speak of. A semicolon separates,
 * too, as it does for some servers.
 */
export class FormFields implements FieldReader {
  readonly #judge: FieldJudge;
  #state: "name" | "value" | "wanted" = "name";
  /** latin1, of a name or a value that is wanted */
  #text = "";

  constructor(judge: FieldJudge) {
    this.#judge = judge;
  }

  get holds(): boolean {
    return this.#state === "wanted" && this.#text !== "";
  }

  write(bytes: Buffer): void {
    let at = 0;
    while (at < bytes.length) {
      const end = this.#state === "value" ? separator(bytes, at) : this.#endOfText(bytes, at);
      if (this.#state !== "value") this.#keep(bytes, at, end);
      if (end === bytes.length) return;
      const byte = bytes[end];
      at = end + 1;
      if (byte === EQUALS) this.#nameEnds();
      else this.end();
    }
  }

  /** The end of the body is the end of a pair. */
  end(): void {
    if (this.#state === "wanted" && this.#text !== "") this.#judge.value(percentDecoded(this.#text));
    this.#state = "name";
    this.#text = "";
  }

  #endOfText(bytes: Buffer, at: number): number {
    const name = this.#state === "name";
    let end = at;
    for (; end < bytes.length; end++) {
      const byte = bytes[end];
      if (byte === AMPERSAND || byte === SEMICOLON || (name && byte === EQUALS)) break;
    }
    return end;
  }

  #keep(bytes: Buffer, at: number, end: number): void {
    if (end === at) return;
    const wanted = this.#state === "wanted";
    // The first byte is enough where no value may pass.
    if (wanted && !this.#judge.compares) {
      this.#judge.value(undefined);
      this.#state = "value";
      return;
    }
    const room = wanted ? BROUGHT_VALUE_BYTES : FIELD_NAME_BYTES;
    if (this.#text.length <= room)
      this.#text += bytes.toString("latin1", at, Math.min(end, at + room + 1 - this.#text.length));
    if (!wanted || this.#text.length <= room) return;
    this.#judge.value(undefined);
    this.#state = "value";
  }

  #nameEnds(): void {
    const name = this.#text.length > FIELD_NAME_BYTES ? "" : percentDecoded(this.#text);
    this.#state = this.#judge.name(name) ? "wanted" : "value";
    this.#text = "";
  }
}

function separator(bytes: Buffer, at: number): number {
  let end = at;
  while (end < bytes.length && bytes[end] !== AMPERSAND && bytes[end] !== SEMICOLON) end++;
  return end;
}
