import { closeSync, fstatSync } from "node:fs";
import type { Entry } from "./changes.ts";
import { hashFile } from "./file-content.ts";
import { type Folder, openBeneath } from "./folder.ts";

/** What stands at a path of the original folder now, reached without following a symlink. */
export function currentEntry(root: Folder, path: string): Entry | undefined {
  const parts = path.split("/");
  const name = parts.at(-1) ?? "";
  const parents = parts.slice(0, -1);
  using parent = openBeneath(root, parents);
  if (parent !== undefined) return entryAt(parent, name);
  // a parent that is missing holds nothing; one that is a file or a symlink is the operator's change
  return missingParent(root, parents) ? undefined : { type: "special", what: "a parent is no folder" };
}

/** What stands in an open folder under a name. */
export function entryAt(parent: Folder, name: string): Entry | undefined {
  const stat = parent.stat(name);
  if (stat === undefined) return undefined;
  if (stat.isSymbolicLink()) return { type: "link", target: parent.linkTarget(name) };
  if (stat.isDirectory()) return { type: "folder", mode: stat.mode & 0o777 };
  if (!stat.isFile()) return { type: "special", what: "a socket, FIFO or device" };
  const fd = openOrNone(parent, name);
  if (fd === undefined) return { type: "special", what: "it could not be read" };
  try {
    const { size, mode } = fstatSync(fd);
    return { type: "file", mode: mode & 0o777, size, sha256: hashFile(fd, size), changed: "" };
  } finally {
    closeSync(fd);
  }
}

/** The same content; for a file or folder, the same permissions too. */
export function isSame(a: Entry | undefined, b: Entry | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  if (a.type === "file" && b.type === "file") return a.sha256 === b.sha256 && a.mode === b.mode;
  if (a.type === "folder" && b.type === "folder") return a.mode === b.mode;
  return a.type === "link" && b.type === "link" && a.target === b.target;
}

function missingParent(root: Folder, parents: readonly string[]): boolean {
  for (let length = 0; length < parents.length; length += 1) {
    using folder = openBeneath(root, parents.slice(0, length));
    if (folder === undefined) return false;
    const stat = folder.stat(parents[length] ?? "");
    if (stat === undefined) return true;
    if (!stat.isDirectory()) return false;
  }
  return false;
}

/** For reading; undefined when it is gone, a symlink, or not ours to read. */
export function openOrNone(parent: Folder, name: string): number | undefined {
  try {
    return parent.openFile(name);
  } catch {
    return undefined;
  }
}
