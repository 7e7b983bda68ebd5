import { relative } from "node:path";
import { usageFault } from "../base/fault.ts";
import { printable } from "../base/printable.ts";
import type { WorkspacePlan } from "../plan/launch-plan.ts";
import { autoRunPaths } from "../workspace/auto-run.ts";
import { phaseOf } from "./list.ts";
import type { HomePaths } from "./paths.ts";
import { readMetadata, stateIds } from "./state.ts";

/** Appeared paths that are named; the rest are counted. */
const NAMED = 10;

/** Whether one path is the other or lies in it. */
function overlaps(one: string, other: string): boolean {
  return [relative(one, other), relative(other, one)].some((way) => way !== ".." && !way.startsWith("../"));
}

/**
 * Refuses to bind a folder that a running bottle has bound, whole or in part: its agent could swap a path between the
 * look at it and the mount. Throws `Fault` (exit 2).
 */
export function refuseSecondBind(home: HomePaths, { mode, source }: WorkspacePlan): void {
  if (mode !== "bind" || source === undefined) return;
  for (const id of stateIds(home)) {
    const metadata = readMetadata(home, id);
    const other = metadata?.plan.workspace;
    if (!metadata || other?.mode !== "bind" || other.source === undefined) continue;
    if (phaseOf(metadata) !== "running" || !overlaps(source, other.source)) continue;
    throw usageFault(
      `${id} is running on ${printable(other.source)}`,
      "use --workspace-mode copy, or stop it first",
    );
  }
}

/**
 * Looks at a folder before it is bound; the function returned says afterwards what appeared in it that programs of the
 * host run by themselves (CI, editor and hook files, nested repositories).
 */
export function watchBoundFolder({ mode, source }: WorkspacePlan): () => string[] {
  if (mode !== "bind" || source === undefined) return () => [];
  const before = autoRunPaths(source);
  return () => {
    const appeared = [...autoRunPaths(source)].filter((path) => !before.has(path));
    const lines = appeared.slice(0, NAMED).map((path) => `appeared in the workspace: ${printable(path)}`);
    if (appeared.length > NAMED) lines.push(`and ${appeared.length - NAMED} more of that kind`);
    if (lines.length > 0)
      lines.push("your tools may run these by themselves: look at them before you use the folder");
    return lines;
  };
}
