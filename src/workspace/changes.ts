import { closeSync, fstatSync, type Stats } from "node:fs";
import { Fault } from "../base/fault.ts";
import { type Base, type BaseEntry, readBase } from "./base.ts";
import { changeMark, hashFile } from "./file-content.ts";
import { concernsEntry } from "./file-error.ts";
import { Folder } from "./folder.ts";
import { MAX_COPY_BYTES, MAX_DEPTH, MAX_ENTRIES } from "./limits.ts";
import { isGitFolder } from "./names.ts";
import { createTurns } from "./turn.ts";

/** Where one bottle's workspace copy and its `base.json` lie: `StatePaths` fits. */
export interface CopyPaths {
  readonly workspace: string;
  readonly base: string;
}

/** What stands at a path now. `special`: a socket, FIFO, device, or something that could not be read. */
export type Entry = BaseEntry | { readonly type: "special"; readonly what: string };

/** One difference between a workspace copy and what it held when it was made. */
export interface Change {
  readonly path: string;
  /** `type`: a file became a folder or a link, and so on; `mode`: permission bits only */
  readonly kind: "added" | "modified" | "deleted" | "type" | "mode";
  readonly before?: BaseEntry;
  readonly after?: Entry;
}

export interface WorkspaceChanges {
  readonly base: Base | undefined;
  /** by path; nothing inside a `.git` */
  readonly changes: readonly Change[];
  /** a branch, tag or HEAD inside a `.git` moved: commits were made */
  readonly commits: boolean;
}

/** Whether a bottle's copy holds work that was not applied; then its state is kept. An unreadable copy counts as work. */
export async function hasChanges(paths: CopyPaths): Promise<boolean> {
  try {
    const { changes, commits } = await compareCopy(paths, true);
    return commits || changes.length > 0;
  } catch (error) {
    if (error instanceof Fault || concernsEntry(error)) return true;
    throw error;
  }
}

/**
 * Compares the copy with its base. The copy is the agent's: it is only looked at, through descriptors, following
 * nothing. Throws `Fault` when it or its base can't be read.
 */
export async function workspaceChanges(paths: CopyPaths): Promise<WorkspaceChanges> {
  return await compareCopy(paths, false);
}

/** What is read of files: their bytes are counted, for an agent's sparse file has terabytes that cost it nothing. */
interface Reading {
  bytesLeft: number;
  /** a file whose size tells that it changed isn't read */
  readonly sizesSuffice: boolean;
}

/** `firstOnly`: ends at the first change, the one there is in what it gives */
async function compareCopy(paths: CopyPaths, firstOnly: boolean): Promise<WorkspaceChanges> {
  const base = readBase(paths.base);
  const before = base?.entries ?? new Map<string, BaseEntry>();
  const changes: Change[] = [];
  let commits = false;
  let seen = 0;
  const left = new Map(before);
  const reading: Reading = { bytesLeft: MAX_COPY_BYTES, sizesSuffice: firstOnly };
  for await (const { path, inGit, read } of walk(paths.workspace, reading)) {
    seen += 1;
    if (seen > MAX_ENTRIES) {
      throw new Fault(`the workspace copy holds more than ${MAX_ENTRIES} files`, {
        mend: `look at it by hand: ${paths.workspace}`,
      });
    }
    const was = left.get(path);
    left.delete(path);
    if (inGit && !isRef(path)) continue;
    const after = read(was);
    const kind = kindOf(was, after);
    if (kind === undefined) continue;
    if (inGit) commits = true;
    else changes.push({ path, kind, ...(was && { before: was }), after });
    if (firstOnly) return { base, changes, commits };
  }
  for (const [path, was] of left) {
    if (!insideGit(path)) changes.push({ path, kind: "deleted", before: was });
    else if (isRef(path)) commits = true;
  }
  changes.sort((a, b) => compare(a.path.split("/"), b.path.split("/")));
  return { base, changes, commits };
}

/** By component, so that what lies in a folder follows it directly. */
function compare(a: readonly string[], b: readonly string[]): number {
  for (const [at, name] of a.entries()) {
    const other = b[at];
    if (other === undefined) return 1;
    if (name !== other) return name < other ? -1 : 1;
  }
  return a.length - b.length;
}

