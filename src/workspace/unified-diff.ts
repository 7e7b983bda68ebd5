import { MAX_DIFF_EDITS } from "./limits.ts";

/** lines of context around a change, as diff(1) -u has them */
const CONTEXT = 3;

type Edit = { readonly op: " " | "-" | "+"; readonly line: string };

/**
 * The hunks of a unified diff (POSIX diff -u) between two texts, without the two header lines; empty when they are
 * equal. With more than `MAX_DIFF_EDITS` edits the whole middle is shown as replaced.
 */
export function unifiedHunks(before: string, after: string): string[] {
  return hunks(edits(lines(before), lines(after)));
}

const NO_NEWLINE = "\n\\ No newline at end of file";

/** A last line without a line feed carries the marker with it: so it differs from the same line with one. */
function lines(text: string): string[] {
  if (text === "") return [];
  const all = text.split("\n");
  const last = all.pop() ?? "";
  return last === "" ? all : [...all, last + NO_NEWLINE];
}

function edits(before: readonly string[], after: readonly string[]): Edit[] {
  let start = 0;
  while (start < before.length && start < after.length && before[start] === after[start]) start += 1;
  let end = 0;
  while (
    end < before.length - start &&
    end < after.length - start &&
    before[before.length - 1 - end] === after[after.length - 1 - end]
  ) {
    end += 1;
  }
  const keep = (line: string): Edit => ({ op: " ", line });
  return [
    ...before.slice(0, start).map(keep),
    ...middle(before.slice(start, before.length - end), after.slice(start, after.length - end)),
    ...before.slice(before.length - end).map(keep),
  ];
}

/** Myers, "An O(ND) Difference Algorithm and Its Variations" (1986), figure 2; the trace is walked backwards. */
function middle(before: readonly string[], after: readonly string[]): Edit[] {
  const limit = Math.min(before.length + after.length, MAX_DIFF_EDITS);
  // furthest[k + offset]: the largest x on diagonal k = x - y reached with d edits
  const offset = limit + 1;
  const furthest = new Int32Array(2 * offset + 1);
  const trace: Int32Array[] = [];
  for (let d = 0; d <= limit; d += 1) {
    trace.push(furthest.slice(offset - d - 1, offset + d + 2));
    for (let k = -d; k <= d; k += 2) {
      let x = stepsDown(furthest, offset, k, d)
        ? (furthest[offset + k + 1] ?? 0)
        : (furthest[offset + k - 1] ?? 0) + 1;
      let y = x - k;
      while (x < before.length && y < after.length && before[x] === after[y]) {
        x += 1;
        y += 1;
      }
      furthest[offset + k] = x;
      if (x >= before.length && y >= after.length) return backtrack(before, after, trace, d);
    }
  }
  return [
    ...before.map((line): Edit => ({ op: "-", line })),
    ...after.map((line): Edit => ({ op: "+", line })),
  ];
}

function stepsDown(furthest: Int32Array, offset: number, k: number, d: number): boolean {
  return k === -d || (k !== d && (furthest[offset + k - 1] ?? 0) < (furthest[offset + k + 1] ?? 0));
}

function backtrack(
  before: readonly string[],
  after: readonly string[],
  trace: readonly Int32Array[],
  edits: number,
): Edit[] {
  const found: Edit[] = [];
  let x = before.length;
  let y = after.length;
  for (let d = edits; d > 0; d -= 1) {
    const row = trace[d] ?? new Int32Array();
    // row[i] is diagonal i - d - 1
    const down = stepsDown(row, d + 1, x - y, d);
    const k = down ? x - y + 1 : x - y - 1;
    const fromX = row[k + d + 1] ?? 0;
    const fromY = fromX - k;
    while (x > fromX + (down ? 0 : 1) && y > fromY + (down ? 1 : 0)) {
      x -= 1;
      y -= 1;
      found.push({ op: " ", line: before[x] ?? "" });
    }
    found.push(down ? { op: "+", line: after[fromY] ?? "" } : { op: "-", line: before[fromX] ?? "" });
    x = fromX;
    y = fromY;
  }
  while (x > 0) {
    x -= 1;
    found.push({ op: " ", line: before[x] ?? "" });
  }
  return found.reverse();
}

function hunks(all: readonly Edit[]): string[] {
  const out: string[] = [];
  let oldLine = 1;
  let newLine = 1;
  let at = 0;
  while (at < all.length) {
    const first = all.findIndex((edit, index) => index >= at && edit.op !== " ");
    if (first < 0) break;
    const start = Math.max(at, first - CONTEXT);
    let end = first;
    // changes with at most twice the context between them share a hunk
    for (let index = first; index < all.length && index <= end + 2 * CONTEXT; index += 1) {
      if (all[index]?.op !== " ") end = index;
    }
    const stop = Math.min(all.length, end + CONTEXT + 1);
    oldLine += start - at;
    newLine += start - at;
    const hunk = all.slice(start, stop);
    const removed = hunk.filter((edit) => edit.op !== "+").length;
    const added = hunk.filter((edit) => edit.op !== "-").length;
    out.push(`@@ -${range(oldLine, removed)} +${range(newLine, added)} @@`);
    for (const { op, line } of hunk) out.push(...`${op}${line}`.split("\n"));
    oldLine += removed;
    newLine += added;
    at = stop;
  }
  return out;
}

/** An empty range names the line before it. */
function range(line: number, count: number): string {
  if (count === 1) return `${line}`;
  return `${count === 0 ? line - 1 : line},${count}`;
}
