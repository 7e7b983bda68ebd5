import { closeSync, constants, fchownSync, mkdirSync, openSync, writeSync } from "node:fs";
import { join, resolve } from "node:path";
import { EXIT_USAGE, Fault, usageFault } from "../base/fault.ts";
import { printable } from "../base/printable.ts";
import { gitPaths } from "./auto-run.ts";
import { readContent } from "./file-content.ts";
import { Folder, openBeneath } from "./folder.ts";
import { configuredPaths } from "./git-config.ts";
import { MAX_CONFIG, MAX_COVERS, MAX_DEPTH } from "./limits.ts";
import { RUN_BY_THEMSELVES } from "./names.ts";

/** A path of the host laid over a path of the bottle; parents stand before what lies in them. */
export interface Cover {
  readonly source: string;
  readonly target: string;
  readonly writable: boolean;
}

const NEW_FILE = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;

/**
 * What must be laid over a workspace in `bind` mode so that the host's git and editors run nothing an agent wrote:
 *
 * - `.git` is a mount point of its own, as is every folder above a cover: a folder that only holds mount points can be
 *   renamed away with them, a mount point can't.
 * - Read-only in it: hooks, config, config.worktree, commondir, info and worktrees, in each submodule's folder too.
 *   Those missing are made. `commondir` is made as `.`, which means what its absence means: else an agent writes one that
 *   names a folder with a config of its own (core.fsmonitor is then run by the next `git status`).
 * - Files named by the config (`include.path`, `core.hooksPath`) that lie in the workspace.
 * - CI, editor, hook and agent files at the top (`RUN_BY_THEMSELVES`) that exist. Missing ones aren't made: a dozen
 *   empty folders in every project would be worse; `autoRunPaths` tells afterwards which appeared.
 * - Without a `.git`, an empty one is made and covered, which git ignores. One that is a file (worktree, submodule)
 *   is covered; the repository it names isn't visible if it lies outside. Repositories in the workspace's folders too.
 *
 * Throws `Fault` when one of these is a symlink.
 */
export function bindCovers(workspace: string, target = "/workspace"): Cover[] {
  using root = Folder.openResolved(workspace);
  const covers = new Covers(root, workspace, target);
  if (root.stat(".git") === undefined) make(root, ".git", "folder");
  for (const path of gitPaths(root)) {
    const parts = path.split("/");
    if (covers.isRepository(parts)) coverGit(covers, parts, 0);
    else covers.readOnly(parts, "existing");
  }
  for (const name of root.names()) {
    if (RUN_BY_THEMSELVES.has(name.toLowerCase())) covers.readOnly([name], "existing");
  }
  return covers.list();
}

function coverGit(covers: Covers, git: readonly string[], depth: number): void {
  covers.writable(git);
  covers.readOnly([...git, "hooks"], "folder");
  covers.readOnly([...git, "info"], "folder");
  covers.readOnly([...git, "config"], "");
  covers.readOnly([...git, "config.worktree"], "");
  covers.readOnly([...git, "commondir"], ".\n");
  covers.readOnly([...git, "worktrees"], "existing");
  const { includes, hooksPath } = configuredPaths(covers.content([...git, "config"]));
  for (const path of includes) covers.named(path, git);
  // relative to the work tree: of a submodule's repository that isn't the folder above it
  if (hooksPath !== undefined && git.at(-1) === ".git") covers.named(hooksPath, git.slice(0, -1));
  coverModules(covers, [...git, "modules"], depth);
}

/** A submodule's repository lies in modules/NAME, and NAME may hold slashes. */
function coverModules(covers: Covers, folder: readonly string[], depth: number): void {
  if (depth > MAX_DEPTH) throw usageFault(".git/modules is nested too deeply", COPY_INSTEAD);
  const names = covers.folders(folder);
  if (names.length > 0) covers.writable(folder);
  for (const name of names) {
    const below = [...folder, name];
    if (covers.isRepository(below)) coverGit(covers, below, depth + 1);
    else coverModules(covers, below, depth + 1);
  }
}

const COPY_INSTEAD = "use --workspace-mode copy";

class Covers {
  readonly #root: Folder;
  readonly #workspace: string;
  readonly #target: string;
  readonly #covers = new Map<string, Cover>();

