import { join } from "node:path";
import { removeTree } from "../../workspace/remove-tree.ts";
import type { HomePaths } from "../paths.ts";
import { MIRROR_UNUSED_DAYS } from "./limits.ts";
import { readMirrors } from "./mirrors.ts";

const DAY_MS = 86_400_000;

/**
 * Removes mirrors that no bottle has started with for `MIRROR_UNUSED_DAYS`. `inUse`: URLs, as manifests write them, of
 * upstreams that a running bottle may be reading. Answers the upstreams of those removed.
 */
export function removeOldMirrors(
  home: HomePaths,
  inUse: ReadonlySet<string>,
  now: number,
  dryRun: boolean,
): readonly string[] {
  const old = readMirrors(home).filter(
    ({ upstream, refreshedAt }) =>
      now - Date.parse(refreshedAt) > MIRROR_UNUSED_DAYS * DAY_MS && !inUse.has(upstream),
  );
  if (!dryRun) for (const { key } of old) removeTree(join(home.cache, "git", key));
  return old.map(({ upstream }) => upstream);
}
