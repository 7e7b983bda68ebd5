import type { Window } from "../window.ts";
import { type ByteSet, union, WORD } from "./bytes.ts";
import { type LengthByte, lengthByte } from "./length-byte.ts";
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

/** Steps as numbers, four each: the kind, then of a run its set (an index of `sets`), least and most bytes; of a group its number. */
interface Steps {
  readonly code: Int32Array;
  readonly sets: readonly ByteSet[];
  /** by set, its number in `RunEnds` */
  readonly ids: Int32Array;
}

const RUN = 0;
const OPEN = 1;
const CLOSE = 2;
const START = 3;
const END = 4;
const BOUNDARY = 5;
const KINDS = { run: RUN, open: OPEN, close: CLOSE, start: START, end: END, boundary: BOUNDARY };

function coded(steps: readonly Step[], runs: RunEnds): Steps {
  const sets: ByteSet[] = [];
  const code = steps.flatMap((step) => {
    if (step.kind === "run") return [RUN, sets.push(step.set) - 1, step.min, step.max];
    return [KINDS[step.kind], "group" in step ? step.group : 0, 0, 0];
  });
  return { code: Int32Array.from(code), sets, ids: Int32Array.from(sets, (set) => runs.idOf(set)) };
}

interface Way {
  /** what stands before the keyword, nearest first */
  readonly before: Steps;
  /** the keyword and what follows it */
  readonly after: Steps;
  readonly judged: number;
  /** bytes right behind the keyword that must all be of one set, and that set */
  readonly least: number;
  readonly set: ByteSet;
  /** numbers of `after.code` at its beginning that the way before has too, if all that stands before the keyword is alike */
  readonly shared: number;
}

function sharedWith(
  way: Pick<Way, "before" | "after">,
  last: Pick<Way, "before" | "after"> | undefined,
): number {
  if (last === undefined || !isAlike(way.before, last.before, way.before.code.length)) return 0;
  if (way.before.code.length !== last.before.code.length) return 0;
  let shared = 0;
  while (shared < way.after.code.length && isAlike(way.after, last.after, shared + 4)) shared += 4;
  return shared;
}

/** Whether two lists of steps begin alike, in their first `count` numbers. */
function isAlike(a: Steps, b: Steps, count: number): boolean {
  for (let i = 0; i < count; i++) if (a.code[i] !== b.code[i]) return false;
  for (let i = 0; i < count; i += 4)
    if (a.code[i] === RUN && a.ids[a.code[i + 1] ?? 0] !== b.ids[b.code[i + 1] ?? 0]) return false;
  return true;
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
  /** the place in its `after.code` at which the last way that was tried failed */
  #failed = NOWHERE;
  /** bytes that the keyword's first may be, in whichever case */
  readonly #begins: ByteSet;

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
      return [{ before: coded(before, runs), after: coded(after, runs), judged, least, set, steps: way, at }];
    });
    if (ways.length === 0) throw new NotSimple("keyword");
    this.#precedes = union(...ways.map(({ steps, at }) => firstOf(steps.slice(0, at).reverse(), 0)));
    this.#follows = union(...ways.map(({ steps, at }) => firstOf(steps.slice(at), keyword.length)));
    this.#begins = union(...ways.map(({ steps, at }) => firstOf(steps.slice(at), 0)));
    this.#ways = ways.map((way, i) => ({ ...way, shared: sharedWith(way, ways[i - 1]) }));
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
    if (next < length && this.#follows[bytes[next] as number] === 0) return undefined;
    if (this.#begins[bytes[at] as number] === 0) return undefined;
    if (at > first && this.#precedes[bytes[at - 1] as number] === 0) return undefined;
    this.#failed = NOWHERE;
    for (const way of this.#ways) {
      // what the way before failed at, this one would fail at
      if (this.#failed < way.shared) continue;
      this.#failed = NOWHERE;
      if (!mayHold(way, window, next)) continue;
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
    const { before, after, judged } = way;
    let { length } = window;
    let counted: LengthByte | undefined;
    const group = this.#group;
    let start = -1;
    let end = -1;
    let position = at;
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
    position = at;
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
        if (max > LONG_RUN)
          position = this.#runs.endOf(after.ids[number] as number, set, window, position, to);
        else while (position < to && set[bytes[position] as number] === 1) position++;
        if (position < most && position === length && !ended) return "more";
        if (position < least) return this.#fails(i);
      } else if (kind === OPEN) {
        if (after.code[i + 1] === group) start = position;
      } else if (kind === CLOSE) {
        if (after.code[i + 1] === group) end = position;
      } else {
        if (position === length && !ended) return "more";
        if (!holdsAfter(kind, bytes, length, position)) return this.#fails(i);
      }
    }
    if (counted?.exact === true && position !== counted.end) return this.#fails(0);
    if (group === 0) return { start: first, end: position, from: first, to: position, judged };
    return start < 0 || end < 0 ? undefined : { start, end, from: first, to: position, judged };
  }
}

/** No way failed at a place that another has, too. */
const NOWHERE = 1 << 30;

/** A look at the last byte that must follow the keyword and one between: what is none ends before. */
function mayHold({ set, least }: Way, { bytes, length }: Window, next: number): boolean {
  return (
    least === 0 ||
    next + least > length ||
    (set[bytes[next + least - 1] as number] === 1 && set[bytes[next + (least >> 1)] as number] === 1)
  );
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

function holdsAfter(kind: number, bytes: Uint8Array, length: number, at: number): boolean {
  if (kind === END) return at === length;
  return kind === BOUNDARY && isWord(bytes, at - 1) !== (at < length && isWord(bytes, at));
}

/** `first`: where the text begins. */
function holdsBefore(kind: number, bytes: Uint8Array, at: number, first: number): boolean {
  if (at === first) return kind !== END;
  if (kind !== BOUNDARY) return false;
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
