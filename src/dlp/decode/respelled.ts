import { LEADS } from "./leads.ts";
import { AROUND_BYTES } from "./limits.ts";
import { Places } from "./places.ts";
import { MORE, type Spelled, type Spelling, TELLS } from "./spelling.ts";

/** Bytes that are said at a time. */
const PIECE_BYTES = 4096;
/** Bytes that are copied one by one. */
const COPIED_BYTES = 32;

/** Behind something telling no more is looked for. */
const CLOSE_BYTES = AROUND_BYTES / 8;
const EMPTY = Buffer.alloc(0);
/** What stretches say at the moment, one inside the other. Nothing of it outlives a call. */
const SAID: Buffer[] = [];
let level = 0;

/** Reads a text as it comes, for what it finds. */
export interface TextReader {
  /** `last`: the text ends here */
  write(bytes: Buffer, last?: boolean): void;
  settle(): void;
  boundary(): void;
  /** text offset up to which bytes may go */
  readonly safe: number;
}

/** Makes the reader of what a stretch of text says. `places`: where what it says stands in the text. */
export type NewReader = (spelling: Spelling, places: Places) => TextReader;

/**
 * The stretches of one text that are spelled in a certain way, read as what they say. A stretch goes from `AROUND_BYTES`
 * before the first telling place to as many behind the last, however the text is cut.
 */
export class Respelled {
  readonly spelling: Spelling;
  readonly #newReader: NewReader;
  #reader: TextReader | undefined;
  readonly #places = new Places();
  /** text offset up to which stretches were read */
  #at = 0;
  /** text offset behind the last telling place */
  #telling = 0;

  constructor(spelling: Spelling, newReader: NewReader) {
    this.spelling = spelling;
    this.#newReader = newReader;
  }

  get active(): boolean {
    return this.#reader !== undefined;
  }

  /** Text offset up to which it has read. */
  get at(): number {
    return this.#at;
  }

  /** Text offset of the first byte of something unfinished; infinite when nothing is. */
  get open(): number {
    const safe = this.#reader?.safe ?? Number.POSITIVE_INFINITY;
    return safe < this.#places.said ? this.#places.of(safe) : Number.POSITIVE_INFINITY;
  }

  /**
   * A telling place at `at` of `text`, which begins at `base`; `before` are the bytes in front of it. Index up to which
   * `text` was read; less than its length where only more bytes can tell, or where the stretch ended.
   */
  start(at: number, text: Buffer, base: number, before: Buffer, last: boolean, spelled: Spelled): number {
    const from = Math.max(this.#at, base + at - AROUND_BYTES, base - before.length);
    this.#at = from;
    this.#telling = base + at;
    this.#places.restart(from);
    this.#reader = this.#newReader(this.spelling, this.#places);
    if (from < base) this.#decode(before.subarray(before.length - (base - from)), from, true, false, spelled);
    return this.go(text, base, last, spelled);
  }

  /** Reads on in a stretch. */
  go(text: Buffer, base: number, last: boolean, spelled: Spelled): number {
    const stop = this.#decode(text, base, last, last, spelled);
    if (last && this.#reader && stop === text.length) this.#end();
    return stop;
  }

  settle(): void {
    this.#reader?.settle();
  }

  boundary(): void {
    this.#reader?.boundary();
  }

  #end(): void {
    this.#reader?.write(EMPTY, true);
    this.#reader = undefined;
  }

  /** `closes`: the whole text ends with this one, too. */
  #decode(text: Buffer, base: number, last: boolean, closes: boolean, spelled: Spelled): number {
    const said = SAID[level] ?? Buffer.allocUnsafeSlow(PIECE_BYTES);
    SAID[level++] = said;
    try {
      return this.#say(said, text, base, last, closes, spelled);
    } finally {
      level--;
    }
  }

  #say(said: Buffer, text: Buffer, base: number, last: boolean, closes: boolean, spelled: Spelled): number {
    const { spelling } = this;
    const { bit } = spelling;
    const places = this.#places;
    let i = Math.max(0, this.#at - base);
    let length = 0;
    let ended = false;
    while (i < text.length) {
      const limit = this.#telling + AROUND_BYTES - base;
      const end = Math.min(text.length, limit, i + PIECE_BYTES - length);
      const from = i;
      while (i < end && ((LEADS[text[i] as number] as number) & bit) === 0) i++;
      // A call costs as much as many bytes.
      if (i - from > COPIED_BYTES) length += text.copy(said, length, from, i);
      else for (let k = from; k < i; k++) said[length++] = text[k] as number;
      ended = i >= limit;
      if (ended || i === text.length) break;
      if (length > PIECE_BYTES - spelled.bytes.length) {
        this.#tell(said.subarray(0, length), base + i, false);
        length = 0;
        continue;
      }
      if (i === end) continue;
      const quick = spelling.quick?.(text, i) ?? 0;
      if (quick !== 0) {
        said[length++] = quick & 255;
        i += (quick >> 8) & 255;
        places.add(length, base + i);
        if (quick >= TELLS) this.#telling = Math.max(this.#telling, base + i);
        continue;
      }
      spelled.inside = base + i < this.#telling + CLOSE_BYTES;
      const taken = spelling.read(text, i, last, spelled);
      spelled.inside = false;
      if (taken === MORE) break;
      if (taken === 0) {
        said[length++] = text[i++] as number;
        continue;
      }
      for (let k = 0; k < spelled.length; k++) said[length++] = spelled.bytes[k] as number;
      i += taken;
      places.add(length, base + i);
      if (spelled.telling) this.#telling = Math.max(this.#telling, base + i);
    }
    this.#tell(said.subarray(0, length), base + i, ended || (closes && i === text.length));
    return i;
  }

  #tell(said: Buffer, at: number, ended: boolean): void {
    this.#at = at;
    this.#places.advance(said.length);
    this.#reader?.write(said, ended);
    if (ended) this.#reader = undefined;
  }
}
