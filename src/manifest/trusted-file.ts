import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readSync,
  type Stats,
  statSync,
} from "node:fs";
import { Fault } from "../base/fault.ts";
import { printable } from "../base/printable.ts";
import { MAX_FILE_BYTES } from "./limits.ts";
import type { Problems } from "./problem.ts";

/** Whose files are believed. */
export interface Owner {
  /** the operator's uid */
  readonly uid: number;
  /** under sudo: the uid the operator logged in as */
  readonly sudoUid?: number | undefined;
}

const GROUP_WRITE = 0o020;
const OTHER_WRITE = 0o002;
const SHARED_READ = 0o077;

/** Who besides its owner may change a file; undefined: nobody. */
export function writableByOthers({ mode, uid, gid }: Stats): string | undefined {
  if ((mode & OTHER_WRITE) !== 0) return "everyone";
  // A group whose number is its user's is that user's own (user private groups, umask 002).
  return (mode & GROUP_WRITE) !== 0 && gid !== uid ? "its group" : undefined;
}

/** Says in a problem why a file or folder of the home can't be believed; answers whether it can. */
function believed(path: string, stats: Stats, owner: Owner, problems: Problems): boolean {
  const who = writableByOthers(stats);
  if (who !== undefined) {
    problems.add({
      file: path,
      message: `it can be changed by ${who}`,
      mend: `run: chmod go-w ${quoted(path)}`,
    });
  }
  const owned = stats.uid === 0 || stats.uid === owner.uid || stats.uid === owner.sudoUid;
  if (!owned) {
    problems.add({
      file: path,
      message: `it belongs to another user (uid ${stats.uid})`,
      mend: `run: sudo chown ${owner.uid} ${quoted(path)}`,
    });
  }
  return who === undefined && owned;
}

/**
 * Reads a manifest of the home folder. `missing`: there is none. `unsafe`: it can't be read or believed, and
 * `problems` says why.
 */
export function readHomeFile(
  path: string,
  owner: Owner,
  problems: Problems,
): Uint8Array | "missing" | "unsafe" {
  return readFile(path, 0, problems, (stats) => believed(path, stats, owner, problems));
}

/**
 * Reads a manifest of a repository, whose author isn't trusted: neither it nor a folder on the way (below `root`) may
 * be a symbolic link, or a clone could show the agent any file of the operator.
 */
export function readRepoFile(
  root: string,
  parts: readonly string[],
  problems: Problems,
): Uint8Array | "missing" | "unsafe" {
  let path = root;
  for (const part of parts) {
    path = `${path}/${part}`;
    if (!lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink()) continue;
    problems.add({
      file: path,
      message: "a repository's manifest can't be a symbolic link",
      mend: "remove it",
    });
    return "unsafe";
  }
  return readFile(path, constants.O_NOFOLLOW, problems, () => true);
}

/** Whether a folder's list of manifests can be believed; a folder that is missing can. */
export function checkHomeFolder(path: string, owner: Owner, problems: Problems): boolean {
  const stats = statSync(path, { throwIfNoEntry: false });
  return stats === undefined || believed(path, stats, owner, problems);
}

/**
 * For files that hold a credential (SPEC §1): a regular file that nobody but its owner can read.
 * @throws Fault that names the `chmod`
 */
export function checkPrivateFile(path: string, what: string): void {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats === undefined) throw new Fault(`${what}: ${printable(path)} does not exist`, { exitCode: 2 });
  if (!stats.isFile()) throw new Fault(`${what}: ${printable(path)} is no file`, { exitCode: 2 });
  if ((stats.mode & SHARED_READ) === 0) return;
  throw new Fault(`${what}: ${printable(path)} can be read by others`, {
    mend: `run: chmod 600 ${quoted(path)}`,
    exitCode: 2,
  });
}

function readFile(
  path: string,
  flags: number,
  problems: Problems,
  accept: (stats: Stats) => boolean,
): Uint8Array | "missing" | "unsafe" {
  let fd: number;
  try {
    // Non-blocking, so that a FIFO in the file's place can't hold the launcher up.
    fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY | flags);
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "";
    if (code === "ENOENT" || code === "ENOTDIR") return "missing";
    problems.add({ file: path, message: `it can't be read (${code})` });
    return "unsafe";
  }
  try {
    const stats = fstatSync(fd);
    if (!stats.isFile()) {
      problems.add({ file: path, message: "it is no regular file" });
      return "unsafe";
    }
    if (!accept(stats)) return "unsafe";
    const bytes = Buffer.alloc(MAX_FILE_BYTES + 1);
    let length = 0;
    for (let got = -1; got !== 0 && length < bytes.length; length += got) {
      got = readSync(fd, bytes, length, bytes.length - length, null);
    }
    if (length <= MAX_FILE_BYTES) return bytes.subarray(0, length);
    problems.add({ file: path, message: `it is larger than ${MAX_FILE_BYTES / 1024} KiB` });
    return "unsafe";
  } finally {
    closeSync(fd);
  }
}

/** A path as a person pastes it into a shell. */
function quoted(path: string): string {
  const shown = printable(path, 1000);
  return /^[A-Za-z0-9_./~-]+$/.test(shown) ? shown : `'${shown.replaceAll("'", "'\\''")}'`;
}