  constructor(root: Folder, workspace: string, target: string) {
    this.#root = root;
    this.#workspace = workspace;
    this.#target = target;
  }

  /** By length, so that a parent stands before its children; what a read-only parent covers is left out. */
  list(): Cover[] {
    if (this.#covers.size > MAX_COVERS) {
      throw usageFault(
        `the workspace holds too many repositories to protect (over ${MAX_COVERS} mounts)`,
        COPY_INSTEAD,
      );
    }
    const all = [...this.#covers.values()].sort((a, b) => a.target.length - b.target.length);
    return all.filter(
      (cover) => !all.some((parent) => !parent.writable && cover.target.startsWith(`${parent.target}/`)),
    );
  }

  writable(parts: readonly string[]): void {
    this.#add(parts, true);
  }

  /** `missing`: `existing` leaves it missing, `folder` makes one, anything else is the content of a file to make. */
  readOnly(parts: readonly string[], missing: string): void {
    using parent = openBeneath(this.#root, parts.slice(0, -1));
    const name = parts.at(-1) ?? "";
    if (parent === undefined) throw notReal(parts.slice(0, -1));
    const stat = parent.stat(name);
    if (stat === undefined && missing === "existing") return;
    if (stat === undefined) make(parent, name, missing);
    else if (!stat.isFile() && !stat.isDirectory()) throw notReal(parts);
    for (let length = 1; length < parts.length; length += 1) this.#add(parts.slice(0, length), true);
    this.#add(parts, false);
  }

  /** A path a git config names, relative to `from`: covered when it lies in the workspace. */
  named(written: string, from: readonly string[]): void {
    const path = resolve(this.#workspace, ...from, written);
    if (written.startsWith("~") || !path.startsWith(`${this.#workspace}/`)) return;
    const parts = path.slice(this.#workspace.length + 1).split("/");
    using parent = openBeneath(this.#root, parts.slice(0, -1));
    if (parent?.stat(parts.at(-1) ?? "") === undefined) {
      throw new Fault(
        `a .git/config names ${printable(written)}, which is missing, and an agent could make`,
        {
          mend: `make it, or ${COPY_INSTEAD}`,
          exitCode: EXIT_USAGE,
        },
      );
    }
    this.readOnly(parts, "existing");
  }

  content(parts: readonly string[]): string {
    using parent = openBeneath(this.#root, parts.slice(0, -1));
    const fd = parent?.openFile(parts.at(-1) ?? "");
    if (fd === undefined) return "";
    try {
      return readContent(fd, MAX_CONFIG).toString("utf8");
    } finally {
      closeSync(fd);
    }
  }

  /** names of the real folders in a folder; none when it is missing */
  folders(parts: readonly string[]): string[] {
    using folder = openBeneath(this.#root, parts);
    if (folder === undefined) return [];
    return folder.names().filter((name) => {
      const stat = folder.stat(name);
      if (stat?.isSymbolicLink()) throw notReal([...parts, name]);
      return stat?.isDirectory() === true;
    });
  }

  /** As git sees it: a folder with a HEAD. */
  isRepository(parts: readonly string[]): boolean {
    using folder = openBeneath(this.#root, parts);
    return folder?.stat("HEAD") !== undefined;
  }

  #add(parts: readonly string[], writable: boolean): void {
    const path = parts.join("/");
    if (writable && this.#covers.has(path)) return;
    this.#covers.set(path, {
      source: join(this.#workspace, path),
      target: `${this.#target}/${path}`,
      writable,
    });
  }
}

/** As the workspace's owner would have made it. */
function make(parent: Folder, name: string, what: string): void {
  const { uid, gid } = parent.ownStat();
  if (what === "folder") {
    mkdirSync(parent.at(name), { mode: 0o755 });
    using made = parent.openFolder(name);
    if (process.getuid?.() === 0) fchownSync(made.fd, uid, gid);
    return;
  }
  const fd = openSync(parent.at(name), NEW_FILE, 0o644);
  try {
    writeSync(fd, what);
    if (process.getuid?.() === 0) fchownSync(fd, uid, gid);
  } finally {
    closeSync(fd);
  }
}

function notReal(parts: readonly string[]): Fault {
  return usageFault(
    `${printable(parts.join("/"))} is a symlink, or no file or folder: it can't be protected in bind mode`,
    `replace it, or ${COPY_INSTEAD}`,
  );
}
