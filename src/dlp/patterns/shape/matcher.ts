import { type ByteSet, WORD } from "./bytes.ts";
import { NotSimple } from "./not-simple.ts";
import { parseShape } from "./syntax.ts";
import { findKeyword, isDeterministic, type Step, shortest, waysOf } from "./ways.ts";

/** What a regex took of the window. */
export interface ShapeMatch {
  /** of the secret: the capture group asked for, else the whole */
  readonly start: number;
  readonly end: number;
  /** of the whole match */
  readonly from: number;
  readonly to: number;
  /** bytes of the secret that every match has: what is judged, so that nothing appended can change the judgement */
  readonly judged: number;
}

interface Way {
  /** what stands before the keyword, nearest first */
  readonly before: readonly Step[];
  /** the keyword and what follows it */
  readonly after: readonly Step[];
  readonly judged: number;
}

/**
 * A regex tested at the place of one keyword, in time linear in what it takes: every way through it is a list of runs
 * of which each takes all that it can, which is right because no run is followed by what it could take.
 */
export class Shape {
  readonly #ways: readonly Way[];
  readonly #group: number;

  /**
   * Throws `NotSimple` when the regex is not of this kind, or no way holds the keyword. `strict`: every way has to spell
   * it out; otherwise ways without it are left to the rule's other keywords.
   */
  constructor(regex: string, keyword: string, secretGroup: number | undefined, strict = false) {
    const all = waysOf(parseShape(regex));
    this.#group = secretGroup ?? (all.some((way) => way.some(({ kind }) => kind === "open")) ? 1 : 0);
    this.#ways = all.flatMap((way) => {
      const at = findKeyword(way, keyword, strict);
      if (at < 0 && strict) throw new NotSimple("keyword");
      if (at < 0) return [];
      const before = way.slice(0, at).reverse();
      const after = way.slice(at);
      if (!isDeterministic(after) || !isDeterministic(before)) throw new NotSimple("ambiguous");
      return [{ before, after, judged: shortest(this.#secret(way)) }];
    });
    if (this.#ways.length === 0) throw new NotSimple("keyword");
  }

  #secret(way: readonly Step[]): readonly Step[] {
    if (this.#group === 0) return way;
    const open = way.findIndex((step) => step.kind === "open" && step.group === this.#group);
    const close = way.findIndex((step) => step.kind === "close" && step.group === this.#group);
    return way.slice(open, close);
  }

  /** The keyword begins at `at`. "more": bytes after the window decide. */
  match(text: string, at: number, ended: boolean, runs: RunEnds): ShapeMatch | "more" | undefined {
    let more = false;
    for (const way of this.#ways) {
      const found = this.#try(way, text, at, ended, runs);
      if (found === "more") more = true;
      else if (found !== undefined) return found;
    }
    return more ? "more" : undefined;
  }

  #try(way: Way, text: string, at: number, ended: boolean, runs: RunEnds): ShapeMatch | "more" | undefined {
    let start = -1;
    let end = -1;
    let position = at;
    for (const step of way.before) {
      if (step.kind === "run") {
        let taken = 0;
        while (taken < step.max && position > 0 && step.set[text.charCodeAt(position - 1)] === 1) {
          position--;
          taken++;
        }
        if (taken < step.min) return undefined;
      } else if (step.kind === "open") {
        if (step.group === this.#group) start = position;
      } else if (step.kind === "close") {
        if (step.group === this.#group) end = position;
      } else if (!holdsBefore(step.kind, text, position)) return undefined;
    }
    const first = position;
    position = at;
    for (const step of way.after) {
      if (step.kind === "run") {
        const taken = take(step.set, step.max, text, position, runs);
        position += taken;
        if (taken < step.max && position === text.length && !ended) return "more";
        if (taken < step.min) return undefined;
      } else if (step.kind === "open") {
        if (step.group === this.#group) start = position;
      } else if (step.kind === "close") {
        if (step.group === this.#group) end = position;
      } else {
        if (position === text.length && !ended) return "more";
        if (!holdsAfter(step.kind, text, position)) return undefined;
      }
    }
    const { judged } = way;
    if (this.#group === 0) return { start: first, end: position, from: first, to: position, judged };
    return start < 0 || end < 0 ? undefined : { start, end, from: first, to: position, judged };
  }
}

function take(set: ByteSet, max: number, text: string, from: number, runs: RunEnds): number {
  if (max > LONG_RUN) return Math.min(max, runs.endOf(set, text, from) - from);
  let taken = 0;
  while (taken < max && set[text.charCodeAt(from + taken)] === 1) taken++;
  return taken;
}

/** A run that may be longer than this is looked up, so that a storm of its keyword does not read it again and again. */
const LONG_RUN = 24;

/** Where runs end in one window: each byte of it is read once a set, however many keywords stand in the run. */
export class RunEnds {
  #text = "";
  readonly #last = new Map<ByteSet, { from: number; end: number }>();

  endOf(set: ByteSet, text: string, from: number): number {
    if (text !== this.#text) {
      this.#text = text;
      this.#last.clear();
    }
    const last = this.#last.get(set);
    if (last !== undefined && last.from <= from && from <= last.end) return last.end;
    let end = from;
    while (end < text.length && set[text.charCodeAt(end)] === 1) end++;
    this.#last.set(set, { from, end });
    return end;
  }
}

function isWord(text: string, at: number): boolean {
  return WORD[text.charCodeAt(at)] === 1;
}

function holdsAfter(kind: "start" | "end" | "boundary", text: string, at: number): boolean {
  if (kind === "end") return at === text.length;
  return kind === "boundary" && isWord(text, at - 1) !== isWord(text, at);
}

function holdsBefore(kind: "start" | "end" | "boundary", text: string, at: number): boolean {
  if (at === 0) return kind !== "end";
  if (kind !== "boundary") return false;
  return isWord(text, at - 1) !== isWord(text, at) || isEscapeEnd(text, at);
}

/** `\n`, `\x3d`, `\u003d`, `%3D` before a token end in a letter or digit, and are no part of its word. */
function isEscapeEnd(text: string, at: number): boolean {
  // most places are neither; the regex costs ten times this look
  const before = text.charCodeAt(at - 2);
  if (before !== 0x5c && text[at - 3] !== "%" && text[at - 4] !== "\\" && text[at - 6] !== "\\") return false;
  return /(?:\\[bfnrtv]|\\x[0-9A-Fa-f]{2}|\\u[0-9A-Fa-f]{4}|%[0-9A-Fa-f]{2})$/.test(
    text.slice(Math.max(0, at - 6), at),
  );
}
