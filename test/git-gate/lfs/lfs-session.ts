import { createHash } from "node:crypto";
import { request as httpRequest } from "node:http";
import { onTestFinished } from "vitest";
import { GitPlace, type GitRepo } from "../../support/git-repo.ts";
import { type HttpsGitUpstream, startHttpsGitUpstream } from "../../support/https-git-upstream.ts";
import { LfsServer } from "../../support/lfs-server.ts";
import type { SshUpstream } from "../../support/ssh-upstream.ts";
import { type Gate, type RepoOptions, repoConfig, startGate } from "../harness.ts";
import { ca, credentials, FORGE, STORE } from "../upstream-client.ts";

export const TOKEN = "the token of the forge";
export const AUTHORIZATION = `Basic ${Buffer.from(`x-access-token:${TOKEN}`).toString("base64")}`;
/** What the sidecar knows to be a secret, and in no vendor's shape. */
export const SECRET = "horse battery staple correct 1829";

export function oidOf(content: string | Uint8Array): string {
  return createHash("sha256").update(content).digest("hex");
}

export interface Answer {
  readonly status: number;
  readonly text: string;
}

export interface Session {
  readonly forge: HttpsGitUpstream;
  readonly server: LfsServer;
  readonly gate: Gate;
  readonly place: GitPlace;
  /** a clone whose `*.bin` are LFS's */
  readonly clone: GitRepo;
  /** A request made by hand, below the repository's `info/lfs`. */
  ask(method: string, path: string, body?: string | Uint8Array): Promise<Answer>;
}

/** A forge with LFS, a gate before it, and a clone whose git has no other way out. */
export async function startLfs(options: Partial<RepoOptions> = {}, ssh?: SshUpstream): Promise<Session> {
  const server = new LfsServer(AUTHORIZATION);
  const handler = server.handle.bind(server);
  const forge = await startHttpsGitUpstream({ credentials, token: TOKEN, handler });
  onTestFinished(() => forge.close());
  await forge.createRepo("widgets");
  const gate = await startGate({
    repos: [
      repoConfig({
        name: "widgets",
        url: forge.url("widgets", FORGE),
        key: { provider: "token", secret: "FORGE_TOKEN" },
        ...options,
      }),
    ],
    ...(ssh && { ssh }),
    sidecar: {
      caPem: ca.cert,
      secrets: { FORGE_TOKEN: TOKEN, SECRET },
      resolve: { [`${FORGE}:${forge.port}`]: forge.address, [`${STORE}:${forge.port}`]: forge.address },
    },
  });
  const place = new GitPlace(gate.environment);
  onTestFinished(() => place.close());
  const clone = await cloneOf(place, gate, "clone");
  return { forge, server, gate, place, clone, ask: (...asked) => ask(gate, ...asked) };
}

export async function cloneOf(place: GitPlace, gate: Gate, name: string): Promise<GitRepo> {
  const clone = await place.clone(gate.url("widgets"), name);
  await clone.git("lfs", "install", "--local");
  await clone.git("config", "lfs.transfer.maxretries", "1");
  clone.write(".gitattributes", "*.bin filter=lfs diff=lfs merge=lfs -text\n");
  return clone;
}

function ask(gate: Gate, method: string, path: string, body: string | Uint8Array = ""): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = httpRequest({
      port: gate.proxyPort,
      method,
      path: `http://git.bottle/widgets.git/info/lfs${path}`,
      headers: { host: "git.bottle", "content-length": Buffer.byteLength(body) },
    });
    request.on("error", reject);
    request.on("response", (response) => {
      const parts: Buffer[] = [];
      response.on("data", (part: Buffer) => parts.push(part));
      response.on("error", reject);
      response.on("end", () => {
        resolve({ status: response.statusCode ?? 0, text: Buffer.concat(parts).toString("utf8") });
      });
    });
    request.end(body);
  });
}
