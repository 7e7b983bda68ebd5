import { closeSync, constants, fchmodSync, fstatSync, openSync } from "node:fs";
import { Fault } from "../base/fault.ts";

/** The two files of one bottle's journal (SPEC §1). */
export interface JournalPaths {
  readonly lines: string;
  readonly head: string;
}

/** Open descriptors, read and write, the lines append-only. */
export interface JournalDescriptors {
  readonly lines: number;
  readonly head: number;
}

/**
 * Opens a journal's two files, made with mode 0600 when they are not there.
 * Throws `Fault` when one cannot be opened, is a symbolic link, no regular file, or has a second name.
 */
export function openJournal(paths: JournalPaths): JournalDescriptors {
  const lines = openOwn(paths.lines, constants.O_APPEND);
  try {
    return { lines, head: openOwn(paths.head, 0) };
  } catch (error) {
    closeSync(lines);
    throw error;
  }
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
