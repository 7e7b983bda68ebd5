import { type Automaton, buildAutomaton, run, STRIDE } from "./automaton.ts";
import type { PatternSet } from "./patterns/pattern-set.ts";

/** The keywords of a set of patterns, ready to be searched for in one pass. */
export interface KeywordIndex {
  readonly patterns: PatternSet;
  /** undefined: there are none */
  readonly automaton: Automaton | undefined;
}

/** `start`, `end`: bytes of the text. `whole`: replacing them takes it out. */
export type OnPattern = (rule: string, start: number, end: number, whole: boolean) => void;

/** Letters of either case, digits and the punctuation that keywords have are told apart; all else ends a keyword. */
export function indexKeywords(patterns: PatternSet): KeywordIndex {
  const classes = new Uint8Array(256);
  let count = 0;
  for (const keyword of patterns.keywords) {
    for (const byte of Buffer.from(keyword, "latin1")) {
      if (classes[byte] !== 0) continue;
      count++;
      if (count >= STRIDE) throw new Error("the keywords have too many different characters");
      classes[byte] = count;
      if (byte >= 0x61 && byte <= 0x7a) classes[byte - 32] = count;
    }
  }
  const literals = patterns.keywords.map((keyword) =>
    Uint8Array.from(Buffer.from(keyword, "latin1"), (byte) => classes[byte] ?? 0),
  );
  return {
    patterns,
    automaton: literals.length === 0 ? undefined : buildAutomaton(literals, classes, false),
  };
}

/** Searches one text, as it comes, for what the patterns describe. */
export class PatternMatcher {
  readonly #index: KeywordIndex;
  readonly #found: OnPattern;
  #state = 0;
  #seen = 0;
  #open = 0;
  /** the end of what came before, twice as long as a pattern reaches */
  #tail: Buffer = EMPTY;
  /** keywords that only more bytes can decide about; `at`: the byte of the text behind them */
  #pending: { readonly id: number; readonly at: number }[] = [];
  #lastEnd = 0;

  constructor(index: KeywordIndex, found: OnPattern) {
    this.#index = index;
    this.#found = found;
  }

  /** Text offset of the first byte that belongs to something unfinished; all bytes seen when there is none. */
  get open(): number {
    return this.#open;
  }

  /** `last`: the text, or a message of it, ends behind these bytes. */
  write(bytes: Buffer, last = false): void {
    const { automaton, patterns } = this.#index;
    const before = this.#seen;
    this.#seen += bytes.length;
    this.#open = this.#seen;
    if (automaton === undefined) return;
    const keywords = this.#pending;
    this.#pending = [];
    this.#state = run(automaton, bytes, 0, bytes.length, this.#state, (state, at) => {
      for (const id of automaton.outputs[(state - automaton.firstOutput) / STRIDE] ?? [])
        keywords.push({ id, at: before + at });
    });
    if (keywords.length > 0) {
      // Two lanes find in no order.
      keywords.sort((a, b) => a.at - b.at);
      const from = before - this.#tail.length;
      const text = this.#tail.toString("latin1") + bytes.toString("latin1");
      for (const keyword of keywords) this.#decide(keyword, text, from, last);
    }
    this.#tail = last ? this.#tail : joined(this.#tail, bytes, patterns.reach * 2);
    if (last) return;
    const depth = automaton.depths[this.#state / STRIDE] ?? 0;
    if (depth > 1) this.#open = this.#seen - depth;
    for (const { id, at } of this.#pending)
      this.#open = Math.min(this.#open, at - (patterns.keywords[id]?.length ?? 0));
  }

  /** A message ends here: what is undecided is decided by what there is. */
  boundary(): void {
    const keywords = this.#pending;
    this.#pending = [];
    const text = this.#tail.toString("latin1");
    for (const keyword of keywords) this.#decide(keyword, text, this.#seen - this.#tail.length, true);
    this.#open = this.#seen;
  }

  #decide(
    keyword: { readonly id: number; readonly at: number },
    text: string,
    from: number,
    last: boolean,
  ): void {
    const { id, at } = keyword;
    if (at <= this.#lastEnd) return;
    const match = this.#index.patterns.match(id, text, at - from, last);
    if (match === "more") this.#pending.push(keyword);
    else if (match !== undefined) {
      this.#lastEnd = from + match.end;
      this.#found(match.rule, from + match.start, from + match.end, match.whole);
    }
  }
}

const EMPTY = Buffer.alloc(0);

function joined(tail: Buffer, bytes: Buffer, keep: number): Buffer {
  if (bytes.length >= keep) return Buffer.from(bytes.subarray(bytes.length - keep));
  const all = Buffer.concat([tail, bytes]);
  return all.length <= keep ? all : all.subarray(all.length - keep);
}
