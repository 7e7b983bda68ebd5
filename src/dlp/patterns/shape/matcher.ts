import type { Window } from "../window.ts";
import { type ByteSet, union } from "./bytes.ts";
import { Gate } from "./gate.ts";
import { type LengthByte, lengthByte } from "./length-byte.ts";
import { NotSimple } from "./not-simple.ts";
import { holdsAfter, holdsBefore } from "./places.ts";
import { RunEnds } from "./run-ends.ts";
import { BOUNDARY, CLOSE, coded, isAlike, OPEN, RUN, type Steps } from "./steps.ts";
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
  readonly before: Steps;
  /** bytes of the keyword that no step is left for: it was found, and all that is asked is the case of some of its letters */
  readonly skipped: number;
  /** those, two numbers each: how far on, and the byte */
  readonly cased: Int32Array;
  /** what follows that */
  readonly after: Steps;
  readonly judged: number;
  readonly gate: Gate;
  /** bytes that may stand before the keyword */
  readonly precedes: ByteSet;
  /** numbers of `after.code` at its beginning that the way before has too, and four, if all that stands before them is alike */
  readonly shared: number;
}

function sharedWith(way: Omit<Way, "shared">, last: Omit<Way, "shared"> | undefined): number {
  if (last?.before.code.length !== way.before.code.length) return 0;
  if (!isAlike(way.before, last.before, way.before.code.length)) return 0;
  if (way.skipped !== last.skipped || way.cased.join() !== last.cased.join()) return 0;
  let shared = 0;
  while (shared < way.after.code.length && isAlike(way.after, last.after, shared + 4)) shared += 4;
  return 4 + shared;
}

/** Which bytes of a keyword must be which, when steps for single bytes of either case spell it; undefined when they don't. */
function casesOf(steps: readonly Step[], keyword: string): Int32Array | undefined {
  const cased: number[] = [];
  for (let i = 0; i < keyword.length; i++) {
    const step = steps[i];
    if (step?.kind !== "run") return undefined;
    const [lower, upper] = [keyword.charCodeAt(i), keyword.toUpperCase().charCodeAt(i)];
    if (step.set[lower] === 0) cased.push(i, upper);
    else if (step.set[upper] === 0) cased.push(i, lower);
  }
  return Int32Array.from(cased);
}

/** Every byte. */
const ANY = new Uint8Array(256).fill(1);
const NONE = new Int32Array(0);

/**
 * A regex tested at the place of one keyword, in time linear in what it takes: every way through it is a list of runs
 * of which each takes all that it can, which is right because no run is followed by what it could take.
 */
export class Shape {
  readonly #ways: readonly Way[];
  readonly #group: number;
  readonly #keywordBytes: number;
  readonly #runs: RunEnds;
  /** nearly every keyword that is none is dropped by it, and by the bytes that may stand before one */
  readonly gate: Gate;
  readonly #precedes: ByteSet;
  /** of the rule that is asked before this one */
  readonly #previous: Shape | undefined;
  /** the place in its `after.code`, and four, at which the last way that was tried failed; 0: before */
  #failed = NOWHERE;

