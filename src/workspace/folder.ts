import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readdirSync,
  readlinkSync,
  type Stats,
} from "node:fs";

const FOLDER_FLAGS = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;
// a FIFO put in a file's place must not block the open
const FILE_FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** O_PATH of fcntl.h, which node doesn't name: a place in the tree, neither read nor written; the same on every architecture we run on. */
export const O_PATH = 0o10000000;

/**
 * Opens an absolute path of which no component is a symlink: one that was looked at and resolved before, and in which
 * someone else may own a folder. Throws ELOOP or ENOTDIR when there is one now.
 */
export function openResolved(path: string, flags: number): number {
  const parts = path.split("/").filter((part) => part !== "");
  const last = parts.pop() ?? ".";
  let at = openSync("/", O_PATH | constants.O_DIRECTORY);
  try {
    for (const part of parts) {
      const next = openSync(
        `/proc/self/fd/${at}/${part}`,
        O_PATH | constants.O_DIRECTORY | constants.O_NOFOLLOW,
      );
      closeSync(at);
      at = next;
    }
    return openSync(`/proc/self/fd/${at}/${last}`, flags | constants.O_NOFOLLOW);
  } finally {
    closeSync(at);
  }
}

/**
 * An open folder, and its children by name. `/proc/self/fd/N/NAME` is node's openat(2): no other process can put
 * a symlink between us and the child, because there is no path in between to change.
 */
export class Folder implements Disposable {
  readonly fd: number;

  private constructor(fd: number) {
    this.fd = fd;
  }

  /** The folder itself must not be a symlink; what stands before its last component may hold some. */
  static open(path: string): Folder {
    return new Folder(openSync(path, FOLDER_FLAGS));
  }

  /** A folder whose path was resolved before (`checkWorkspace`): nothing on the way may be a symlink by now. */
  static openResolved(path: string): Folder {
    return new Folder(openResolved(path, FOLDER_FLAGS));
  }

  /** Throws ENOTDIR or ELOOP when the child is not a real folder. */
  openFolder(name: string): Folder {
    return new Folder(openSync(this.at(name), FOLDER_FLAGS));
  }

  /** For reading; throws ELOOP for a symlink. The caller checks with fstat that it is a regular file. */
  openFile(name: string): number {
    return openSync(this.at(name), FILE_FLAGS);
  }

  /** A path whose last component alone is still looked up: for calls that don't follow it. */
  at(name: string): string {
    if (name === "" || name === "." || name === ".." || name.includes("/") || name.includes("\0")) {
      throw new Error(`not the name of a folder's entry: ${JSON.stringify(name)}`);
    }
    return `/proc/self/fd/${this.fd}/${name}`;
  }

  names(): string[] {
    return readdirSync(`/proc/self/fd/${this.fd}`).sort();
  }

  /** undefined: there is none */
  stat(name: string): Stats | undefined {
    return lstatSync(this.at(name), { throwIfNoEntry: false });
  }

  linkTarget(name: string): string {
    return readlinkSync(this.at(name));
  }

  ownStat(): Stats {
    return fstatSync(this.fd);
  }

  close(): void {
    closeSync(this.fd);
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/** Opens `parts` one after the other, none through a symlink. undefined: one is missing or no real folder. */
export function openBeneath(root: Folder, parts: readonly string[]): Folder | undefined {
  let at = Folder.open(`/proc/self/fd/${root.fd}/.`);
  for (const part of parts) {
    try {
      const next = at.openFolder(part);
      at.close();
      at = next;
    } catch {
      at.close();
      return undefined;
    }
  }
  return at;
}
