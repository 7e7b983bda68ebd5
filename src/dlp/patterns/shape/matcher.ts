import type { Window } from "../window.ts";
import { type ByteSet, union, WORD } from "./bytes.ts";
import { NotSimple } from "./not-simple.ts";
import { RunEnds } from "./run-ends.ts";
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

/** A step, with the number of its set. */
type Numbered = Exclude<Step, { kind: "run" }> | (Extract<Step, { kind: "run" }> & { readonly id: number });

interface Way {
  /** what stands before the keyword, nearest first */
  readonly before: readonly Numbered[];
  /** the keyword and what follows it */
  readonly after: readonly Numbered[];
  readonly judged: number;
}

/** Every byte. */
const ANY = new Uint8Array(256).fill(1);

/**
 * A regex tested at the place of one keyword, in time linear in what it takes: every way through it is a list of runs
 * of which each takes all that it can, which is right because no run is followed by what it could take.
 */
export class Shape {
  readonly #ways: readonly Way[];
  readonly #group: number;
  readonly #keywordBytes: number;
  readonly #runs: RunEnds;
  /** bytes that may stand before and behind the keyword: nearly every keyword that is none is dropped by them */
  readonly #precedes: ByteSet;
  readonly #follows: ByteSet;

  /**
   * Throws `NotSimple` when the regex is not of this kind, or no way holds the keyword. `strict`: every way has to spell
   * it out; otherwise ways without it are left to the rule's other keywords. `runs`: of all shapes of a set.
   */
  constructor(
    regex: string,
    keyword: string,
    secretGroup: number | undefined,
    strict = false,
    runs = new RunEnds(),
  ) {
    const all = waysOf(parseShape(regex));
    this.#group = secretGroup ?? (all.some((way) => way.some(({ kind }) => kind === "open")) ? 1 : 0);
    this.#keywordBytes = keyword.length;
    this.#runs = runs;
    const numbered = (step: Step): Numbered =>
      step.kind === "run" ? { ...step, id: runs.idOf(step.set) } : step;
    this.#ways = all.flatMap((way) => {
      const at = findKeyword(way, keyword, strict);
      if (at < 0 && strict) throw new NotSimple("keyword");
      if (at < 0) return [];
      const before = way.slice(0, at).reverse();
      const after = way.slice(at);
      if (!isDeterministic(after) || !isDeterministic(before)) throw new NotSimple("ambiguous");
      const judged = shortest(this.#secret(way));
      return [{ before: before.map(numbered), after: after.map(numbered), judged }];
    });
    if (this.#ways.length === 0) throw new NotSimple("keyword");
    this.#precedes = union(...this.#ways.map(({ before }) => firstOf(before, 0)));
    this.#follows = union(...this.#ways.map(({ after }) => firstOf(after, keyword.length)));
  }

