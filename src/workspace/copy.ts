import { createHash } from "node:crypto";
import {
  closeSync,
  constants,
  copyFileSync,
  fchmodSync,
  fchownSync,
  fstatSync,
  futimesSync,
  lchownSync,
  lutimesSync,
  mkdirSync,
  openSync,
  type Stats,
  symlinkSync,
  writeSync,
} from "node:fs";
import { Fault } from "../base/fault.ts";
import { type BaseEntry, writeBase } from "./base.ts";
import { changeMark, hashFile, readContent } from "./file-content.ts";
import { concernsEntry } from "./file-error.ts";
import { Folder } from "./folder.ts";
import { pathFilter } from "./glob.ts";
import { MAX_COPY_BYTES, MAX_DEPTH, MAX_ENTRIES, SMALL_FILE } from "./limits.ts";
import { Notices } from "./notices.ts";
import { createTurns } from "./turn.ts";

const UNREADABLE = "could not be read and are not in the copy";

const NEW_FILE = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;

export interface CopyRequest {
  /** absolute, checked by `checkWorkspace` */
  readonly source: string;
  /** an empty folder that exists */
  readonly target: string;
  /** where `base.json` is written */
  readonly base: string;
  readonly include: readonly string[];
  readonly exclude: readonly string[];
  /** who gets the copy, when root makes it */
  readonly owner?: { readonly uid: number; readonly gid: number };
}

export interface CopyReport {
  readonly files: number;
  readonly bytes: number;
  /** one line each: what was left out, and why */
  readonly notices: readonly string[];
}

/**
 * Copies a workspace and writes down what it held. Symlinks are copied as symlinks and never followed; sockets,
 * FIFOs and devices are left out; modes lose setuid, setgid and sticky; hard links become files of their own. The
 * source may change meanwhile: every folder and file is opened through its parent's descriptor, so nothing outside
 * `source` can be put in its way.
 *
 * Throws `Fault` when it holds too much.
 */
export async function copyWorkspace(request: CopyRequest): Promise<CopyReport> {
  using source = Folder.openResolved(request.source);
  const copy = new Copy(request, source.ownStat().uid);
  using target = Folder.open(request.target);
  await copy.folder(source, () => target, "", request.include.length === 0, 0);
  writeBase(request.base, { source: request.source, entries: copy.entries });
  return { files: copy.files, bytes: copy.bytes, notices: copy.notices.lines() };
}

class Copy {
  readonly entries = new Map<string, BaseEntry>();
  readonly notices = new Notices();
  files = 0;
  bytes = 0;
  readonly #request: CopyRequest;
  readonly #filter: ReturnType<typeof pathFilter>;
  readonly #turn = createTurns();
  readonly #sourceOwner: number;

  constructor(request: CopyRequest, sourceOwner: number) {
    this.#request = request;
    this.#sourceOwner = sourceOwner;
    this.#filter = pathFilter(request.include, request.exclude);
  }

  /** `target` makes the folder when the first entry goes into it: with `include`, most folders get none. */
  async folder(
    source: Folder,
    target: () => Folder,
    path: string,
    included: boolean,
    depth: number,
  ): Promise<void> {
    for (const name of source.names()) {
      await this.#turn();
      const below = path === "" ? name : `${path}/${name}`;
      if (this.#filter.excludes(below)) continue;
      try {
        await this.#entry(source, target, name, below, included || this.#filter.includes(below), depth);
      } catch (error) {
        if (!concernsEntry(error)) throw error;
        this.notices.add(UNREADABLE, below);
      }
    }
  }

  async #entry(
    source: Folder,
    target: () => Folder,
    name: string,
    path: string,
    included: boolean,
    depth: number,
  ): Promise<void> {
    const stat = source.stat(name);
    if (stat === undefined) {
      // node reads names that are not UTF-8 with replacement characters, under which there is no file
      if (name.includes("\ufffd"))
        this.notices.add("have names that are not UTF-8 and are not in the copy", path);
      return;
    }
    if (stat.isDirectory()) return this.#child(source, target, name, path, included, depth);
    if (!included) return;
    if (stat.isSymbolicLink()) this.#link(source, target(), name, path, stat);
    else if (stat.isFile()) this.#file(source, target(), name, path);
    else this.notices.add("are sockets, FIFOs or devices and are not in the copy", path);
  }

