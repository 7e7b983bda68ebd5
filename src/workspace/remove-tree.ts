import { randomBytes } from "node:crypto";
import { chmodSync, lstatSync, readdirSync, renameSync, rmdirSync, unlinkSync } from "node:fs";
import { join } from "node:path";

/** How often what could not be emptied is tried again: a program may still be ending in it. */
const ROUNDS = 3;

/**
 * Removes a file, a symlink, or a folder with all that an agent left in it: folders without the write bit, names that are
 * no UTF-8, folders deeper than a path or a recursion may be. Each folder is moved up to the top before it is emptied, so
 * that no path gets long. Follows no symlink. Nothing there is no error.
 */
export function removeTree(path: string): void {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return;
  if (!stat.isDirectory()) {
    unlinkSync(path);
    return;
  }
  for (let round = 1; ; round++) {
    try {
      empty(path);
      rmdirSync(path);
      return;
    } catch (error) {
      if (round === ROUNDS) throw error;
    }
  }
}

function empty(path: string): void {
  const prefix = join(path, `.removed-${randomBytes(8).toString("hex")}-`);
  let count = 0;
  const folders = [path];
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    chmodSync(folder, 0o700);
    for (const name of readdirSync(folder, { encoding: "buffer" })) {
      const entry = Buffer.concat([Buffer.from(`${folder}/`), name]);
      if (!lstatSync(entry).isDirectory()) {
        unlinkSync(entry);
        continue;
      }
      // without its write bit a folder can't be moved
      chmodSync(entry, 0o700);
      const moved = `${prefix}${count++}`;
      renameSync(entry, moved);
      folders.push(moved);
    }
    if (folder !== path) rmdirSync(folder);
  }
}
