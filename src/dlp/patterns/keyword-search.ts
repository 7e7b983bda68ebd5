import { FILTER_LOG_MOST } from "../simd/layout.ts";
import { machine } from "../simd/machine.ts";
import type { Gate } from "./shape/gate.ts";

/** Keywords found, by where they end. Its memory is kept for the next search. */
export class KeywordHits {
  count = 0;
  ids = new Int32Array(64);
  ends = new Int32Array(64);

  push(id: number, end: number): void {
    if (this.count === this.ids.length) {
      const { ids, ends } = this;
      this.ids = new Int32Array(2 * this.count);
      this.ends = new Int32Array(2 * this.count);
      this.ids.set(ids);
      this.ends.set(ends);
    }
    this.ids[this.count] = id;
    this.ends[this.count++] = end;
  }

  /** Those from `from` on by their ends, then their ids. They nearly are already: by insertion. */
  sort(from: number): void {
    const { ids, ends } = this;
    for (let i = from + 1; i < this.count; i++) {
      const id = ids[i] as number;
      const end = ends[i] as number;
      let to = i;
      for (; to > from; to--) {
        const before = ends[to - 1] as number;
        if (before < end || (before === end && (ids[to - 1] as number) <= id)) break;
        ends[to] = before;
        ids[to] = ids[to - 1] as number;
      }
      ends[to] = end;
      ids[to] = id;
    }
  }
}

/** Every byte as it is compared: letters in lower case. */
const LOWER = new Uint8Array(256).map((_, byte) => (byte >= 0x41 && byte <= 0x5a ? byte + 32 : byte));

/** Bytes as one number, letters in lower case, some other characters as if they were the same: a first look. */
const FOLD = 0x20202020;

/** 2^32 divided by the golden ratio (Knuth, TAOCP 3, 6.4). */
const SPREAD = 0x9e3779b1;
/** As in `assembly/searches.ts`. */
const BEFORE = 0x85ebca6b;
const ALONE = 0xc2b2ae35;
/** Bits of the hashes of trigrams with a byte beside them. */
const MORE_LOG = 18;
const MORE_SHIFT = 32 - MORE_LOG;
const MORE_BYTES = (2 ** MORE_LOG) >> 3;
/** Entries of the filter for every trigram, as a power of two. */
const FILTER_LOG = 4;

const LITTLE_ENDIAN = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

/** How common bytes are in what programs send, roughly, by which three rare ones are chosen. */
const COMMON = new Float64Array(256).fill(4);
for (const [rank, byte] of Buffer.from(" etaoinsrlcdpumf./-h_gbyv\"',=:wkx").entries())
  COMMON[byte] = 40 - rank;

function commonness(text: string): number {
  return Buffer.from(text, "latin1").reduce((product, byte) => product * (COMMON[byte] ?? 4), 1);
}

/**
 * Searches for many keywords at once: three bytes are looked up at every second place of the text. Of every keyword the
 * three rarest are known for either case, that it begins at an even place or at an odd one.
 */
export class KeywordSearch {
  /** bytes of the longest */
  readonly longest: number;
  /** the keywords, one behind the other, and where each begins; one more at the end */
  readonly #bytes: Uint8Array;
  readonly #starts: Int32Array;
  readonly #machine = machine();
  /** a bit for each hash that a trigram has */
  readonly #filter: Uint8Array;
  readonly #shift: number;
  /** of the filter, bytes before the bits of those hashes that trigrams have together with a byte beside them */
  readonly #more: number;
  readonly #buckets: Int32Array;
  /** of every entry: the trigram, the keyword, how many bytes of that are from the trigram's first on, and the last */
  readonly #trigrams: Int32Array;
  readonly #ids: Int32Array;
  readonly #rests: Int32Array;
  readonly #lasts: Uint8Array;
  /** keywords by their first two bytes */
  readonly #beginnings = new Map<number, number[]>();

  readonly #gates: readonly (Gate | undefined)[];

