import { randomInt } from "node:crypto";
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { Fault, usageFault } from "../base/fault.ts";
import { printable } from "../base/printable.ts";
import type { HomeFile } from "../plan/launch-plan.ts";
import { removeTree } from "../workspace/remove-tree.ts";
import type { Metadata } from "./metadata.ts";
import type { Owner } from "./owner.ts";
import { type HomePaths, type StatePaths, statePaths } from "./paths.ts";
import { isAlive, ownProcessId, type ProcessId } from "./process-id.ts";

const ID = /^[a-z][a-z0-9-]*-[a-z0-9]{5}$/;

/** `NAME-` and five base-36 characters. */
export function newId(home: HomePaths, name: string): string {
  for (;;) {
    const id = `${name}-${randomInt(36 ** 5)
      .toString(36)
      .padStart(5, "0")}`;
    if (!existsSync(statePaths(home, id).root)) return id;
  }
}

/** Makes the home's folders, 0700. Throws `Fault` when they can't be made or written. */
export function prepareHome(home: HomePaths): void {
  try {
    if (!existsSync(home.root)) mkdirSync(home.root, { recursive: true, mode: 0o700 });
    for (const folder of [home.state, home.journal, home.run]) makeFolder(folder);
    for (const folder of [home.state, home.journal, home.run]) {
      const { mode, uid } = lstatSync(folder);
      if (uid !== process.getuid?.()) {
        throw new Fault(`${folder} belongs to another user`, { mend: `chown it, or set BOT_BOTTLE_HOME` });
      }
      if ((mode & 0o077) !== 0) chmodSync(folder, 0o700);
    }
  } catch (error) {
    if (error instanceof Fault) throw error;
    throw new Fault(
      `${home.root} can't be written: ${error instanceof Error ? error.message : String(error)}`,
      {
        mend: "set BOT_BOTTLE_HOME to a folder that can be written",
      },
    );
  }
}

/** Not `recursive`: that calls a read-only disk a missing folder. */
function makeFolder(path: string): void {
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    if (!existsSync(path)) throw error;
  }
}

/** Whether the home was used before and is as `prepareHome` leaves it. What is wrong with one is `prepareHome`'s to say. */
export function homeIsPrepared(home: HomePaths): boolean {
  try {
    return [home.state, home.journal, home.run].every((folder) => {
      const stat = lstatSync(folder);
      return stat.isDirectory() && stat.uid === process.getuid?.() && (stat.mode & 0o077) === 0;
    });
  } catch {
    return false;
  }
}

/** Begins a bottle's state: the folder that is needed before its owner is known, and who is making it. */
export function beginState(home: HomePaths, id: string): void {
  const { root, scratch, maker } = statePaths(home, id);
  mkdirSync(root, { recursive: true, mode: 0o700 });
  writeFileSync(maker, JSON.stringify(ownProcessId()), { mode: 0o600 });
  mkdirSync(scratch, { recursive: true, mode: 0o700 });
}

/** Whether state without metadata is still being made by a process that lives. */
export function isBeingMade(home: HomePaths, id: string): boolean {
  try {
    // written by us in a folder that no bottle can see
    return isAlive(JSON.parse(readFileSync(statePaths(home, id).maker, "utf8")) as ProcessId);
  } catch {
    return false;
  }
}

/** Makes one bottle's folders; `owner` gets those its processes write in. */
export function createState(home: HomePaths, id: string, owner: Owner): void {
  const paths = statePaths(home, id);
  beginState(home, id);
  for (const folder of [paths.agentHome, paths.workspace, paths.scratch]) {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    give(folder, owner);
  }
  writeFileSync(paths.transcript, "", { flag: "a", mode: 0o600 });
  give(paths.transcript, owner);
}

/** A bottle's files by paths without a symlink in them, as they can be mounted. The state folder exists. */
export function mountablePaths(home: HomePaths, id: string): StatePaths {
  return statePaths({ ...home, state: realpathSync(home.state) }, id);
}

function give(path: string, owner: Owner): void {
  if (process.getuid?.() === 0) chownSync(path, owner.uid, owner.gid);
}

/**
 * Puts a provider's files into a home. The home may be one an agent has used before: nothing is written through a
 * link, and what stands in the way is replaced.
 */
export function writeHomeFiles(root: string, files: readonly HomeFile[], owner: Owner): void {
  for (const file of files) {
    const parts = file.path.split("/");
    if (parts.some((part) => part === "" || part === "." || part === "..")) {
      throw new Fault(`a provider named an impossible file: ${printable(file.path)}`);
    }
    let folder = root;
    for (const part of parts.slice(0, -1)) {
      folder = join(folder, part);
      if (lstatSync(folder, { throwIfNoEntry: false })?.isDirectory()) {
        // an agent can have closed its own folder
        chmodSync(folder, 0o700);
        continue;
      }
      removeTree(folder);
      mkdirSync(folder, { mode: 0o700 });
      give(folder, owner);
    }
    const path = join(root, ...parts);
    removeTree(path);
    writeFileSync(path, file.content, { flag: "wx", mode: file.mode });
    give(path, owner);
  }
}

export function writeMetadata(home: HomePaths, metadata: Metadata): void {
  const path = statePaths(home, metadata.id).metadata;
  const draft = `${path}.new`;
  try {
    writeFileSync(draft, `${JSON.stringify(metadata, undefined, 2)}\n`, { mode: 0o600 });
    renameSync(draft, path);
  } catch (error) {
    rmSync(draft, { force: true });
    throw error;
  }
}

/** Undefined: no such bottle, or one whose metadata was never written or can't be read. */
export function readMetadata(home: HomePaths, id: string): Metadata | undefined {
  if (!ID.test(id)) return undefined;
  try {
    // written by us in a folder that no bottle can see
    const metadata = JSON.parse(readFileSync(statePaths(home, id).metadata, "utf8")) as Metadata;
    return metadata.id === id ? metadata : undefined;
  } catch {
    return undefined;
  }
}

export function stateIds(home: HomePaths): string[] {
  if (!existsSync(home.state)) return [];
  return readdirSync(home.state)
    .filter((name) => ID.test(name))
    .sort();
}

/** The bottle that `text` names, whole or by the beginning of its ID. Throws `Fault` (exit 2). */
export function findBottle(home: HomePaths, text: string): Metadata {
  const ids = stateIds(home);
  const found = ids.includes(text) ? [text] : ids.filter((id) => text !== "" && id.startsWith(text));
  if (found.length > 1) {
    throw usageFault(
      `${printable(text)} is the beginning of several: ${found.slice(0, 10).join(", ")}`,
      "name one",
    );
  }
  const metadata = found[0] === undefined ? undefined : readMetadata(home, found[0]);
  if (!metadata) throw usageFault(`there is no bottle ${printable(text)}`, "see `bot-bottle list`");
  return metadata;
}

/** Removes a bottle's state. Its journal stays. */
export function removeState(home: HomePaths, id: string): void {
  const { root } = statePaths(home, id);
  if (dirname(root) !== home.state || !ID.test(id)) throw new Error(`not a bottle's folder: ${root}`);
  removeTree(root);
}
