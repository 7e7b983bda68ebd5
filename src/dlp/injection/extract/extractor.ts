/**
 * Where text goes: what a reader sees, what only a program sees, and what stands beside the text (names, scripts,
 * short strings), so that text which is interrupted by those stays one text.
 */
export type Channel = "visible" | "hidden" | "aside";

/** Takes a piece of text. The bytes are used again: copy what must stay. */
export type Outlet = (channel: Channel, bytes: Buffer) => void;

/** Takes one kind of document apart, in slices of at most `SLICE_BYTES`, cut anywhere. */
export interface Extractor {
  write(slice: Buffer, outlet: Outlet): void;
  /** a message ends: what comes next is a document of its own, whose text may go on with that of the last */
  boundary(): void;
  end(outlet: Outlet): void;
}

/** Bytes for one channel, gathered until the slice is done. */
export class Piece {
  #bytes: Buffer;
  #length = 0;

  constructor(size: number) {
    this.#bytes = Buffer.allocUnsafe(size);
  }

  get length(): number {
    return this.#length;
  }

  push(byte: number): void {
    if (this.#length === this.#bytes.length) this.#grow(1);
    this.#bytes[this.#length++] = byte;
  }

  copy(source: Buffer, from: number, to: number): void {
    if (this.#length + to - from > this.#bytes.length) this.#grow(to - from);
    if (to - from < 24) for (let i = from; i < to; i++) this.#bytes[this.#length++] = source[i] as number;
    else this.#length += source.copy(this.#bytes, this.#length, from, to);
  }

  /** Takes what a JSON string says, up to its end or an escape; returns where that is, or the end of `source`. */
  literal(source: Buffer, from: number): number {
    const end = source.length;
    if (this.#length + end - from > this.#bytes.length) this.#grow(end - from);
    const bytes = this.#bytes;
    let length = this.#length;
    let at = from;
    for (; at < end; at++) {
      const byte = source[at] as number;
      if (byte === 0x22 || byte === 0x5c) break;
      bytes[length++] = byte;
    }
    this.#length = length;
    return at;
  }

  text(text: string): void {
    if (text === "") return;
    const bytes = Buffer.from(text, "utf8");
    this.copy(bytes, 0, bytes.length);
  }

  flush(channel: Channel, outlet: Outlet): void {
    const length = this.#length;
    if (length === 0) return;
    this.#length = 0;
    outlet(channel, this.#bytes.subarray(0, length));
  }

  #grow(by: number): void {
    const larger = Buffer.allocUnsafe(2 * (this.#bytes.length + by));
    this.#bytes.copy(larger, 0, 0, this.#length);
    this.#bytes = larger;
  }
}