  async #child(
    source: Folder,
    target: () => Folder,
    name: string,
    path: string,
    included: boolean,
    depth: number,
  ): Promise<void> {
    if (depth >= MAX_DEPTH) {
      this.notices.add(`lie more than ${MAX_DEPTH} folders deep and are not in the copy`, path);
      return;
    }
    using from = source.openFolder(name);
    const stat = from.ownStat();
    if (!this.#mayRead(stat)) {
      this.notices.add(UNREADABLE, path);
      return;
    }
    let made: Folder | undefined;
    const make = () => {
      if (made !== undefined) return made;
      const parent = target();
      mkdirSync(parent.at(name), { mode: 0o700 });
      this.#record(path, { type: "folder", mode: stat.mode & 0o777 });
      made = parent.openFolder(name);
      return made;
    };
    if (included) make();
    try {
      await this.folder(from, make, path, included, depth + 1);
      if (made !== undefined) this.#finish(made.fd, stat);
    } finally {
      made?.close();
    }
  }

  #file(source: Folder, target: Folder, name: string, path: string): void {
    const from = source.openFile(name);
    try {
      const stat = fstatSync(from);
      if (!stat.isFile()) return;
      if (!this.#mayRead(stat)) {
        this.notices.add(UNREADABLE, path);
        return;
      }
      this.#count(stat.size);
      let sha256: string;
      let to: number;
      if (stat.size <= SMALL_FILE) {
        const content = readContent(from, stat.size);
        to = openSync(target.at(name), NEW_FILE, 0o600);
        for (let at = 0; at < content.length; ) at += writeSync(to, content, at);
        sha256 = createHash("sha256").update(content).digest("hex");
      } else {
        // a reflink where the file system has them; by descriptor, so it is the file that was looked at
        copyFileSync(
          `/proc/self/fd/${from}`,
          target.at(name),
          constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE,
        );
        to = openSync(target.at(name), constants.O_RDONLY | constants.O_NOFOLLOW);
        sha256 = hashFile(to, fstatSync(to).size);
      }
      try {
        this.#finish(to, stat);
        const { size } = fstatSync(to);
        this.#record(path, { type: "file", mode: stat.mode & 0o777, size, sha256, changed: changeMark(to) });
      } finally {
        closeSync(to);
      }
    } finally {
      closeSync(from);
    }
  }

  #link(source: Folder, target: Folder, name: string, path: string, stat: Stats): void {
    const to = source.linkTarget(name);
    symlinkSync(to, target.at(name));
    const { owner } = this.#request;
    if (owner !== undefined) lchownSync(target.at(name), owner.uid, owner.gid);
    lutimesSync(target.at(name), stat.atimeMs / 1000, stat.mtimeMs / 1000);
    this.#record(path, { type: "link", target: to });
  }

  /** Root copies for someone: what neither they nor the folder's owner could read is not handed to them. */
  #mayRead(stat: Stats): boolean {
    const { owner } = this.#request;
    if (owner === undefined || stat.uid === this.#sourceOwner || stat.uid === owner.uid) return true;
    return (stat.mode & (stat.gid === owner.gid ? 0o040 : 0o004)) !== 0;
  }

  /** Owner before mode: chown clears bits. */
  #finish(fd: number, stat: Stats): void {
    const { owner } = this.#request;
    if (owner !== undefined) fchownSync(fd, owner.uid, owner.gid);
    fchmodSync(fd, stat.mode & 0o777);
    futimesSync(fd, stat.atimeMs / 1000, stat.mtimeMs / 1000);
  }

  #record(path: string, entry: BaseEntry): void {
    this.entries.set(path, entry);
    if (this.entries.size > MAX_ENTRIES) {
      throw new Fault(`${this.#request.source} holds more than ${MAX_ENTRIES} files`, {
        mend: "exclude some (workspace: {exclude: [node_modules]}), or use --workspace-mode bind",
      });
    }
  }

  #count(size: number): void {
    this.files += 1;
    this.bytes += size;
    if (this.bytes > MAX_COPY_BYTES) {
      throw new Fault(`${this.#request.source} holds more than ${MAX_COPY_BYTES / 1024 ** 3} GiB`, {
        mend: "exclude some (workspace: {exclude: [build]}), or use --workspace-mode bind",
      });
    }
  }
}
