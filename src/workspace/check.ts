import { realpathSync, type Stats, statSync } from "node:fs";
import { Fault, usageFault } from "../base/fault.ts";
import { printable } from "../base/printable.ts";
import { Folder } from "./folder.ts";
import { MAX_DEPTH, MAX_ENTRIES } from "./limits.ts";
import { nameSome } from "./notices.ts";
import { createTurns } from "./turn.ts";

/** Folders of the operator that no bottle may see; absolute. */
export interface ForbiddenFolders {
  /** home folders of the operator: none itself and nothing that holds one; folders in it are what workspaces are */
  readonly homes: readonly string[];
  readonly botBottleHome: string;
  /** where bot-bottle's own code lies */
  readonly programFolder: string;
}

/** Who the bottle's processes run as. */
export interface BottleUser {
  readonly uid: number;
  readonly gid: number;
}

/**
 * Whether `folder` may be a workspace (SPEC §8), and its real path. In `bind` mode the whole tree is looked at: a
 * socket in it could be connected to even through a read-only mount, a file with another name outside the tree would
 * be written outside the tree.
 *
 * Throws `Fault` (exit 2).
 */
export async function checkWorkspace(
  folder: string,
  mode: "copy" | "bind",
  forbidden: ForbiddenFolders,
  user: BottleUser,
): Promise<string> {
  const path = realFolder(folder);
  const shown = printable(path);
  const { homes, botBottleHome, programFolder } = forbidden;
  for (const home of homes.map(real)) {
    if (!holds(path, home)) continue;
    throw usageFault(
      `the workspace ${shown} ${path === home ? "is your home folder" : "holds your home folder"}`,
      "choose a project's folder in it: --workspace DIR",
    );
  }
  for (const [name, other] of [
    ["bot-bottle's own files", botBottleHome],
    ["bot-bottle's own code", programFolder],
    ["the kernel's files", "/proc"],
    ["the kernel's files", "/sys"],
  ] as const) {
    if (!holds(path, real(other)) && !holds(real(other), path)) continue;
    throw usageFault(
      `the workspace ${shown} is, holds or lies in ${printable(other)}: ${name}`,
      "choose another folder: --workspace DIR",
    );
  }
  if (mode === "bind") await checkTree(path, user);
  return path;
}

function realFolder(folder: string): string {
  let path: string;
  try {
    path = realpathSync(folder);
  } catch (error) {
    const missing = error instanceof Error && "code" in error && error.code === "ENOENT";
    throw usageFault(
      `the workspace ${printable(folder)} ${missing ? "does not exist" : "can't be read"}`,
      missing ? "make it, or name another: --workspace DIR" : "check its permissions",
    );
  }
  if (!statSync(path).isDirectory()) {
    throw usageFault(
      `the workspace ${printable(path)} is not a folder`,
      "name the folder it lies in: --workspace DIR",
    );
  }
  return path;
}

/** `inner` is `outer` or lies in it. */
function holds(outer: string, inner: string): boolean {
  return outer === inner || inner.startsWith(outer.endsWith("/") ? outer : `${outer}/`);
}

/** A forbidden folder may be a symlink, or not exist yet. */
function real(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

async function checkTree(path: string, user: BottleUser): Promise<void> {
  const found = new Findings(user);
  using root = Folder.openResolved(path);
  await found.folder(root, "", 0, createTurns());
  const { special, linked, unwritable } = found;
  if (special.length > 0) {
    throw usageFault(
      `the workspace ${printable(path)} holds sockets, FIFOs or devices: ${nameSome(special)}`,
      "remove them, or use --workspace-mode copy, which leaves them out",
    );
  }
  const outside = [...linked.values()].filter(({ seen, links }) => seen < links).map(({ name }) => name);
  if (outside.length > 0) {
    throw usageFault(
      `files of the workspace have another name outside it (hard links), which an agent would change too: ${nameSome(outside)}`,
      "use --workspace-mode copy, which gives them a copy of their own",
    );
  }
  if (unwritable.length > 0) {
    throw usageFault(
      `files of the workspace can't be written by the bottle's user (uid ${user.uid}): ${nameSome(unwritable)}`,
      "use --workspace-mode copy, or change their owner",
    );
  }
}

class Findings {
  readonly special: string[] = [];
  readonly unwritable: string[] = [];
  /** files with several names: how many there are, how many were seen here */
  readonly linked = new Map<string, { name: string; links: number; seen: number }>();
  readonly #user: BottleUser;
  #entries = 0;

  constructor(user: BottleUser) {
    this.#user = user;
  }

  async folder(
    folder: Folder,
    path: string,
    depth: number,
    turn: () => Promise<void> | undefined,
  ): Promise<void> {
    if (path === "" && !this.#mayWrite(folder.ownStat())) this.unwritable.push(".");
    for (const name of folder.names()) {
      await turn();
      this.#entries += 1;
      if (this.#entries > MAX_ENTRIES || depth > MAX_DEPTH) {
        throw new Fault(
          `the workspace is too large to look through: over ${MAX_ENTRIES} files or ${MAX_DEPTH} levels`,
          {
            mend: "use --workspace-mode copy and exclude some (workspace: {exclude: [node_modules]})",
            exitCode: 2,
          },
        );
      }
      const below = path === "" ? name : `${path}/${name}`;
      const stat = folder.stat(name);
      if (stat === undefined || stat.isSymbolicLink()) continue;
      if (!this.#mayWrite(stat)) this.unwritable.push(below);
      if (stat.isDirectory()) await this.#child(folder, name, below, depth, turn);
      else if (!stat.isFile()) this.special.push(below);
      else if (stat.nlink > 1) this.#link(below, stat);
    }
  }

  async #child(
    folder: Folder,
    name: string,
    path: string,
    depth: number,
    turn: () => Promise<void> | undefined,
  ): Promise<void> {
    try {
      using child = folder.openFolder(name);
      await this.folder(child, path, depth + 1, turn);
    } catch (error) {
      if (!(error instanceof Error && "code" in error && error.code === "EACCES")) throw error;
      // what can't be looked at can't be vouched for
      this.unwritable.push(path);
    }
  }

  #link(name: string, stat: Stats): void {
    const key = `${stat.dev}:${stat.ino}`;
    const entry = this.linked.get(key) ?? { name, links: stat.nlink, seen: 0 };
    entry.seen += 1;
    this.linked.set(key, entry);
  }

  /** The owner of a read-only file can make it writable: git's objects are such files. */
  #mayWrite(stat: Stats): boolean {
    if (stat.uid === this.#user.uid) return true;
    return (stat.gid === this.#user.gid ? stat.mode & 0o020 : stat.mode & 0o002) !== 0;
  }
}
