import { lstatSync, opendirSync, type Stats, statfsSync, statSync } from "node:fs";
import { join } from "node:path";

/** What folders hold, as far as a look at them can tell. */
export interface DiskUse {
  readonly bytes: number;
  readonly entries: number;
  /** something couldn't be looked into: its mode forbids it, or its path is too long for one call */
  readonly hidden: boolean;
}

/**
 * Bytes the folders hold on disk, each hard-linked file once, no link followed. Yields after every entry, so that the
 * caller can spread the walk. The folders are an agent's, who may close or bury any of them: nothing found throws.
 */
export function* diskUse(folders: readonly string[]): Generator<DiskUse> {
  const seen = new Set<number>();
  const queue = [...folders];
  let [bytes, entries, hidden] = [0, 0, false];
  for (let folder = queue.pop(); folder !== undefined; folder = queue.pop()) {
    for (const name of names(folder)) {
      const path = join(folder, name ?? "");
      const stat = name === undefined ? "hidden" : look(path);
      entries++;
      if (stat === "hidden") hidden = true;
      else if (stat !== undefined && (stat.nlink === 1 || stat.isDirectory() || !seen.has(stat.ino))) {
        if (stat.nlink > 1) seen.add(stat.ino);
        bytes += stat.blocks * 512;
        if (stat.isDirectory()) queue.push(path);
      }
      yield { bytes, entries, hidden };
    }
  }
}

function look(path: string): Stats | "hidden" | undefined {
  try {
    return lstatSync(path, { throwIfNoEntry: false });
  } catch (error) {
    return isGone(error) ? undefined : "hidden";
  }
}

/** undefined: the folder can't be read (on) */
function* names(folder: string): Generator<string | undefined> {
  let handle: ReturnType<typeof opendirSync> | undefined;
  try {
    handle = opendirSync(folder);
    for (let entry = handle.readSync(); entry !== null; entry = handle.readSync()) yield entry.name;
  } catch (error) {
    if (!isGone(error)) yield undefined;
  } finally {
    handle?.closeSync();
  }
}

function isGone(error: unknown): boolean {
  return error instanceof Error && "code" in error && (error.code === "ENOENT" || error.code === "ENOTDIR");
}

/** What a file system has left. */
export interface Free {
  readonly bytes: number;
  /** inodes: an empty file takes one and no bytes; 0 where they aren't counted */
  readonly files: number;
}

/** What each file system that holds one of the folders has left, by device number. */
export function freeSpace(folders: readonly string[]): ReadonlyMap<number, Free> {
  const free = new Map<number, Free>();
  for (const folder of folders) {
    try {
      const { bavail, bsize, ffree } = statfsSync(folder);
      free.set(statSync(folder).dev, { bytes: bavail * bsize, files: ffree });
    } catch {
      // Taken away by the operator: it holds nothing of the bottle any more.
    }
  }
  return free;
}
