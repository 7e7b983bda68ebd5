import { copyFileSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pushFolder } from "./commands.ts";
import type { GitHost } from "./job.ts";
import { makeBareRepository } from "./mirror-folder.ts";

/**
 * Makes the repository of one push: the mirror's refs, the mirror's objects behind its own, which are none yet. What is
 * pushed stays in here and goes with it.
 */
export function makePushFolder(host: GitHost, repo: string, push: string): void {
  const mirror = join(host.repos[repo]?.mirror ?? "", "repo");
  const folder = pushFolder(host, push);
  mkdirSync(folder, { mode: 0o700 });
  const sha256 = readFileSync(join(mirror, "config"), "utf8").includes("sha256");
  makeBareRepository(folder, sha256 ? "sha256" : "sha1");
  copyFileSync(join(mirror, "HEAD"), join(folder, "HEAD"));
  // As the sandbox sees them. The link is read when git wants the refs: the folder may be made before they are the newest.
  symlinkSync("/mirror/packed-refs", join(folder, "packed-refs"));
  writeFileSync(join(folder, "objects", "info", "alternates"), "/mirror/objects\n");
}
