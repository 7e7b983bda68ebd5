import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import type { Http2ServerResponse } from "node:http2";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Origin, type SeenRequest, startOrigin } from "./https-origin.ts";
import type { Credentials } from "./pki.ts";

/** Configuration of this machine's user has no say in the tests' repositories. */
const GIT_ENV = {
  PATH: process.env.PATH ?? "/usr/bin:/bin",
  HOME: "/nonexistent",
  GIT_CONFIG_NOSYSTEM: "1",
  GIT_CONFIG_GLOBAL: "/dev/null",
  GIT_AUTHOR_NAME: "Test",
  GIT_AUTHOR_EMAIL: "test@example.com",
  GIT_COMMITTER_NAME: "Test",
  GIT_COMMITTER_EMAIL: "test@example.com",
};

function git(cwd: string, ...args: readonly string[]): string {
  const done = spawnSync("git", args, { cwd, env: GIT_ENV, encoding: "utf8" });
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
      backend(root, seen, response);
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

/** One CGI call (RFC 3875) of `git http-backend`. */
function backend(root: string, seen: SeenRequest, response: Http2ServerResponse): void {
  const [path = "/", query = ""] = seen.url.split("?");
  const child = spawn("git", ["http-backend"], {
    env: {
      ...GIT_ENV,
      GIT_PROJECT_ROOT: root,
      GIT_HTTP_EXPORT_ALL: "1",
      REQUEST_METHOD: seen.method,
      PATH_INFO: path,
      QUERY_STRING: query,
      CONTENT_TYPE: seen.headers["content-type"] ?? "",
      CONTENT_LENGTH: String(seen.body.length),
      HTTP_CONTENT_ENCODING: seen.headers["content-encoding"] ?? "",
      GIT_PROTOCOL: seen.headers["git-protocol"] ?? "",
      REMOTE_ADDR: "127.0.0.1",
    },
    stdio: ["pipe", "pipe", "inherit"],
  });
  const chunks: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
  child.stdin.on("error", () => undefined);
  child.stdin.end(seen.body);
  child.on("close", () => {
    const whole = Buffer.concat(chunks);
    const end = whole.indexOf("\r\n\r\n");
    const headers: Record<string, string> = {};
    for (const line of whole.subarray(0, Math.max(end, 0)).toString("latin1").split("\r\n")) {
      const colon = line.indexOf(":");
      if (colon > 0) headers[line.slice(0, colon).toLowerCase()] = line.slice(colon + 1).trim();
    }
    const { status = "200", ...rest } = headers;
    response.writeHead(Number.parseInt(status, 10), rest);
    response.end(whole.subarray(end + 4));
  });
}