function kindOf(was: BaseEntry | undefined, is: Entry): Change["kind"] | undefined {
  if (was === undefined) return "added";
  if (was.type !== is.type) return "type";
  if (was.type === "link") return is.type === "link" && is.target === was.target ? undefined : "modified";
  if (was.type === "file" && is.type === "file" && (is.size !== was.size || is.sha256 !== was.sha256)) {
    return "modified";
  }
  return "mode" in is && is.mode !== was.mode ? "mode" : undefined;
}

interface Visit {
  readonly path: string;
  readonly inGit: boolean;
  /** looks at the entry; a file whose mark is that of `was` is not read again */
  readonly read: (was: BaseEntry | undefined) => Entry;
}

async function* walk(root: string, reading: Reading): AsyncGenerator<Visit> {
  using folder = Folder.open(root);
  yield* walkFolder(folder, "", false, 0, createTurns(), reading);
}

async function* walkFolder(
  folder: Folder,
  path: string,
  inGit: boolean,
  depth: number,
  turn: () => Promise<void> | undefined,
  reading: Reading,
): AsyncGenerator<Visit> {
  for (const name of folder.names()) {
    await turn();
    const below = path === "" ? name : `${path}/${name}`;
    const stat = folder.stat(name);
    const git = inGit || isGitFolder(name);
    if (stat === undefined) {
      yield { path: below, inGit: git, read: () => special("its name is not UTF-8") };
      continue;
    }
    yield { path: below, inGit: git, read: (was) => readEntry(folder, name, stat, was, reading) };
    if (!stat.isDirectory() || depth >= MAX_DEPTH) continue;
    using child = openOrSkip(folder, name);
    if (child !== undefined) yield* walkFolder(child, below, git, depth + 1, turn, reading);
  }
}

function readEntry(
  folder: Folder,
  name: string,
  stat: Stats,
  was: BaseEntry | undefined,
  reading: Reading,
): Entry {
  if (stat.isSymbolicLink()) return readLink(folder, name);
  if (stat.isDirectory()) {
    using child = openOrSkip(folder, name);
    return child === undefined
      ? special("a folder that could not be read")
      : { type: "folder", mode: stat.mode & 0o777 };
  }
  if (!stat.isFile()) return special("a socket, FIFO or device");
  try {
    return readFileEntry(folder, name, was, reading);
  } catch (error) {
    if (concernsEntry(error)) return special("it could not be read");
    throw error;
  }
}

function readLink(folder: Folder, name: string): Entry {
  try {
    return { type: "link", target: folder.linkTarget(name) };
  } catch (error) {
    if (concernsEntry(error)) return special("it changed while it was looked at");
    throw error;
  }
}

function readFileEntry(folder: Folder, name: string, was: BaseEntry | undefined, reading: Reading): Entry {
  const fd = folder.openFile(name);
  try {
    const stat = fstatSync(fd);
    if (!stat.isFile()) return special("it changed while it was looked at");
    const changed = changeMark(fd);
    if (was?.type === "file" && was.changed === changed) return was;
    const known = reading.sizesSuffice && (was?.type !== "file" || was.size !== stat.size);
    if (!known) reading.bytesLeft -= stat.size;
    if (reading.bytesLeft < 0) return special("the changed files hold too much to be read");
    const sha256 = known ? "" : hashFile(fd, stat.size);
    return { type: "file", mode: stat.mode & 0o777, size: stat.size, sha256, changed };
  } finally {
    closeSync(fd);
  }
}

function openOrSkip(folder: Folder, name: string): Folder | undefined {
  try {
    return folder.openFolder(name);
  } catch (error) {
    if (concernsEntry(error)) return undefined;
    throw error;
  }
}

function special(what: string): Entry {
  return { type: "special", what };
}

function insideGit(path: string): boolean {
  return path.split("/").some(isGitFolder);
}

/** What moves when commits, branches or tags are made; not the index or logs, which a mere `git status` rewrites. */
function isRef(path: string): boolean {
  const parts = path.split("/");
  const [first = ""] = parts.slice(parts.findIndex(isGitFolder) + 1);
  return first === "refs" || first === "HEAD" || first === "packed-refs";
}
