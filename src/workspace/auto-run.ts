import { Folder } from "./folder.ts";
import { MAX_DEPTH, MAX_ENTRIES } from "./limits.ts";
import { isGitFolder, runsByItself } from "./names.ts";

/**
 * Paths of a workspace that programs of the host run by themselves, and every repository in it (`.git` at any depth: the
 * config of a nested one is used by a plain `git status` above it). In `bind` mode the launcher takes this before and
 * after: what appeared is told to the operator before they touch the folder. Follows no symlink.
 */
export function autoRunPaths(workspace: string): ReadonlySet<string> {
  using root = Folder.open(workspace);
  return new Set(find(root, (name) => isGitFolder(name) || runsByItself(name)));
}

/** Every `.git` of a folder, the one at its top included. */
export function gitPaths(root: Folder): string[] {
  return find(root, isGitFolder);
}

function find(root: Folder, wanted: (name: string) => boolean): string[] {
  const found: string[] = [];
  let entries = 0;
  const visit = (folder: Folder, path: string, depth: number): void => {
    for (const name of folder.names()) {
      entries += 1;
      if (entries > MAX_ENTRIES) return;
      const below = path === "" ? name : `${path}/${name}`;
      if (wanted(name)) {
        found.push(below);
        continue;
      }
      if (depth >= MAX_DEPTH || folder.stat(name)?.isDirectory() !== true) continue;
      try {
        using child = folder.openFolder(name);
        visit(child, below, depth + 1);
      } catch {
        // it went, or isn't ours to read: the host's programs can't read it either
      }
    }
  };
  visit(root, "", 0);
  return found;
}
