import { SLICE_BYTES } from "./known/limits.ts";
import { KeywordHits, KeywordSearch } from "./patterns/keyword-search.ts";
import { PATTERN_WINDOW_BYTES } from "./patterns/limits.ts";
import type { PatternMatch, PatternSet } from "./patterns/pattern-set.ts";
import { Window } from "./patterns/window.ts";
import { machine } from "./simd/machine.ts";

/** The keywords of a set of patterns, ready to be searched for in one pass. */
export class KeywordIndex {
  readonly patterns: PatternSet;
  /** undefined: there are none */
  readonly search: KeywordSearch | undefined;

  constructor(patterns: PatternSet) {
    this.patterns = patterns;
    if (patterns.keywords.length > 0) this.search = new KeywordSearch(patterns.keywords, patterns.gates);
  }
}

export function indexKeywords(patterns: PatternSet): KeywordIndex {
  return new KeywordIndex(patterns);
}

/** `start`, `end`: bytes of the text. `whole`: replacing them takes it out. */
export type OnPattern = (rule: string, start: number, end: number, whole: boolean) => void;

/** Bytes of what came before that are kept: twice as long as a pattern reaches. */
const TAIL_BYTES = 2 * PATTERN_WINDOW_BYTES;

let shared: Window | undefined;

/** What came last and the present slice. Nothing of them outlives a call. */
function sharedWindow(): Window {
  shared ??= new Window(machine().window);
  return shared;
}

const HITS = new KeywordHits();
const NO_BYTES = Buffer.alloc(0);

/** Keywords that only more bytes can decide about, in the order in which they are decided. */
interface Waiting {
  readonly ids: Int32Array;
  /** text offsets behind them */
  readonly ends: Float64Array;
}

/** Searches one text, as it comes, for what the patterns describe. */
export class PatternMatcher {
  readonly #patterns: PatternSet;
  readonly #search: KeywordSearch | undefined;
  readonly #found: OnPattern;
  readonly #window = sharedWindow();
  #seen = 0;
  #open = 0;
  #tail: Buffer = NO_BYTES;
  #tailLength = 0;
  #waiting: Waiting | undefined;
  /** text offset at which the present message begins */
  #begin = 0;
  #lastEnd = 0;

  constructor(index: KeywordIndex, found: OnPattern) {
    this.#patterns = index.patterns;
    this.#search = index.search;
    this.#found = found;
  }

  /** Text offset of the first byte that belongs to something unfinished; all bytes seen when there is none. */
  get open(): number {
    return this.#open;
  }

  /** `last`: the text, or a message of it, ends behind these bytes. */
  write(bytes: Buffer, last = false): void {
    const search = this.#search;
    if (search === undefined) {
      this.#seen += bytes.length;
      this.#open = this.#seen;
    } else if (bytes.length <= SLICE_BYTES) this.#read(search, bytes, last);
    else
      for (let from = 0; from < bytes.length; from += SLICE_BYTES) {
        const slice = bytes.subarray(from, from + SLICE_BYTES);
        this.#read(search, slice, last && from + SLICE_BYTES >= bytes.length);
      }
  }

  /**
   * A message ends here: what is undecided is decided by what there is. What follows is read as a text that begins, and
   * where that finds nothing, as one that goes on.
   */
  boundary(): void {
    this.#open = this.#seen;
    if (this.#waiting !== undefined) this.#decideWaiting();
    this.#begin = this.#seen;
  }

  #decideWaiting(): void {
    this.#tail.copy(this.#window.bytes, 0, 0, this.#tailLength);
    this.#window.filled(this.#tailLength);
    HITS.count = 0;
    this.#loadWaiting(this.#seen - this.#tailLength);
    this.#decideAll(this.#seen - this.#tailLength, true);
  }

  #read(search: KeywordSearch, bytes: Buffer, last: boolean): void {
    const before = this.#tailLength;
    const from = this.#seen - before;
    const length = before + bytes.length;
    if (before > 0) this.#tail.copy(this.#window.bytes, 0, 0, before);
    this.#window.bytes.set(bytes, before);
    this.#window.filled(length);
    this.#seen += bytes.length;
    HITS.count = 0;
    this.#loadWaiting(from);
    const first = HITS.count;
    search.search(before, length, HITS);
    HITS.sort(first);
    if (!last) {
      this.#open = from + search.unfinished(this.#window.bytes, length);
      this.#keepTail(length);
    }
    if (HITS.count > 0) this.#decideAll(from, last);
    if (last) this.#open = this.#seen;
  }

  #loadWaiting(from: number): void {
    const waiting = this.#waiting;
    if (waiting === undefined) return;
    for (const [i, id] of waiting.ids.entries()) HITS.push(id, (waiting.ends[i] as number) - from);
  }

  /**
   * In the order in which keywords end, so that it makes no difference in which chunks a text comes: none is decided
   * while one before it waits. `from`: text offset of the window. Who is told of a find is told after all else: it may
   * search another text meanwhile.
   */
  #decideAll(from: number, ended: boolean): void {
    let finds: PatternMatch[] | undefined;
    let i = 0;
    for (; i < HITS.count; i++) {
      const end = HITS.ends[i] as number;
      if (from + end <= this.#lastEnd) continue;
      const match = this.#match(HITS.ids[i] as number, end, this.#begin - from, ended);
      if (match === undefined) continue;
      if (match === "more") break;
      this.#lastEnd = from + match.end;
      finds ??= [];
      finds.push(match);
    }
    this.#waiting = i === HITS.count ? undefined : this.#wait(i, from);
    if (finds !== undefined)
      for (const { rule, start, end, whole } of finds) this.#found(rule, from + start, from + end, whole);
  }

  /** `begin`: where in the window the message begins. Further on than a match reaches it makes no difference. */
  #match(id: number, end: number, begin: number, ended: boolean): PatternMatch | "more" | undefined {
    const patterns = this.#patterns;
    if (begin > 0) {
      const into = end - (patterns.keywords[id]?.length ?? 0) - begin;
      if (into >= 0 && into < patterns.reach) {
        this.#window.first = begin;
        const match = patterns.match(id, this.#window, end, ended);
        this.#window.first = 0;
        if (match !== undefined) return match;
      }
    }
    return patterns.match(id, this.#window, end, ended);
  }

  #wait(first: number, from: number): Waiting {
    const ids = HITS.ids.slice(first, HITS.count);
    const ends = Float64Array.from(HITS.ends.subarray(first, HITS.count), (end) => from + end);
    const { keywords } = this.#patterns;
    for (let i = 0; i < ids.length; i++)
      this.#open = Math.min(this.#open, (ends[i] as number) - (keywords[ids[i] as number]?.length ?? 0));
    return { ids, ends };
  }

  #keepTail(length: number): void {
    const kept = Math.min(length, TAIL_BYTES);
    if (this.#tail.length < kept) this.#tail = Buffer.allocUnsafeSlow(Math.min(TAIL_BYTES, 2 * kept));
    this.#window.bytes.copy(this.#tail, 0, length - kept, length);
    this.#tailLength = kept;
  }
}
