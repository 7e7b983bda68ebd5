import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import type { Http2ServerResponse } from "node:http2";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gitHttpBackend } from "./git-http-backend.ts";
import { gitEnvironment, runGit } from "./git-repo.ts";
import { type Origin, type SeenRequest, startOrigin } from "./https-origin.ts";
import type { Credentials } from "./pki.ts";

/** A forge over HTTPS that knows one token, which it takes as Basic's password; a user name is not looked at. */
export interface HttpsGitUpstream extends Origin {
  /** `https://HOST:PORT/team/NAME.git` */
  url(name: string, host: string): string;
  /** Folder of the bare repository. */
  path(name: string): string;
  /** Makes `team/NAME.git`: a copy of the repository `seed`, or with one commit on `main`; "empty": without any. */
  createRepo(name: string, seed?: string): Promise<void>;
  git(name: string, args: readonly string[], input?: string): Promise<string>;
  /** how many requests asked for the service that writes, let in or not */
  receivePacks(): number;
}

export interface HttpsGitOptions {
  readonly credentials: Credentials;
  readonly token: string;
  /** answers a request itself and returns true, before any check */
  readonly handler?: (seen: SeenRequest, response: Http2ServerResponse) => boolean;
}

export async function startHttpsGitUpstream(options: HttpsGitOptions): Promise<HttpsGitUpstream> {
  const root = mkdtempSync(join(tmpdir(), "https-git-"));
  mkdirSync(join(root, "team"));
  const origin = await startOrigin({
    credentials: options.credentials,
    handler: (seen, response) => {
      if (options.handler?.(seen, response)) return true;
      if (passwordOf(seen) === options.token) gitHttpBackend(root, seen, response);
      else {
        response.writeHead(401, { "www-authenticate": 'Basic realm="forge"', "content-type": "text/plain" });
        response.end("who are you?\n");
      }
      return true;
    },
  });
  const path = (name: string) => join(root, "team", `${name}.git`);
  const git = async (cwd: string, args: readonly string[], input = "") => {
    const done = await runGit(cwd, gitEnvironment("/nonexistent"), args, { input });
    if (done.code !== 0) throw new Error(`git ${args.join(" ")}: ${done.stderr}`);
    return done.stdout.trim();
  };
  return {
    ...origin,
    url: (name, host) => `https://${host}:${origin.port}/team/${name}.git`,
    path,
    createRepo: async (name, seed) => {
      const bare = path(name);
      await git(root, ["init", "-q", "--bare", "-b", "main", bare]);
      await git(bare, ["config", "http.receivepack", "true"]);
      if (seed === "empty") return;
      if (seed !== undefined) {
        await git(bare, ["fetch", "-q", seed, "+refs/*:refs/*"]);
        return;
      }
      const tree = await git(
        bare,
        ["mktree"],
        `100644 blob ${await git(bare, ["hash-object", "-w", "--stdin"], "widgets\n")}\tREADME.md\n`,
      );
      await git(bare, [
        "update-ref",
        "refs/heads/main",
        await git(bare, ["commit-tree", "-m", "first", tree]),
      ]);
    },
    git: (name, args, input) => git(path(name), args, input),
    receivePacks: () => origin.seen.filter(({ url }) => url.includes("git-receive-pack")).length,
    close: async () => {
      await origin.close();
      rmSync(root, { recursive: true, force: true });
    },
  };
}

function passwordOf({ headers }: SeenRequest): string | undefined {
  const [, coded] = /^Basic (\S+)$/i.exec(headers.authorization ?? "") ?? [];
  if (coded === undefined) return undefined;
  const pair = Buffer.from(coded, "base64").toString("utf8");
  return pair.slice(pair.indexOf(":") + 1);
}
