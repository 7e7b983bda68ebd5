import { Folder } from "./folder.ts";
import { MAX_DEPTH, MAX_ENTRIES } from "./limits.ts";
import { isGitFolder, runsByItself } from "./names.ts";
import { createTurns } from "./turn.ts";

/**
 * Paths of a workspace that programs of the host run by themselves, and every repository in it (`.git` at any depth; the
 * config of a nested one is used by a plain `git status` above it). In `bind` mode the launcher takes this before and
 * after: what appeared is told to the operator before they touch the folder. Follows no symlink.
 */
export async function autoRunPaths(workspace: string): Promise<ReadonlySet<string>> {
  const found = new Set<string>();
  using root = Folder.open(workspace);
  let entries = 0;
  const turn = createTurns();
  const visit = async (folder: Folder, path: string, depth: number): Promise<void> => {
    for (const name of folder.names()) {
      await turn();
      entries += 1;
      if (entries > MAX_ENTRIES) return;
      const below = path === "" ? name : `${path}/${name}`;
      if (isGitFolder(name) || runsByItself(name)) {
        found.add(below);
        continue;
      }
      if (depth >= MAX_DEPTH || folder.stat(name)?.isDirectory() !== true) continue;
      try {
        using child = folder.openFolder(name);
        await visit(child, below, depth + 1);
      } catch {
        // it went, or isn't ours to read: the host's programs can't read it either
      }
    }
  };
  await visit(root, "", 0);
  return found;
}
