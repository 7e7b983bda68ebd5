import type { ByteSet } from "./bytes.ts";
import type { RunEnds } from "./run-ends.ts";
import type { Step } from "./ways.ts";

/** Steps as numbers, four each: the kind, then of a run its set (an index of `sets`), least and most bytes; of a group its number. */
export interface Steps {
  readonly code: Int32Array;
  readonly sets: readonly ByteSet[];
  /** by set, its number in `RunEnds` */
  readonly ids: Int32Array;
}

export const RUN = 0;
export const OPEN = 1;
export const CLOSE = 2;
const START = 3;
export const END = 4;
export const BOUNDARY = 5;
const KINDS = { run: RUN, open: OPEN, close: CLOSE, start: START, end: END, boundary: BOUNDARY };

export function coded(steps: readonly Step[], runs: RunEnds): Steps {
  const sets: ByteSet[] = [];
  const code = steps.flatMap((step) => {
    if (step.kind === "run") return [RUN, sets.push(step.set) - 1, step.min, step.max];
    return [KINDS[step.kind], "group" in step ? step.group : 0, 0, 0];
  });
  return { code: Int32Array.from(code), sets, ids: Int32Array.from(sets, (set) => runs.idOf(set)) };
}

/** Whether two lists of steps begin alike, in their first `count` numbers. */
export function isAlike(a: Steps, b: Steps, count: number): boolean {
  for (let i = 0; i < count; i++) if (a.code[i] !== b.code[i]) return false;
  for (let i = 0; i < count; i += 4)
    if (a.code[i] === RUN && a.ids[a.code[i + 1] ?? 0] !== b.ids[b.code[i + 1] ?? 0]) return false;
  return true;
}
