let versions = 0;

/** The bytes of a stream among which keywords are looked at. Filled again and again. */
export class Window {
  readonly bytes: Buffer;
  /** bytes of it that are filled */
  length = 0;
  /** where the text begins for whoever matches: what stands before is of another message */
  first = 0;
  /** another number for every filling of any window */
  version = 0;
  #text = "";
  #textVersion = 0;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
  }

  filled(length: number): void {
    this.length = length;
    this.first = 0;
    this.version = ++versions;
  }

  /** As latin1. */
  slice(from: number, to: number): string {
    return this.bytes.toString("latin1", from, to);
  }

  /** All of it as latin1, made when it is first asked for. */
  get text(): string {
    if (this.#textVersion !== this.version) {
      this.#text = this.slice(0, this.length);
      this.#textVersion = this.version;
    }
    return this.#text;
  }
}