  #secret(way: readonly Step[]): readonly Step[] {
    if (this.#group === 0) return way;
    const open = way.findIndex((step) => step.kind === "open" && step.group === this.#group);
    const close = way.findIndex((step) => step.kind === "close" && step.group === this.#group);
    return way.slice(open, close);
  }

  /**
   * The keyword begins at `at`. "more": bytes after the window decide. `near`: they may be waited for; otherwise a way
   * that they would decide is passed over.
   */
  match(window: Window, at: number, ended: boolean, near: boolean): ShapeMatch | "more" | undefined {
    const { bytes, length } = window;
    const next = at + this.#keywordBytes;
    if (next < length && this.#follows[bytes[next] as number] === 0) return undefined;
    if (at > 0 && this.#precedes[bytes[at - 1] as number] === 0) return undefined;
    for (const way of this.#ways) {
      const found = this.#try(way, window, at, ended);
      // none behind it is asked: it makes no difference in which chunks a text comes
      if (found === "more" ? near : found !== undefined) return found;
    }
    return undefined;
  }

  #try(way: Way, window: Window, at: number, ended: boolean): ShapeMatch | "more" | undefined {
    const { bytes, length } = window;
    let start = -1;
    let end = -1;
    let position = at;
    for (const step of way.before) {
      if (step.kind === "run") {
        const { set, max } = step;
        let taken = 0;
        while (taken < max && position > 0 && set[bytes[position - 1] as number] === 1) {
          position--;
          taken++;
        }
        if (taken < step.min) return undefined;
      } else if (step.kind === "open") {
        if (step.group === this.#group) start = position;
      } else if (step.kind === "close") {
        if (step.group === this.#group) end = position;
      } else if (!holdsBefore(step.kind, bytes, position)) return undefined;
    }
    const first = position;
    position = at;
    for (const step of way.after) {
      if (step.kind === "run") {
        const { set, min, max } = step;
        const to = Math.min(length, position + max);
        let stop = position;
        if (max > LONG_RUN) stop = this.#runs.endOf(step.id, set, window, position, to);
        else while (stop < to && set[bytes[stop] as number] === 1) stop++;
        const taken = stop - position;
        position = stop;
        if (taken < max && position === length && !ended) return "more";
        if (taken < min) return undefined;
      } else if (step.kind === "open") {
        if (step.group === this.#group) start = position;
      } else if (step.kind === "close") {
        if (step.group === this.#group) end = position;
      } else {
        if (position === length && !ended) return "more";
        if (!holdsAfter(step.kind, window, position)) return undefined;
      }
    }
    const { judged } = way;
    if (this.#group === 0) return { start: first, end: position, from: first, to: position, judged };
    return start < 0 || end < 0 ? undefined : { start, end, from: first, to: position, judged };
  }
}

/** A run that may be longer than this is looked up, so that a storm of its keyword does not read it again and again. */
const LONG_RUN = 24;

/** The bytes of which one must stand next, `skipped` bytes on; all where that is not so simple. */
function firstOf(steps: readonly Step[], skipped: number): ByteSet {
  let left = skipped;
  const sets: ByteSet[] = [];
  for (const step of steps) {
    if (step.kind === "open" || step.kind === "close") continue;
    if (step.kind !== "run") return ANY;
    if (left > 0) {
      left--;
      continue;
    }
    sets.push(step.set);
    if (step.min > 0) return union(...sets);
  }
  return ANY;
}

function isWord(bytes: Uint8Array, at: number): boolean {
  return WORD[bytes[at] as number] === 1;
}

function holdsAfter(kind: "start" | "end" | "boundary", { bytes, length }: Window, at: number): boolean {
  if (kind === "end") return at === length;
  return kind === "boundary" && isWord(bytes, at - 1) !== (at < length && isWord(bytes, at));
}

function holdsBefore(kind: "start" | "end" | "boundary", bytes: Uint8Array, at: number): boolean {
  if (at === 0) return kind !== "end";
  if (kind !== "boundary") return false;
  return isWord(bytes, at - 1) !== isWord(bytes, at) || isEscapeEnd(bytes, at);
}

/** `\n`, `\x3d`, `\u003d`, `%3D` before a token end in a letter or digit, and are no part of its word. */
function isEscapeEnd(bytes: Uint8Array, at: number): boolean {
  if (bytes[at - 2] === BACKSLASH) return LETTERS[bytes[at - 1] as number] === 1;
  if (bytes[at - 3] === PERCENT) return areDigits(bytes, at - 2, at);
  if (bytes[at - 4] === BACKSLASH && bytes[at - 3] === 0x78) return areDigits(bytes, at - 2, at);
  return bytes[at - 6] === BACKSLASH && bytes[at - 5] === 0x75 && areDigits(bytes, at - 4, at);
}

const BACKSLASH = 0x5c;
const PERCENT = 0x25;
/** what may stand behind a backslash as a whole escape */
const LETTERS = new Uint8Array(256);
for (const byte of Buffer.from("bfnrtv")) LETTERS[byte] = 1;
const HEX_DIGITS = new Uint8Array(256);
for (const byte of Buffer.from("0123456789ABCDEFabcdef")) HEX_DIGITS[byte] = 1;

function areDigits(bytes: Uint8Array, from: number, to: number): boolean {
  for (let at = from; at < to; at++) if (HEX_DIGITS[bytes[at] as number] !== 1) return false;
  return true;
}
