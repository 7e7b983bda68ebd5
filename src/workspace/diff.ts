import { closeSync, fstatSync } from "node:fs";
import { printable } from "../base/printable.ts";
import type { Change, CopyPaths, Entry, WorkspaceChanges } from "./changes.ts";
import { hashFile, readContent } from "./file-content.ts";
import { Folder, openBeneath } from "./folder.ts";
import { MAX_DIFF_BYTES, MAX_DIFF_FILE, MAX_DIFF_LINE } from "./limits.ts";
import { openOrNone } from "./present.ts";
import { unifiedHunks } from "./unified-diff.ts";

/** git's modes for what is no plain file */
const LINK_MODE = "120000";

/**
 * The lines of a unified diff, as git writes it, from the original folder to the copy. Made without git: its attributes
 * would let an agent hide a file from the diff, its config run programs. Control characters are escaped, so a patch of
 * a file that holds some is for reading, not for applying.
 */
export function* diffLines(paths: CopyPaths, { base, changes }: WorkspaceChanges): Generator<string> {
  using copy = Folder.open(paths.workspace);
  using source = openSource(base?.source);
  let budget = MAX_DIFF_BYTES;
  for (const change of changes) {
    const { path, before, after } = change;
    const name = printable(path, MAX_DIFF_LINE);
    if (!isText(before) && !isText(after)) {
      yield* plainLines(change, name);
      continue;
    }
    yield `diff --git a/${name} b/${name}`;
    yield* modeLines(before, after);
    if (change.kind === "mode") continue;
    const old = contentOf(source, path, before);
    const now = contentOf(copy, path, after);
    budget -= (typeof old === "string" ? old.length : 0) + (typeof now === "string" ? now.length : 0);
    const why = budget < 0 ? { why: "the diff is long enough already" } : [old, now].find(isReason);
    if (why !== undefined) {
      yield `Files a/${name} and b/${name} differ: ${why.why}`;
      continue;
    }
    const hunks = unifiedHunks(textOf(old), textOf(now));
    if (hunks.length === 0) continue;
    yield isText(before) ? `--- a/${name}` : "--- /dev/null";
    yield isText(after) ? `+++ b/${name}` : "+++ /dev/null";
    for (const line of hunks) yield readable(line);
  }
}

type Content = string | { readonly why: string };

function isText(entry: Entry | undefined): boolean {
  return entry?.type === "file" || entry?.type === "link";
}

function isReason(content: Content): content is { readonly why: string } {
  return typeof content !== "string";
}

function textOf(content: Content): string {
  return typeof content === "string" ? content : "";
}

function* plainLines({ kind, before, after }: Change, name: string): Generator<string> {
  if (after?.type === "special") yield `Special a/${name}: ${after.what}`;
  else if (kind === "mode" && before?.type === "folder" && after?.type === "folder") {
    yield `Folder a/${name}: mode ${before.mode.toString(8)} is now ${after.mode.toString(8)}`;
  } else yield `Folder a/${name} ${kind}`;
}

function* modeLines(before: Entry | undefined, after: Entry | undefined): Generator<string> {
  if (!isText(before)) yield `new file mode ${gitMode(after)}`;
  else if (!isText(after)) yield `deleted file mode ${gitMode(before)}`;
  else if (gitMode(before) !== gitMode(after)) {
    yield `old mode ${gitMode(before)}`;
    yield `new mode ${gitMode(after)}`;
  }
  if (after?.type === "special") yield `# now ${after.what}`;
}

function gitMode(entry: Entry | undefined): string {
  if (entry?.type === "link") return LINK_MODE;
  return entry?.type === "file" ? `100${entry.mode.toString(8).padStart(3, "0")}` : "000000";
}

/** What is to be compared; for the original, only if it still is what was copied. */
function contentOf(root: Folder | undefined, path: string, entry: Entry | undefined): Content {
  if (entry?.type === "link") return entry.target;
  if (entry?.type !== "file") return "";
  if (entry.size > MAX_DIFF_FILE) return { why: `it is larger than ${MAX_DIFF_FILE / 1024 ** 2} MiB` };
  const parts = path.split("/");
  using parent = root && openBeneath(root, parts.slice(0, -1));
  const fd = parent && openOrNone(parent, parts.at(-1) ?? "");
  if (fd === undefined) return { why: "the original is gone" };
  try {
    const { size } = fstatSync(fd);
    if (size !== entry.size || hashFile(fd, size) !== entry.sha256) {
      return { why: "the original was changed since it was copied" };
    }
    return decoded(readContent(fd, size));
  } finally {
    closeSync(fd);
  }
}

function decoded(content: Buffer): Content {
  try {
    if (content.includes(0)) return { why: "binary" };
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(content);
  } catch {
    return { why: "binary" };
  }
}

/** A tab only moves to the right, and Makefiles are full of them. */
function readable(line: string): string {
  return line
    .split("\t")
    .map((part) => printable(part, MAX_DIFF_LINE))
    .join("\t");
}

function openSource(source: string | undefined): Folder | undefined {
  try {
    return source === undefined ? undefined : Folder.openResolved(source);
  } catch {
    return undefined;
  }
}
