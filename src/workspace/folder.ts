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
