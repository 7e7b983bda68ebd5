import { Fault, usageFault } from "../base/fault.ts";
import { type Base, type BaseEntry, writeBase } from "./base.ts";
import type { Change, CopyPaths, WorkspaceChanges } from "./changes.ts";
import { Folder } from "./folder.ts";
import { linkLeaves } from "./link-target.ts";
import { runsByItself } from "./names.ts";
import { nameSome } from "./notices.ts";
import { currentEntry, isSame } from "./present.ts";
import { applyChange } from "./write.ts";

/** A change that is never written, and why. */
export interface Skipped {
  readonly path: string;
  readonly why: string;
}

/** What applying would do: nothing of it is done yet. */
export interface ApplyPlan {
  readonly source: string;
  /** in the order they are written: deletions deepest first, then folders, then what lies in them */
  readonly ordinary: readonly Change[];
  /** CI, editor and hook files: written only when that was confirmed on its own */
  readonly runByThemselves: readonly Change[];
  readonly skipped: readonly Skipped[];
  /** paths of the original that changed since the copy was made */
  readonly conflicts: readonly string[];
}

/** Sorts changes into what is written, what needs its own yes, what never is, and what can't be. Throws `Fault`. */
export function planApply({ base, changes }: WorkspaceChanges): ApplyPlan {
  if (base === undefined) {
    throw usageFault(
      "the workspace began empty: there is no folder to write to",
      "look at it with diff, or copy what you need by hand",
    );
  }
  using source = openSource(base.source);
  const ordinary: Change[] = [];
  const runByThemselves: Change[] = [];
  const skipped: Skipped[] = [];
  const conflicts: string[] = [];
  const leftOut = new Set<string>();
  const newFolders = new Set<string>();
  // sorted by path: what stands above comes first
  for (const change of changes) {
    const why = isBelow(change.path, leftOut) ? "what it lay in is left out" : neverWritten(change);
    if (why !== undefined) leftOut.add(change.path);
    else if (change.kind === "type" && change.after?.type === "folder") newFolders.add(change.path);
    if (why !== undefined) {
      skipped.push({ path: change.path, why });
      continue;
    }
    // where a file became a folder, the original still has the file: it is compared on its own
    const now = isBelow(change.path, newFolders) ? undefined : currentEntry(source, change.path);
    // the operator made the same change: nothing is left to do, and base is brought up to date
    if (!isSame(now, change.before) && !isSame(now, change.after)) conflicts.push(change.path);
    else (runsByItself(change.path) ? runByThemselves : ordinary).push(change);
  }
  return {
    source: base.source,
    ordinary: inOrder(ordinary),
    runByThemselves: inOrder(runByThemselves),
    skipped,
    conflicts,
  };
}

/**
 * Writes `changes` (of a plan without conflicts) into the original folder and brings `base.json` up to date after
 * each, so that what was written is no longer a change. Parent folders are opened one by one, none through a symlink;
 * a file appears whole or not at all; every path is compared with its base once more just before.
 *
 * Throws `Fault` at the first path that can't be written; those before it stay written.
 */
export function applyChanges(paths: CopyPaths, base: Base, changes: readonly Change[]): void {
  using copy = Folder.open(paths.workspace);
  using source = openSource(base.source);
  const entries = new Map<string, BaseEntry>(base.entries);
  try {
    for (const change of changes) {
      applyChange(copy, source, change);
      if (change.after === undefined) entries.delete(change.path);
      else if (change.after.type !== "special") entries.set(change.path, change.after);
    }
  } finally {
    writeBase(paths.base, { source: base.source, entries });
  }
}

/** Throws `Fault` when the plan can't be carried out as it stands. */
export function refuseConflicts(plan: ApplyPlan): void {
  if (plan.conflicts.length === 0) return;
  throw new Fault(`the original changed since it was copied: ${nameSome(plan.conflicts)}`, {
    mend: "nothing was written; bring those files back, or take the changes over by hand from bot-bottle diff",
  });
}

function isBelow(path: string, above: ReadonlySet<string>): boolean {
  if (above.size === 0) return false;
  const parts = path.split("/");
  return parts.some((_, length) => length > 0 && above.has(parts.slice(0, length).join("/")));
}

function neverWritten({ path, after }: Change): string | undefined {
  if (after?.type === "special") return after.what;
  if (after?.type === "link" && linkLeaves(path, after.target)) return "a symlink that leaves the workspace";
  return undefined;
}

function openSource(path: string): Folder {
  try {
    return Folder.openResolved(path);
  } catch (error) {
    throw usageFault(
      `${path}, which the workspace was copied from, is no longer a folder: ${error instanceof Error ? error.message : String(error)}`,
      "bring it back, or copy what you need by hand",
    );
  }
}

/** Deletions from the deepest up, so that folders are empty when they go; then additions from the top down. */
function inOrder(changes: readonly Change[]): Change[] {
  const depth = (change: Change) => change.path.split("/").length;
  const goes = changes.filter((change) => change.after === undefined).sort((a, b) => depth(b) - depth(a));
  const comes = changes.filter((change) => change.after !== undefined).sort((a, b) => depth(a) - depth(b));
  return [...goes, ...comes];
}
