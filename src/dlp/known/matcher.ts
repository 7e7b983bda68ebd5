import { INPUT } from "../simd/layout.ts";
import { machine } from "../simd/machine.ts";
import { ExactMatcher } from "./exact-matcher.ts";
import { bucketOf, type Grams, gramAt, hashOf } from "./grams.ts";
import type { KnownIndex, SecretForm } from "./known-index.ts";
import { CANDIDATE_COUNT, HELD_SYMBOLS, HISTORY_SYMBOLS, SLICE_BYTES } from "./limits.ts";
import { SYMBOLS } from "./symbols.ts";

/** `start`, `end`: bytes of the text, end excluded. */
export type OnSecret = (form: SecretForm, start: number, end: number) => void;

/** A spelling of which some was seen, up to the end of what came so far. */
interface Candidate {
  readonly form: SecretForm;
  /** bytes of the text */
  readonly start: number;
  end: number;
  /** the first symbol of the form that was seen, and the one that has to come next */
  readonly first: number;
  next: number;
}

const NO_SYMBOLS = new Uint8Array(0);
const NO_PLACES = new Float64Array(0);

/** Searches one text, as it comes, for every spelling of the secrets of an index. */
export class KnownMatcher {
  readonly #grams: Grams | undefined;
  readonly #found: OnSecret;
  /** for the few secrets that have hardly any letters and digits */
  readonly #exact: ExactMatcher | undefined;
  readonly #machine = machine();
  /** what the present slice is reduced to, behind the symbols that came before it; nothing of it outlives a call */
  readonly #seen = this.#machine.symbols;
  /** bytes of the text before the present slice, and the slice */
  #base = 0;
  #bytes: Uint8Array = NO_SYMBOLS;
  /** symbols of the text before those in `#seen`, and how many of those are from before the slice */
  #gone = 0;
  #before = 0;
  #candidates: Candidate[] = [];
  #open = 0;
  /** by spelling, where in the text's symbols its last find ended: what else of it lies before is no news */
  #told: Map<SecretForm, number> | undefined;
  /** found in the present call */
  #finds: Candidate[] | undefined;
  /** the last symbols before the slice, and the bytes where they stand */
  #symbols = NO_SYMBOLS;
  #symbolsAt = NO_PLACES;
  /** a symbol of the slice, and its byte there */
  #symbol = 0;
  #byte = 0;

  constructor(index: KnownIndex, found: OnSecret) {
    this.#grams = index.grams;
    this.#found = found;
    if (index.exact.length > 0) this.#exact = new ExactMatcher(index.exact, found);
  }

  /** Text offset of the first byte that belongs to something unfinished; all bytes seen when there is none. */
  get open(): number {
    return this.#exact === undefined ? this.#open : Math.min(this.#open, this.#exact.open);
  }

  /** `last`: nothing follows, so nothing has to be remembered. */
  write(bytes: Buffer, last = false): void {
    const grams = this.#grams;
    this.#exact?.write(bytes, last);
    if (grams === undefined) this.#base += bytes.length;
    else if (bytes.length <= SLICE_BYTES) this.#read(grams, bytes, last);
    else
      for (let from = 0; from < bytes.length; from += SLICE_BYTES)
        this.#read(
          grams,
          bytes.subarray(from, from + SLICE_BYTES),
          last && from + SLICE_BYTES >= bytes.length,
        );
    if (grams === undefined || last) this.settle();
    else if (this.#finds !== undefined) this.#tell(this.#finds);
  }

