import { closeSync, constants, fchmodSync, fstatSync, mkdirSync, openSync } from "node:fs";
import { dirname, join } from "node:path";
import { Fault } from "../base/fault.ts";

/** One bottle's journal: its ID and its two files (SPEC §1). */
export interface JournalPaths {
  readonly id: string;
  readonly lines: string;
  readonly head: string;
}

/** Open descriptors, read and write, the lines append-only. */
export interface JournalDescriptors {
  readonly lines: number;
  readonly head: number;
}

export function journalPaths(folder: string, id: string): JournalPaths {
  return { id, lines: join(folder, `${id}.jsonl`), head: join(folder, `${id}.head`) };
}

/**
 * Opens a journal's two files, made with mode 0600 (their folder with 0700) when they are not there.
 * Throws `Fault` when one cannot be opened, is a symbolic link, no regular file, or has a second name.
 */
export function openJournal(paths: JournalPaths): JournalDescriptors {
  const folder = dirname(paths.lines);
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  } catch (cause) {
    throw new Fault(`cannot make the journal's folder ${folder}: ${reason(cause)}`, { cause });
  }
  const lines = openOwn(paths.lines, constants.O_APPEND);
  try {
    return { lines, head: openOwn(paths.head, 0) };
  } catch (error) {
    closeSync(lines);
    throw error;
  }
}

export function closeJournal({ lines, head }: JournalDescriptors): void {
  closeSync(lines);
  closeSync(head);
}

function openOwn(path: string, flags: number): number {
  let fd: number;
  try {
    // O_NONBLOCK: a FIFO put here is refused below, not waited for
    const always = constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW | constants.O_NONBLOCK;
    fd = openSync(path, always | flags, 0o600);
  } catch (cause) {
    throw new Fault(`cannot open the journal ${path}: ${reason(cause)}`, {
      mend: "the journal's files must be plain files that you can write; move away what stands there",
      cause,
    });
  }
  const stat = fstatSync(fd);
  if (!stat.isFile() || stat.nlink !== 1) {
    closeSync(fd);
    throw new Fault(`the journal ${path} is not a plain file with one name`, { mend: "move it away" });
  }
  if ((stat.mode & 0o777) !== 0o600) fchmodSync(fd, 0o600);
  return fd;
}

function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
