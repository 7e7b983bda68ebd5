import { run, STRIDE } from "../automaton.ts";
import type { Block, KnownIndex, SecretForm } from "./known-index.ts";
import { CANDIDATE_COUNT, HELD_SYMBOLS, HISTORY_SYMBOLS } from "./limits.ts";
import { SYMBOLS } from "./symbols.ts";

/** `start`, `end`: bytes of the text, end excluded. */
export type OnSecret = (form: SecretForm, start: number, end: number) => void;

/** A spelling of which some was seen, up to the end of what came so far. */
interface Candidate {
  readonly form: SecretForm;
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
  readonly #index: KnownIndex;
  readonly #found: OnSecret;
  #state = 0;
  /** bytes of the text before the present chunk */
  #base = 0;
  #open = 0;
  #candidates: Candidate[] = [];
  /** where the last find of a form ended: its other blocks are no news */
  readonly #ends = new Map<SecretForm, number>();
  /** symbols before the chunk and where they stand, the last at the end */
  #before = NO_SYMBOLS;
  #beforeAt = NO_PLACES;
  #beforeCount = 0;

  constructor(index: KnownIndex, found: OnSecret) {
    this.#index = index;
    this.#found = found;
  }

  /** Text offset of the first byte that belongs to something unfinished; all bytes seen when there is none. */
  get open(): number {
    return this.#open;
  }

  /** `last`: nothing follows, so nothing has to be remembered. */
  write(bytes: Buffer, last = false): void {
    const { automaton } = this.#index;
    if (automaton === undefined) {
      this.#base += bytes.length;
      this.#open = this.#base;
      return;
    }
    if (this.#candidates.length > 0) this.#goOn(bytes);
    this.#state = run(automaton, bytes, 0, bytes.length, this.#state, (state, at) => {
      if (SYMBOLS[bytes[at - 1] ?? 0] === 0) return;
      for (const number of automaton.outputs[(state - automaton.firstOutput) / STRIDE] ?? []) {
        const block = this.#index.blocks[number];
        if (block) this.#lookAround(block, bytes, at);
      }
    });
    if (last) {
      this.#base += bytes.length;
      this.settle();
      return;
    }
    const depth = automaton.depths[this.#state / STRIDE] ?? 0;
    this.#remember(bytes);
    this.#base += bytes.length;
    this.#open = this.#base;
    if (depth >= HELD_SYMBOLS) this.#open = this.#beforeAt[this.#beforeCount - depth] ?? this.#base;
    for (const { start } of this.#candidates) this.#open = Math.min(this.#open, start);
  }

  /** What is long enough is found, what isn't may go: a message ends here, or nothing comes for a while. */
  settle(): void {
    const rest: Candidate[] = [];
    for (const candidate of this.#candidates) if (!this.#conclude(candidate)) rest.push(candidate);
    this.#candidates = rest;
    this.#open = this.#base;
  }

  #conclude({ form, start, end, first, next }: Candidate): boolean {
    if (Math.min(next, form.to) - Math.max(first, form.from) < form.need) return false;
    if ((this.#ends.get(form) ?? -1) >= end) return true;
    this.#ends.set(form, end);
    this.#found(form, start, end);
    return true;
  }

  /** Follows a block to both sides as far as the text spells the form. */
  #lookAround({ form, size, end }: Block, bytes: Buffer, at: number): void {
    if ((this.#ends.get(form) ?? -1) >= this.#base + at) return;
    const { symbols } = form;
    let next = end - 1;
    let start = this.#base + at;
    let i = at - 1;
    for (; i >= 0 && next >= 0; i--) {
      const symbol = SYMBOLS[bytes[i] ?? 0];
      if (symbol === 0) continue;
      if (symbol !== symbols[next]) break;
      start = this.#base + i;
      next--;
    }
    if (i < 0)
      for (let h = this.#beforeCount - 1; h >= 0 && next >= 0; h--) {
        if (this.#before[h] !== symbols[next]) break;
        start = this.#beforeAt[h] ?? start;
        next--;
      }
    // Less than the block: it began before what is remembered.
    if (end - 1 - next < size) return;
    this.#follow({ form, start, end: this.#base + at, first: next + 1, next: end }, bytes, at);
  }

  /** To the right; at the end of the chunk it waits for more. */
  #follow(candidate: Candidate, bytes: Buffer, from: number): void {
    const { symbols } = candidate.form;
    for (let i = from; candidate.next < symbols.length; i++) {
      if (i >= bytes.length) {
        this.#keep(candidate);
        return;
      }
      const symbol = SYMBOLS[bytes[i] ?? 0];
      if (symbol === 0) continue;
      if (symbol !== symbols[candidate.next]) break;
      candidate.next++;
      candidate.end = this.#base + i + 1;
    }
    this.#conclude(candidate);
  }

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

  #goOn(bytes: Buffer): void {
    const waiting = this.#candidates;
    this.#candidates = [];
    for (const candidate of waiting) this.#follow(candidate, bytes, 0);
  }

  /** Keeps the last symbols of the chunk, and of those before it as many as still fit. */
  #remember(bytes: Buffer): void {
    if (this.#before.length === 0) {
      this.#before = new Uint8Array(HISTORY_SYMBOLS);
      this.#beforeAt = new Float64Array(HISTORY_SYMBOLS);
    }
    const before = this.#before;
    const at = this.#beforeAt;
    let free = HISTORY_SYMBOLS;
    let i = bytes.length - 1;
    const symbols: number[] = [];
    const places: number[] = [];
    for (; i >= 0 && free > 0; i--) {
      const symbol = SYMBOLS[bytes[i] ?? 0] ?? 0;
      if (symbol === 0) continue;
      symbols.push(symbol);
      places.push(this.#base + i);
      free--;
    }
    const kept = Math.min(free, this.#beforeCount);
    before.copyWithin(0, this.#beforeCount - kept, this.#beforeCount);
    at.copyWithin(0, this.#beforeCount - kept, this.#beforeCount);
    for (let k = symbols.length - 1, to = kept; k >= 0; k--, to++) {
      before[to] = symbols[k] ?? 0;
      at[to] = places[k] ?? 0;
    }
    this.#beforeCount = kept + symbols.length;
  }
}
