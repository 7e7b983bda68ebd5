import { printable } from "../../../base/printable.ts";
import type { Secret } from "../../../base/secret.ts";
import type { GitUpstream } from "../../../manifest/definitions/git-gate.ts";
import { AUTHENTICATION_MS, MAX_AUTHENTICATION_BYTES } from "../limits.ts";
import type { SshService } from "../programs.ts";
import { UpstreamRefused } from "../upstream/conversation.ts";
import { authorization } from "../upstream/smart-http.ts";
import type { SshRun } from "../upstream/ssh.ts";
import { type Action, readAction } from "./action.ts";
import { members, type Operation } from "./objects.ts";

/** Where an upstream's LFS API is, its path without a slash at the end. Rejects with `UpstreamRefused`. */
export type Endpoint = (operation: Operation) => Promise<Action>;

/** Of a repository over https: beside it, with the same token (git-lfs docs/api/server-discovery.md). */
export function httpsEndpoint({ host, port, path }: GitUpstream, token: Secret): Endpoint {
  const origin = { scheme: "https", host, port, declared: true } as const;
  return () => Promise.resolve({ origin, target: apiPath(path), fields: authorization(token) });
}

/**
 * Of a repository over ssh: `git-lfs-authenticate` says where it is and gives a token for it, for a while.
 * `open`: runs a command at the upstream.
 */
export function sshEndpoint(
  { host, path }: GitUpstream,
  open: (service: SshService) => Promise<SshRun>,
): Endpoint {
  const known = new Map<Operation, { readonly until: number; readonly action: Promise<Action> }>();
  return (operation) => {
    const kept = known.get(operation);
    if (kept && kept.until > performance.now()) return kept.action;
    const action = authenticate(host, path, () => open(`git-lfs-authenticate ${operation}`));
    known.set(operation, { until: performance.now() + AUTHENTICATION_MS, action });
    action.catch(() => known.delete(operation));
    return action;
  };
}

async function authenticate(host: string, path: string, open: () => Promise<SshRun>): Promise<Action> {
  const run = await open();
  try {
    run.stdin.end();
    const parts: Buffer[] = [];
    let length = 0;
    for await (const bytes of run.stdout) {
      length += bytes.length;
      if (length > MAX_AUTHENTICATION_BYTES) break;
      parts.push(bytes);
    }
    const said =
      length > MAX_AUTHENTICATION_BYTES ? undefined : parsed(Buffer.concat(parts).toString("utf8"));
    if (said === undefined) {
      run.close();
      const { stderr } = await run.exited;
      const words = stderr.trim() === "" ? "" : `: ${printable(stderr.trim(), 500)}`;
      throw new UpstreamRefused(`${host} serves no LFS to the gate's key (git-lfs-authenticate)${words}.`);
    }
    // Without an href it is where it would be for https.
    const href = said.get("href") || `https://${host}${apiPath(path)}`;
    const action = readAction({ href, header: said.get("header") }, host);
    return { ...action, target: action.target.replace(/\/+$/, "") };
  } finally {
    run.close();
  }
}

function parsed(text: string): ReadonlyMap<string, unknown> | undefined {
  try {
    const said = members(JSON.parse(text));
    return said.has("href") || said.has("header") ? said : undefined;
  } catch {
    return undefined;
  }
}

function apiPath(path: string): string {
  const bare = path.replace(/\/$/, "");
  return `${bare}${bare.endsWith(".git") ? "" : ".git"}/info/lfs`;
}
