import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gitHttpBackend } from "./git-http-backend.ts";
import { gitEnvironment } from "./git-repo.ts";
import { type Origin, startOrigin } from "./https-origin.ts";
import type { Credentials } from "./pki.ts";

function git(cwd: string, ...args: readonly string[]): string {
  const done = spawnSync("git", args, { cwd, env: gitEnvironment("/nonexistent"), encoding: "utf8" });
  if (done.status !== 0) throw new Error(`git ${args.join(" ")}: ${done.stderr}`);
  return done.stdout.trim();
}

export interface GitServer extends Origin {
  /** commit that `main` points to now */
  head(): string;
}

/** Serves `/team/widgets.git` (one commit with `README.md`, pushes accepted) through git's own http-backend. */
export async function startGitServer(credentials: Credentials): Promise<GitServer> {
  const root = mkdtempSync(join(tmpdir(), "git-server-"));
  const work = join(root, "work");
  const bare = join(root, "team", "widgets.git");
  git(root, "init", "-q", "-b", "main", work);
  writeFileSync(join(work, "README.md"), "widgets\n");
  git(work, "add", "README.md");
  git(work, "commit", "-q", "-m", "first");
  git(root, "clone", "-q", "--bare", work, bare);
  git(bare, "config", "http.receivepack", "true");
  const origin = await startOrigin({
    credentials,
    handler: (seen, response) => {
      gitHttpBackend(root, seen, response);
      return true;
    },
  });
  return {
    ...origin,
    head: () => git(bare, "rev-parse", "refs/heads/main"),
    close: async () => {
      await origin.close();
      rmSync(root, { recursive: true, force: true });
    },
  };
}
