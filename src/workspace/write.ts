import { randomBytes } from "node:crypto";
import {
  closeSync,
  constants,
  copyFileSync,
  fchmodSync,
  fchownSync,
  fstatSync,
  fsyncSync,
  lchownSync,
  mkdirSync,
  openSync,
  renameSync,
  rmdirSync,
  symlinkSync,
  unlinkSync,
} from "node:fs";
import { Fault } from "../base/fault.ts";
import { printable } from "../base/printable.ts";
import type { Change } from "./changes.ts";
import { hashFile } from "./file-content.ts";
import { type Folder, openBeneath } from "./folder.ts";
import { entryAt, isSame } from "./present.ts";

/** Writes one change into the original folder. Throws `Fault`, with nothing of this change written. */
export function applyChange(copy: Folder, source: Folder, change: Change): void {
  try {
    write(copy, source, change);
  } catch (error) {
    if (error instanceof Fault || !(error instanceof Error) || !("code" in error)) throw error;
    // the path in the system's message is a descriptor's
    throw failed(change, systemMessage(error));
  }
}

function write(copy: Folder, source: Folder, change: Change): void {
  const parts = change.path.split("/");
  const name = parts.at(-1) ?? "";
  using parent = openBeneath(source, parts.slice(0, -1));
  if (parent === undefined) {
    // deleted with its folder already
    if (change.after === undefined) return;
    throw failed(change, "a folder above it is missing or is a symlink");
  }
  const now = entryAt(parent, name);
  if (isSame(now, change.after)) return;
  if (!isSame(now, change.before)) throw failed(change, "the original was changed meanwhile");
  const { before, after } = change;
  if (after === undefined || (before !== undefined && before.type !== after.type))
    remove(parent, name, change);
  if (after?.type === "folder") folder(parent, name, after.mode);
  else if (after?.type === "link") link(parent, name, after.target);
  else if (after?.type === "file") {
    using from = openBeneath(copy, parts.slice(0, -1));
    if (from === undefined) throw failed(change, "the copy was changed meanwhile");
    file(from, parent, name, after, change);
  }
}

function remove(parent: Folder, name: string, change: Change): void {
  if (change.before?.type !== "folder") {
    unlinkSync(parent.at(name));
    return;
  }
  try {
    rmdirSync(parent.at(name));
  } catch (error) {
    // what is left in it was not in the copy (excluded, or made since): it stays, and so does the folder
    const full = error instanceof Error && "code" in error && error.code === "ENOTEMPTY";
    if (!full) throw error;
    if (change.after !== undefined) throw failed(change, "the folder holds files that were not in the copy");
  }
}

function folder(parent: Folder, name: string, mode: number): void {
  if (parent.stat(name) === undefined) mkdirSync(parent.at(name), { mode: 0o700 });
  using made = parent.openFolder(name);
  own(made.fd, parent);
  // what comes into it is still to be written
  fchmodSync(made.fd, (mode & 0o777) | 0o700);
}

function link(parent: Folder, name: string, target: string): void {
  const draft = draftName();
  symlinkSync(target, parent.at(draft));
  const { uid, gid } = parent.ownStat();
  if (isRoot()) lchownSync(parent.at(draft), uid, gid);
  renameSync(parent.at(draft), parent.at(name));
}

/** Copied beside its place, checked against the hash that was reviewed, then put there by rename(2). */
function file(
  from: Folder,
  parent: Folder,
  name: string,
  after: { readonly mode: number; readonly sha256: string },
  change: Change,
): void {
  const draft = draftName();
  const read = from.openFile(name);
  try {
    if (!fstatSync(read).isFile()) throw failed(change, "the copy was changed meanwhile");
    copyFileSync(
      `/proc/self/fd/${read}`,
      parent.at(draft),
      constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE,
    );
    const written = openSync(parent.at(draft), constants.O_RDWR | constants.O_NOFOLLOW);
    try {
      if (hashFile(written, fstatSync(written).size) !== after.sha256) {
        throw failed(change, "the copy was changed meanwhile");
      }
      own(written, parent);
      // no setuid, setgid or sticky bit comes out of a bottle
      fchmodSync(written, after.mode & 0o777);
      fsyncSync(written);
    } finally {
      closeSync(written);
    }
    renameSync(parent.at(draft), parent.at(name));
  } catch (error) {
    if (parent.stat(draft) !== undefined) unlinkSync(parent.at(draft));
    throw error;
  } finally {
    closeSync(read);
  }
}

/** What root writes into a user's folder belongs to that user. */
function own(fd: number, parent: Folder): void {
  if (!isRoot()) return;
  const { uid, gid } = parent.ownStat();
  fchownSync(fd, uid, gid);
}

function systemMessage(error: Error): string {
  return /^[A-Z0-9]+: ([^,]*)/.exec(error.message)?.[1] ?? "the system refused it";
}

function isRoot(): boolean {
  return process.getuid?.() === 0;
}

function draftName(): string {
  return `.bot-bottle-${randomBytes(8).toString("hex")}`;
}

function failed(change: Change, why: string): Fault {
  return new Fault(`${printable(change.path)} can't be written: ${why}`, {
    mend: "run bot-bottle apply again to see what is left",
  });
}