  /**
   * `keywords`: latin1, lower case, three characters or more each; at least one. `gates`: of keywords, as they come to be
   * known; one that doesn't pass its own is left out.
   */
  constructor(keywords: readonly string[], gates: readonly (Gate | undefined)[] = []) {
    this.#gates = gates;
    if (!LITTLE_ENDIAN) throw new Error("the search for keywords reads words as little-endian machines do");
    this.longest = Math.max(...keywords.map(({ length }) => length));
    this.#bytes = Buffer.from(keywords.join(""), "latin1");
    this.#starts = new Int32Array(keywords.length + 1);
    for (const [id, { length }] of keywords.entries())
      this.#starts[id + 1] = (this.#starts[id] ?? 0) + length;
    const found = keywords.flatMap((keyword, id) => entriesOf(keyword).map((entry) => ({ ...entry, id })));
    const log = Math.min(FILTER_LOG_MOST, Math.max(17, Math.ceil(Math.log2(found.length)) + FILTER_LOG));
    this.#shift = 32 - log;
    this.#more = (2 ** log) >> 3;
    this.#filter = new Uint8Array(this.#more + MORE_BYTES);
    this.#buckets = new Int32Array(((2 ** log) >> FILTER_LOG) + 1);
    const entries = found
      .map((entry) => ({ ...entry, hash: Math.imul(entry.trigram, SPREAD) >>> this.#shift }))
      .sort((a, b) => a.hash - b.hash);
    for (const { hash, beside } of entries) {
      this.#filter[hash >> 3] = (this.#filter[hash >> 3] ?? 0) | (1 << (hash & 7));
      const byte = this.#more + (beside >> 3);
      this.#filter[byte] = (this.#filter[byte] ?? 0) | (1 << (beside & 7));
      const next = (hash >> FILTER_LOG) + 1;
      this.#buckets[next] = (this.#buckets[next] ?? 0) + 1;
    }
    for (let i = 1; i < this.#buckets.length; i++)
      this.#buckets[i] = (this.#buckets[i] ?? 0) + (this.#buckets[i - 1] ?? 0);
    this.#trigrams = Int32Array.from(entries, ({ trigram }) => trigram);
    this.#ids = Int32Array.from(entries, ({ id }) => id);
    this.#rests = Int32Array.from(entries, ({ id, place }) => (keywords[id]?.length ?? 0) - place);
    this.#lasts = Uint8Array.from(entries, ({ id }) => this.#bytes[(this.#starts[id + 1] ?? 0) - 1] ?? 0);
    for (const [id, keyword] of keywords.entries()) {
      const first = keyword.charCodeAt(0) | (keyword.charCodeAt(1) << 8);
      this.#beginnings.set(first, [...(this.#beginnings.get(first) ?? []), id]);
    }
  }

  /** Keywords that end in the machine's window behind `seen` and at `length` at the latest; what lies beyond that is passed over. */
  search(seen: number, length: number, hits: KeywordHits): void {
    const { code, places, window, windowWords } = this.#machine;
    const shift = this.#shift;
    const first = Math.max(0, seen - this.longest + 1) >> 2;
    const filter = this.#machine.filterAt(this.#filter);
    const likely = code.findTrigrams(first, length >> 2, filter, shift, this.#more, MORE_SHIFT);
    for (let i = 0; i < likely; i++) {
      const at = places[i] as number;
      const word = (windowWords[at] as number) | 0x20202020;
      const even = word & 0xffffff;
      const odd = (word >>> 16) | ((((windowWords[at + 1] as number) | 0x20) & 0xff) << 16);
      this.#lookUp(window, even, 4 * at, seen, length, hits);
      this.#lookUp(window, odd, 4 * at + 2, seen, length, hits);
    }
  }

  #lookUp(
    bytes: Uint8Array,
    trigram: number,
    at: number,
    seen: number,
    length: number,
    hits: KeywordHits,
  ): void {
    const hash = Math.imul(trigram, SPREAD) >>> this.#shift;
    if ((((this.#filter[hash >> 3] as number) >> (hash & 7)) & 1) === 0) return;
    const end = this.#buckets[(hash >> FILTER_LOG) + 1] as number;
    for (let i = this.#buckets[hash >> FILTER_LOG] as number; i < end; i++) {
      if (this.#trigrams[i] !== trigram) continue;
      const stop = at + (this.#rests[i] as number);
      // many begin alike
      if (LOWER[bytes[stop - 1] as number] !== this.#lasts[i] || stop <= seen || stop > length) continue;
      const id = this.#ids[i] as number;
      const start = stop - (this.#starts[id + 1] as number) + (this.#starts[id] as number);
      if (start < 0 || this.#gates[id]?.passes(bytes, start, stop, length) === false) continue;
      if (this.#agrees(id, bytes, start, stop)) hits.push(id, stop);
    }
  }

  /** Whether `bytes` from `from` to `to` are the beginning of a keyword, or all of it. */
  #agrees(id: number, bytes: Uint8Array, from: number, to: number): boolean {
    const keyword = this.#bytes;
    let k = this.#starts[id] as number;
    for (let i = from; i < to; i++, k++) if (LOWER[bytes[i] as number] !== keyword[k]) return false;
    return true;
  }

  /** Where the longest beginning of a keyword, of two bytes or more, stands at the end of `bytes`; their end where none does. */
  unfinished(bytes: Uint8Array, length: number): number {
    for (let at = Math.max(0, length - this.longest + 1); at < length - 1; at++) {
      const ids = this.#beginnings.get(
        (LOWER[bytes[at] as number] as number) | ((LOWER[bytes[at + 1] as number] as number) << 8),
      );
      if (ids === undefined) continue;
      for (const id of ids) {
        const size = (this.#starts[id + 1] as number) - (this.#starts[id] as number);
        if (size > length - at && this.#agrees(id, bytes, at, length)) return at;
      }
    }
    return length;
  }
}

interface Entry {
  readonly trigram: number;
  /** hash of the trigram with the keyword's byte behind it, or else the one before, or else alone */
  readonly beside: number;
  /** of its first byte, counted from the keyword's; -1: the byte before it */
  readonly place: number;
}

/** What is looked for at even places of a text, for a keyword at an even place and for one at an odd place. */
function entriesOf(keyword: string): Entry[] {
  return [0, 1].flatMap((odd) => {
    const places: number[] = [];
    for (let place = odd; place + 3 <= keyword.length; place += 2) places.push(place);
    if (places.length > 0) {
      const [rarest = odd] = places.sort((a, b) => commonAt(keyword, a) - commonAt(keyword, b));
      return [entryOf(keyword, rarest, keyword.slice(rarest, rarest + 3))];
    }
    // three bytes at an odd place: two of them, and whatever is beside
    const place = commonness(keyword.slice(0, 2)) < commonness(keyword.slice(1)) ? -1 : 1;
    const all = Array.from({ length: 256 }, (_, byte) => String.fromCharCode(byte));
    const texts = all.map((any) => (place < 0 ? any + keyword.slice(0, 2) : keyword.slice(1) + any));
    const entries = texts.map((text) => entryOf(keyword, place, text));
    return [...new Map(entries.map((entry) => [entry.trigram, entry])).values()];
  });
}

/** `text`: three bytes that begin at `place` of the keyword. */
function entryOf(keyword: string, place: number, text: string): Entry {
  const trigram = trigramOf(text);
  const behind = keyword[place + 3];
  const before = keyword[place - 1];
  const beside =
    behind !== undefined
      ? Math.imul(wordOf(text + behind), SPREAD)
      : before !== undefined
        ? Math.imul(wordOf(before + text), BEFORE)
        : Math.imul(trigram, ALONE);
  return { trigram, place, beside: beside >>> MORE_SHIFT };
}

function commonAt(keyword: string, place: number): number {
  return commonness(keyword.slice(place, place + 3));
}

/** As it is read from memory, on this machine, three bytes of it and four. */
function trigramOf(text: string): number {
  return wordOf(`${text}\0`) & 0xffffff;
}

function wordOf(text: string): number {
  return Buffer.from(text, "latin1").readInt32LE() | FOLD;
}
