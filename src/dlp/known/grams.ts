import { FILTER_LOG_MOST } from "../simd/layout.ts";
import type { SecretForm } from "./known-index.ts";

/**
 * Short sequences of symbols that spellings hold, by value. A text has to be looked at only at every `stride`th of its
 * symbols: so many places of a spelling are in here that any piece long enough to be a find holds one of them there.
 */
export interface Grams {
  /** symbols of a sequence: 4, or 3 where a secret is so short that it has no more */
  readonly width: 3 | 4;
  readonly stride: 1 | 4 | 8;
  /** a bit for every hash that one of them has */
  readonly filter: Uint8Array;
  /** bits by which the product in `hashOf` is shifted */
  readonly shift: number;
  /** index of the first entry of a bucket of hashes; the next bucket's is behind its last */
  readonly buckets: Uint32Array;
  /** of every entry: the sequence, the spelling, the place of its first symbol there */
  readonly values: Uint32Array;
  readonly forms: readonly SecretForm[];
  readonly places: Uint32Array;
}

/** Bits of the filter for every entry, as a power of two: one text in sixteen or fewer is looked up in vain. */
const FILTER_LOG = 4;

/** 2^32 divided by the golden ratio (Knuth, TAOCP 3, 6.4). */
const SPREAD = 0x9e3779b1;

export function hashOf(gram: number, shift: number): number {
  return Math.imul(gram, SPREAD) >>> shift;
}

/** Undefined where there is no spelling. A spelling's `need` is 3 at least. */
export function gramsOf(spelled: readonly SecretForm[]): Grams | undefined {
  if (spelled.length === 0) return undefined;
  const least = Math.min(...spelled.map(({ need }) => need));
  const width = least < 7 ? 3 : 4;
  const stride = least < 7 ? 1 : least < 11 ? 4 : 8;
  const found = spelled.flatMap((form) => placesOf(form, width, stride).map((place) => ({ form, place })));
  const log = Math.min(FILTER_LOG_MOST, Math.max(10, Math.ceil(Math.log2(found.length)) + FILTER_LOG));
  const shift = 32 - log;
  const filter = new Uint8Array((2 ** log) >> 3);
  const buckets = new Uint32Array(((2 ** log) >> FILTER_LOG) + 1);
  const entries = found
    .map(({ form, place }) => {
      const value = gramAt(form.symbols, place, width);
      return { value, hash: hashOf(value, shift), form, place };
    })
    .sort((a, b) => a.hash - b.hash);
  for (const { hash } of entries) {
    filter[hash >> 3] = (filter[hash >> 3] ?? 0) | (1 << (hash & 7));
    const next = (hash >> FILTER_LOG) + 1;
    buckets[next] = (buckets[next] ?? 0) + 1;
  }
  for (let i = 1; i < buckets.length; i++) buckets[i] = (buckets[i] ?? 0) + (buckets[i - 1] ?? 0);
  return {
    width,
    stride,
    filter,
    shift,
    buckets,
    values: Uint32Array.from(entries, ({ value }) => value),
    forms: entries.map(({ form }) => form),
    places: Uint32Array.from(entries, ({ place }) => place),
  };
}

/** The bucket of a hash. */
export function bucketOf(hash: number): number {
  return hash >> FILTER_LOG;
}

/** As it is read from memory as one number: of four symbols on this machine the same as a `Uint32Array` says. */
export function gramAt(symbols: Uint8Array, at: number, width: 3 | 4): number {
  GRAM[3] = 0;
  for (let i = 0; i < width; i++) GRAM[i] = symbols[at + i] as number;
  return GRAM_WORD[0] as number;
}

const GRAM = new Uint8Array(4);
const GRAM_WORD = new Uint32Array(GRAM.buffer);

/**
 * Of every `need` symbols of a spelling `stride` places one after the other, so that one of them is looked at wherever in
 * a text they stand.
 */
function placesOf({ from, to, need }: SecretForm, width: number, stride: number): number[] {
  const period = need - width + 2 - stride;
  const places: number[] = [];
  for (let place = from; place + width <= to; place++)
    if ((place - from) % period < stride) places.push(place);
  return places;
}
