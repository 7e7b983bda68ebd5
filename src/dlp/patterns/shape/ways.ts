import { SHAPE_STEPS, SHAPE_WAYS } from "../limits.ts";
import { type ByteSet, disjoint, onlyCharacter, WORD, within } from "./bytes.ts";
import { NotSimple } from "./not-simple.ts";
import type { Node } from "./syntax.ts";

/** One step of a way: some bytes of a set, a place, or the beginning or end of a capture group. */
export type Step =
  | { readonly kind: "run"; readonly set: ByteSet; readonly min: number; readonly max: number }
  | { readonly kind: "start" | "end" | "boundary" }
  | { readonly kind: "open" | "close"; readonly group: number };

/** A regex with its alternatives multiplied out, one list of steps each. Throws `NotSimple` past the bounds. */
export function waysOf(node: Node): readonly (readonly Step[])[] {
  const ways = expand(node);
  for (const way of ways) if (way.length > SHAPE_STEPS) throw new NotSimple("long");
  return ways;
}

function expand(node: Node): Step[][] {
  switch (node.kind) {
    case "set":
      return [[{ kind: "run", set: node.set, min: 1, max: 1 }]];
    case "start":
    case "end":
    case "boundary":
      return [[{ kind: node.kind }]];
    case "sequence":
      return node.parts.map(expand).reduce(product, [[]]);
    case "choice":
      return bounded(node.options.flatMap(expand));
    case "group":
      return expand(node.part).map((way) => [
        { kind: "open", group: node.index },
        ...way,
        { kind: "close", group: node.index },
      ]);
    case "repeat":
      return expandRepeat(node.part, node.min, node.max);
  }
}

function expandRepeat(part: Node, min: number, max: number): Step[][] {
  const inner = part.kind === "sequence" && part.parts.length === 1 ? (part.parts[0] ?? part) : part;
  if (inner.kind === "set") return [[{ kind: "run", set: inner.set, min, max }]];
  if (max > 32) throw new NotSimple("repeated group");
  const once = expand(inner);
  const ways: Step[][] = [];
  // greedy: the longest first
  for (let times = max; times >= min; times--) {
    ways.push(...Array.from({ length: times }, () => once).reduce(product, [[]]));
    bounded(ways);
  }
  return ways;
}

function product(left: Step[][], right: Step[][]): Step[][] {
  if (left.length * right.length > SHAPE_WAYS) throw new NotSimple("ways");
  return left.flatMap((way) =>
    right.map((more) => {
      if (way.length + more.length > 2 * SHAPE_STEPS) throw new NotSimple("long");
      return [...way, ...more];
    }),
  );
}

function bounded(ways: Step[][]): Step[][] {
  if (ways.length > SHAPE_WAYS) throw new NotSimple("ways");
  return ways;
}

/**
 * Whether the steps, taken in this order, can match in one manner only, so that taking as much as there is at every
 * step finds what a search with backtracking would: no run of varying length may be followed by what it could take.
 */
export function isDeterministic(steps: readonly Step[]): boolean {
  return steps.every((step, at) => {
    if (step.kind !== "run" || step.min === step.max) return true;
    for (const next of steps.slice(at + 1)) {
      if (next.kind === "boundary" && !within(step.set, WORD)) return false;
      if (next.kind === "start") return false;
      if (next.kind !== "run") continue;
      if (!disjoint(step.set, next.set)) return false;
      if (next.min > 0) return true;
    }
    return true;
  });
}

/**
 * The index of the step where `keyword` (lower case) stands in a way, or -1: where it is spelled out, else, unless
 * `strict`, the first place where single characters can spell it.
 */
export function findKeyword(way: readonly Step[], keyword: string, strict: boolean): number {
  const places = way.flatMap((step, at) =>
    step.kind === "open" || step.kind === "close" ? [] : [{ step, at }],
  );
  for (const exact of strict ? [true] : [true, false]) {
    for (const [first, { at }] of places.entries()) {
      const spelled = keyword.split("").every((character, offset) => {
        const step = places[first + offset]?.step;
        if (step?.kind !== "run" || step.min !== 1 || step.max !== 1) return false;
        return exact ? onlyCharacter(step.set) === character : holds(step.set, character);
      });
      if (spelled) return at;
    }
  }
  return -1;
}

function holds(set: ByteSet, character: string): boolean {
  return set[character.charCodeAt(0)] === 1 || set[character.toUpperCase().charCodeAt(0)] === 1;
}

/** The fewest bytes that the steps can take. */
export function shortest(steps: readonly Step[]): number {
  return steps.reduce((sum, step) => (step.kind === "run" ? sum + step.min : sum), 0);
}
