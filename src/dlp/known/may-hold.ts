import { INPUT } from "../simd/layout.ts";
import { machine } from "../simd/machine.ts";
import { bucketOf, type Grams, hashOf } from "./grams.ts";
import type { KnownIndex } from "./known-index.ts";
import { SLICE_BYTES } from "./limits.ts";

/**
 * False: a `KnownMatcher` would find nothing in this whole text, so that none has to be made: not one sequence of a
 * spelling stands where each that is long enough to be a find has one. True: it may, or this can't tell.
 */
export function mayHoldKnown({ grams, exact }: KnownIndex, text: Buffer): boolean {
  if (exact.length > 0 || text.length > SLICE_BYTES) return true;
  if (grams === undefined) return false;
  return grams.width !== 4 || hasGram(grams, text);
}

function hasGram({ filter, shift, stride, buckets, values }: Grams, text: Buffer): boolean {
  const searcher = machine();
  const { code, places, symbolWords } = searcher;
  searcher.memory.set(text, INPUT);
  const count = code.reduce(text.length, 0);
  const likely = code.findGrams(0, (count >> 2) << 2, stride, searcher.filterAt(filter), shift);
  for (let i = 0; i < likely; i++) {
    const gram = symbolWords[(places[i] as number) >> 2] as number;
    const bucket = bucketOf(hashOf(gram, shift));
    const end = buckets[bucket + 1] as number;
    for (let entry = buckets[bucket] as number; entry < end; entry++) if (values[entry] === gram) return true;
  }
  return false;
}
