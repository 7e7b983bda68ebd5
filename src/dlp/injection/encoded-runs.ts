import { isUtf8 } from "node:buffer";
import { ENCODED_RUN, ENCODED_SEGMENT } from "./limits.ts";

/** Takes what a run of base64 or hex decodes to, when it is text. The bytes are used again. */
export type TakeDecoded = (text: Buffer) => void;

const ALPHABET = alphabet();

function alphabet(): Uint8Array {
  const known = new Uint8Array(256);
  for (const byte of Buffer.from("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_"))
    known[byte] = 1;
  return known;
}

/** Every how many bytes a run is looked for: less than the shortest one has. */
const STRIDE = 38;
/** Characters that two segments of a long run have in common, so that no phrase is cut. */
const OVERLAP = 1024;
/** Decoded bytes that are looked at together to tell text from noise. */
const SAMPLE = 48;
const HEX = /^[0-9a-fA-F]+$/;
const NOTHING = Buffer.alloc(0);
/** What the segment at hand decodes to, in whichever text. */
const DECODED = Buffer.alloc(ENCODED_SEGMENT);

/**
 * Finds long runs of base64 (either alphabet, wrapped in lines, beginning at any phase) and hex in a stream, and hands
 * on what they say. Independent of how the stream was cut.
 */
export class EncodedRuns {
  readonly #take: TakeDecoded;
  /** characters of the run that is open, without line ends */
  #segment = NOTHING;
  #length = 0;
  /** the open run is long enough */
  #long = false;
  /** inside a long run: a line end, or the beginning of an escaped one, has been passed */
  #gap = 0;
  #total = 0;
  #start = 0;

  constructor(take: TakeDecoded) {
    this.#take = take;
  }

  /** Where the run that is open began; the bytes seen when none is. */
  get open(): number {
    return this.#long ? this.#start : this.#total;
  }

  write(bytes: Buffer): void {
    let at = 0;
    while (at < bytes.length) {
      if (this.#long) at = this.#inLong(bytes, at);
      else if (this.#length > 0) at = this.#inShort(bytes, at);
      else at = this.#search(bytes, at);
    }
    this.#total += bytes.length;
  }

  /** The text, or a message, ends here. */
  end(): void {
    if (this.#long) this.#decode();
    this.#long = false;
    this.#length = 0;
    this.#gap = 0;
  }

  /** Looks at every `STRIDE`th byte. */
  #search(bytes: Buffer, from: number): number {
    for (let at = from; ; at += STRIDE) {
      const last = at >= bytes.length;
      const probe = last ? bytes.length - 1 : at;
      if (probe >= from && ALPHABET[bytes[probe] as number] === 1) {
        let start = probe;
        while (start > from && ALPHABET[bytes[start - 1] as number] === 1) start--;
        let end = probe + 1;
        while (end < bytes.length && end - start < ENCODED_RUN && ALPHABET[bytes[end] as number] === 1) end++;
        if (end - start >= ENCODED_RUN || end === bytes.length) {
          this.#start = this.#total + start;
          this.#makeRoom(end - start);
          this.#length = bytes.copy(this.#segment, 0, start, end);
          this.#long = this.#length >= ENCODED_RUN;
          return end;
        }
        at = Math.max(at, end - STRIDE + 1);
      }
      if (last) return bytes.length;
    }
  }

  #inShort(bytes: Buffer, from: number): number {
    this.#makeRoom(ENCODED_RUN);
    let at = from;
    while (at < bytes.length && this.#length < ENCODED_RUN && ALPHABET[bytes[at] as number] === 1)
      this.#segment[this.#length++] = bytes[at++] as number;
    if (this.#length >= ENCODED_RUN) this.#long = true;
    else if (at < bytes.length) this.#length = 0;
    return at;
  }

  #inLong(bytes: Buffer, from: number): number {
    this.#makeRoom(this.#length + bytes.length - from);
    for (let at = from; at < bytes.length; at++) {
      const byte = bytes[at] as number;
      // `\n` and `\r` of a string inside a string: the letter belongs to the line end
      if (this.#gap === 2 && (byte === 0x6e || byte === 0x72)) this.#gap = 1;
      else if (ALPHABET[byte] === 1) {
        this.#gap = 0;
        const limit = Math.min(bytes.length, at + ENCODED_SEGMENT - this.#length);
        let to = at + 1;
        while (to < limit && ALPHABET[bytes[to] as number] === 1) to++;
        this.#length += bytes.copy(this.#segment, this.#length, at, to);
        at = to - 1;
        if (this.#length === ENCODED_SEGMENT) this.#next();
      } else if (byte === 0x0a || byte === 0x0d) this.#gap = 1;
      else if (byte === 0x5c) this.#gap = 2;
      else if (byte !== 0x20 || this.#gap !== 1) {
        this.end();
        return at + 1;
      }
    }
    return bytes.length;
  }

  /** The segment is full: its end is the beginning of the next. */
  #next(): void {
    this.#decode();
    this.#segment.copyWithin(0, ENCODED_SEGMENT - OVERLAP);
    this.#length = OVERLAP;
  }

  #makeRoom(wanted: number): void {
    const { length } = this.#segment;
    if (wanted <= length || length === ENCODED_SEGMENT) return;
    const larger = Buffer.allocUnsafe(Math.min(ENCODED_SEGMENT, Math.max(wanted, 4 * length)));
    this.#segment.copy(larger, 0, 0, this.#length);
    this.#segment = larger;
  }

  #decode(): void {
    const text = this.#segment.toString("latin1", 0, this.#length);
    if (HEX.test(text)) this.#takeText(text.length % 2 === 0 ? text : text.slice(1), "hex");
    for (let phase = 0; phase < 4; phase++) this.#takeText(text.slice(phase), "base64");
  }

  #takeText(text: string, encoding: "hex" | "base64"): void {
    const decoded = DECODED.subarray(0, DECODED.write(text, encoding));
    // What it says may be encoded again, and is decoded to the same place.
    if (isText(decoded)) this.#take(Buffer.from(decoded));
  }
}

/** Somewhere in it are 48 bytes that are nearly all printable, or all of it is UTF-8. */
function isText(bytes: Buffer): boolean {
  if (bytes.length < SAMPLE / 2) return false;
  for (let from = 0; from + SAMPLE / 2 <= bytes.length; from += SAMPLE) {
    const to = Math.min(bytes.length, from + SAMPLE);
    let odd = 0;
    const allowed = (to - from) >> 3;
    for (let i = from; i < to && odd <= allowed; i++) {
      const byte = bytes[i] as number;
      if (byte > 0x7e || (byte < 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09)) odd++;
    }
    if (odd <= allowed) return true;
  }
  return isUtf8(bytes);
}