  /**
   * Throws `NotSimple` when the regex is not of this kind, or no way holds the keyword. `strict`: every way has to spell
   * it out; otherwise ways without it are left to the rule's other keywords. `runs`: of all shapes of a set.
   * `previous`: asked at the same keyword before every time that this one is.
   */
  constructor(
    regex: string,
    keyword: string,
    secretGroup: number | undefined,
    strict = false,
    runs = new RunEnds(),
    previous?: Shape,
  ) {
    const all = waysOf(parseShape(regex));
    this.#group = secretGroup ?? (all.some((way) => way.some(({ kind }) => kind === "open")) ? 1 : 0);
    this.#keywordBytes = keyword.length;
    this.#runs = runs;
    this.#previous = previous;
    const ways = all.flatMap((way) => {
      const at = findKeyword(way, keyword, strict);
      if (at < 0 && strict) throw new NotSimple("keyword");
      if (at < 0) return [];
      const before = way.slice(0, at).reverse();
      const after = way.slice(at);
      if (!isDeterministic(after) || !isDeterministic(before)) throw new NotSimple("ambiguous");
      const next = after.filter(({ kind }) => kind !== "open" && kind !== "close")[keyword.length];
      const { min: least, set } = next?.kind === "run" ? next : { min: 0, set: ANY };
      const judged = shortest(this.#secret(way));
      const cased = casesOf(after, keyword);
      const skipped = cased === undefined ? 0 : keyword.length;
      const rest = coded(after.slice(skipped), runs);
      const coding = { before: coded(before, runs), skipped, cased: cased ?? NONE, after: rest };
      const gate = new Gate(firstOf(after, 0), firstOf(after, keyword.length), least, set);
      return [{ ...coding, judged, gate, precedes: firstOf(before, 0) }];
    });
    if (ways.length === 0) throw new NotSimple("keyword");
    this.#precedes = union(...ways.map(({ precedes }) => precedes));
    this.gate = Gate.of(ways.map(({ gate }) => gate));
    this.#ways = ways.map((way, i) => ({
      ...way,
      shared: sharedWith(way, ways[i - 1] ?? (previous === undefined ? undefined : previous.#ways.at(-1))),
    }));
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
    const { bytes, length, first } = window;
    const next = at + this.#keywordBytes;
    this.#failed = NOWHERE;
    if (!this.gate.passes(bytes, at, next, length)) return undefined;
    if (at > first && this.#precedes[bytes[at - 1] as number] === 0) return undefined;
    if (this.#previous !== undefined) this.#failed = this.#previous.#failed;
    for (const way of this.#ways) {
      // what the way before failed at, this one would fail at
      if (this.#failed < way.shared) continue;
      this.#failed = NOWHERE;
      if (this.#ways.length > 1 && !way.gate.passes(bytes, at, next, length)) continue;
      const found = this.#try(way, window, at, ended);
      // none behind it is asked: it makes no difference in which chunks a text comes
      if (found === "more" ? near : found !== undefined) return found;
    }
    return undefined;
  }

  #fails(at: number): undefined {
    this.#failed = at;
  }

  #try(way: Way, window: Window, at: number, ended: boolean): ShapeMatch | "more" | undefined {
    const { bytes, first: begin } = window;
    const { before, skipped, cased, after, judged } = way;
    let { length } = window;
    let counted: LengthByte | undefined;
    const group = this.#group;
    let start = -1;
    let end = -1;
    let position = at;
    for (let i = 0; i < cased.length; i += 2)
      if (bytes[at + (cased[i] as number)] !== cased[i + 1]) return this.#fails(0);
    for (let i = 0; i < before.code.length; i += 4) {
      const kind = before.code[i] as number;
      if (kind === RUN) {
        const set = before.sets[before.code[i + 1] as number] as ByteSet;
        const least = position - (before.code[i + 2] as number);
        const most = Math.max(begin, position - (before.code[i + 3] as number));
        while (position > most && set[bytes[position - 1] as number] === 1) position--;
        if (position > least) return this.#fails(0);
      } else if (kind === OPEN) {
        if (before.code[i + 1] === group) start = position;
      } else if (kind === CLOSE) {
        if (before.code[i + 1] === group) end = position;
      } else if (!holdsBefore(kind, bytes, position, begin)) {
        counted = kind === BOUNDARY ? lengthByte(bytes, position, begin) : undefined;
        if (counted === undefined) return this.#fails(0);
      }
    }
    const first = position;
    position = at + skipped;
    if (counted !== undefined && counted.end <= length) {
      length = counted.end;
      ended = true;
      if (length < at + this.#keywordBytes) return this.#fails(0);
    }
    for (let i = 0; i < after.code.length; i += 4) {
      const kind = after.code[i] as number;
      if (kind === RUN) {
        const number = after.code[i + 1] as number;
        const set = after.sets[number] as ByteSet;
        const least = position + (after.code[i + 2] as number);
        const max = after.code[i + 3] as number;
        const most = position + max;
        const to = Math.min(length, most);
        if (max >= LONG_RUN)
          position = this.#runs.endOf(after.ids[number] as number, set, window, position, to);
        else while (position < to && set[bytes[position] as number] === 1) position++;
        if (position < most && position === length && !ended) return "more";
        if (position < least) return this.#fails(i + 4);
      } else if (kind === OPEN) {
        if (after.code[i + 1] === group) start = position;
      } else if (kind === CLOSE) {
        if (after.code[i + 1] === group) end = position;
      } else {
        if (position === length && !ended) return "more";
        if (!holdsAfter(kind, bytes, length, position)) return this.#fails(i + 4);
      }
    }
    if (counted?.exact === true && position !== counted.end) return undefined;
    if (group === 0) return { start: first, end: position, from: first, to: position, judged };
    return start < 0 || end < 0 ? undefined : { start, end, from: first, to: position, judged };
  }
}

/** No way failed at a place that another has, too. */
const NOWHERE = 1 << 30;

/** A run that may be as long as this is looked up, so that a storm of its keyword does not read it again and again. */
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