  /** What is long enough is found, what isn't may go: a message ends here, or nothing comes for a while. */
  settle(): void {
    this.#exact?.settle();
    if (this.#candidates.length > 0)
      this.#candidates = this.#candidates.filter((candidate) => !this.#conclude(candidate));
    this.#open = this.#base;
    if (this.#finds !== undefined) this.#tell(this.#finds);
  }

  /** After all else: who is told may search another text meanwhile. */
  #tell(finds: readonly Candidate[]): void {
    this.#finds = undefined;
    for (const { form, start, end } of finds) this.#found(form, start, end);
  }

  #read(grams: Grams, bytes: Uint8Array, last: boolean): void {
    const before = this.#before;
    if (before > 0) this.#seen.set(this.#symbols);
    this.#machine.memory.set(bytes, INPUT);
    const count = this.#machine.code.reduce(bytes.length, before);
    this.#bytes = bytes;
    this.#symbol = before - 1;
    this.#byte = -1;
    if (this.#candidates.length > 0) this.#goOn(before, count);
    if (grams.width === 4) this.#searchWords(grams, count);
    else this.#searchAll(grams, count);
    if (!last) {
      this.#hold(grams, count);
      this.#remember(count);
    }
    this.#base += bytes.length;
    this.#bytes = NO_SYMBOLS;
  }

  #searchWords(grams: Grams, count: number): void {
    const { filter, shift, stride } = grams;
    const { code, places, symbolWords } = this.#machine;
    // what began before the slice and was no whole sequence yet is looked at again
    const first = Math.max(0, this.#before - 3) & -stride;
    const likely = code.findGrams(first, (count >> 2) << 2, stride, this.#machine.filterAt(filter), shift);
    for (let i = 0; i < likely; i++) {
      const at = places[i] as number;
      const gram = symbolWords[at >> 2] as number;
      this.#lookUp(grams, gram, hashOf(gram, shift), at, count);
    }
  }

  #searchAll(grams: Grams, count: number): void {
    for (let at = Math.max(0, this.#before - grams.width + 1); at + grams.width <= count; at++) {
      const gram = gramAt(this.#seen, at, grams.width);
      const hash = hashOf(gram, grams.shift);
      if ((((grams.filter[hash >> 3] as number) >> (hash & 7)) & 1) === 1)
        this.#lookUp(grams, gram, hash, at, count);
    }
  }

  #lookUp({ buckets, values, forms, places }: Grams, gram: number, hash: number, at: number, count: number) {
    const bucket = bucketOf(hash);
    const end = buckets[bucket + 1] as number;
    for (let i = buckets[bucket] as number; i < end; i++)
      if (values[i] === gram) this.#lookAround(forms[i] as SecretForm, places[i] as number, at, count);
  }

  /** Follows a sequence, symbol `at` of what was seen and `place` of the form, to both sides as far as both agree. */
  #lookAround(form: SecretForm, place: number, at: number, count: number): void {
    const { symbols, from, to, need } = form;
    if (this.#told !== undefined && (this.#told.get(form) ?? -1) > this.#gone + at) return;
    let next = place;
    let end = at;
    while (end < count && next < symbols.length && this.#seen[end] === symbols[next]) {
      end++;
      next++;
    }
    const first = place - agreeing(this.#seen, symbols, place, at);
    const isOpen = end === count && next < symbols.length;
    if (!isOpen && Math.min(next, to) - Math.max(first, from) < need) return;
    const start = this.#byteOf(at - (place - first));
    const candidate = { form, start, end: this.#byteOf(end - 1) + 1, first, next };
    if (isOpen) this.#keep(candidate);
    else this.#conclude(candidate, end);
  }

  /** `end`: of the slice's symbols; all of them when it is not said. */
  #conclude(candidate: Candidate, end = this.#before): boolean {
    const { form, first, next } = candidate;
    if (Math.min(next, form.to) - Math.max(first, form.from) < form.need) return false;
    this.#told ??= new Map();
    if ((this.#told.get(form) ?? -1) >= this.#gone + end) return true;
    this.#told.set(form, this.#gone + end);
    this.#finds ??= [];
    this.#finds.push(candidate);
    return true;
  }

  /** It reaches the end of the slice, and waits for more. */
  #keep(candidate: Candidate): void {
    const same = this.#candidates.some(
      ({ form, next, start }) =>
        form === candidate.form && next === candidate.next && start <= candidate.start,
    );
    if (same) return;
    if (this.#candidates.length >= CANDIDATE_COUNT) {
      const oldest = this.#candidates.shift();
      if (oldest) this.#conclude(oldest);
    }
    this.#candidates.push(candidate);
  }

  #goOn(from: number, count: number): void {
    const waiting = this.#candidates;
    this.#candidates = [];
    for (const candidate of waiting) {
      const { symbols } = candidate.form;
      let end = from;
      while (end < count && candidate.next < symbols.length && this.#seen[end] === symbols[candidate.next]) {
        end++;
        candidate.next++;
      }
      if (end > from) candidate.end = this.#byteOf(end - 1) + 1;
      if (end === count && candidate.next < symbols.length) this.#keep(candidate);
      else this.#conclude(candidate, end);
    }
  }

  /** What could become a find begins at `#open`, also where the search has not looked at it yet. */
  #hold(grams: Grams, count: number): void {
    this.#open = this.#base + this.#bytes.length;
    for (const { start } of this.#candidates) this.#open = Math.min(this.#open, start);
    const { filter, shift, stride, buckets, values, forms, places } = grams;
    if (stride === 1) return;
    for (let at = count - HELD_SYMBOLS; at >= 0 && at > count - HELD_SYMBOLS - stride; at--) {
      const gram = gramAt(this.#seen, at, grams.width);
      const hash = hashOf(gram, shift);
      if ((((filter[hash >> 3] as number) >> (hash & 7)) & 1) === 0) continue;
      const bucket = bucketOf(hash);
      for (let i = buckets[bucket] as number; i < (buckets[bucket + 1] as number); i++) {
        if (values[i] !== gram) continue;
        const { symbols } = forms[i] as SecretForm;
        const place = places[i] as number;
        let end = at;
        while (end < count && this.#seen[end] === symbols[place + end - at]) end++;
        if (end === count && place + end - at < symbols.length)
          this.#open = Math.min(this.#open, this.#byteOf(at - agreeing(this.#seen, symbols, place, at)));
      }
    }
  }

  /** Text offset of a symbol in `#seen`. From one of the slice to the next: finds come nearly in order. */
  #byteOf(symbol: number): number {
    if (symbol < this.#before) return this.#symbolsAt[symbol] as number;
    const bytes = this.#bytes;
    let byte = this.#byte;
    let here = this.#symbol;
    while (here < symbol) if (SYMBOLS[bytes[++byte] as number] !== 0) here++;
    while (here > symbol) if (SYMBOLS[bytes[--byte] as number] !== 0) here--;
    this.#byte = byte;
    this.#symbol = here;
    return this.#base + byte;
  }

  /** Keeps the last symbols of what was seen. */
  #remember(count: number): void {
    if (this.#symbols.length === 0) {
      this.#symbols = new Uint8Array(HISTORY_SYMBOLS);
      this.#symbolsAt = new Float64Array(HISTORY_SYMBOLS);
    }
    const kept = Math.min(count, HISTORY_SYMBOLS);
    const fresh = Math.min(kept, count - this.#before);
    this.#symbols.set(this.#seen.subarray(count - kept, count));
    this.#symbolsAt.copyWithin(0, this.#before - (kept - fresh), this.#before);
    for (let byte = this.#bytes.length - 1, to = kept - 1; to >= kept - fresh; byte--)
      if (SYMBOLS[this.#bytes[byte] as number] !== 0) this.#symbolsAt[to--] = this.#base + byte;
    this.#gone += count - kept;
    this.#before = kept;
  }
}

/** How many symbols of a form before `place` agree with those seen before `at`. */
function agreeing(seen: Uint8Array, symbols: Uint8Array, place: number, at: number): number {
  let count = 0;
  while (count < place && count < at && seen[at - count - 1] === symbols[place - count - 1]) count++;
  return count;
}
