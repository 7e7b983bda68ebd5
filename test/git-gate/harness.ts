import { readFileSync } from "node:fs";
import { onTestFinished } from "vitest";
import { Secret } from "../../src/base/secret.ts";
import type { GitEvent, ProposalEvent } from "../../src/journal/record.ts";
import { parseGitUrl } from "../../src/manifest/definitions/git-gate.ts";
import type { GitKeyPlan } from "../../src/plan/git.ts";
import { HELD_BY_DEFAULT } from "../../src/policy/git/held-paths.ts";
import type { PushRules } from "../../src/policy/git/push-rules.ts";
import { createGitGate } from "../../src/sidecar/git-gate/create-gate.ts";
import type { GitRepoConfig } from "../../src/sidecar/protocol.ts";
import { ProposalStore } from "../../src/sidecar/supervise/proposals.ts";
import { Sidecar, type SidecarOptions } from "../egress/harness.ts";
import type { SshUpstream } from "../support/ssh-upstream.ts";
import { type HostOptions, startHost } from "./host.ts";

/** The name by which tests' entries know the upstream on loopback. */
export const FORGE = "forge.example.com";

export const DEFAULT_RULES: PushRules = {
  allow: ["refs/heads/**"],
  force: false,
  delete: false,
  tags: false,
  hold: HELD_BY_DEFAULT,
};

export interface RepoOptions {
  readonly name: string;
  readonly url: string;
  readonly key?: GitKeyPlan;
  readonly hostKey?: string | undefined;
  readonly push?: Partial<PushRules>;
  readonly scan?: GitRepoConfig["scan"];
  readonly sign?: { readonly key: string };
}

/** One entry of `git-gate.repos`, as the sidecar gets it. */
export function repoConfig({ name, url, key, hostKey, push, scan, sign }: RepoOptions): GitRepoConfig {
  const upstream = parseGitUrl(url);
  if (typeof upstream === "string") throw new Error(`${url} ${upstream}`);
  return {
    name,
    url,
    upstream,
    key: key ?? { provider: "static", path: "/unused" },
    hostKey,
    push: { ...DEFAULT_RULES, ...push },
    scanner: undefined,
    scan: scan ?? { tokenPatterns: true, gitleaks: false },
    sign,
    source: "test.md:1",
  };
}

export interface GateOptions {
  readonly repos: readonly GitRepoConfig[];
  /** where the upstreams' names lead; its key is every entry's, and it answers for `FORGE` */
  readonly ssh?: SshUpstream;
  readonly sidecar?: SidecarOptions;
  readonly host?: Partial<HostOptions>;
  /** false: nobody can be asked */
  readonly supervise?: boolean;
  readonly rules?: string;
}

export interface Gate {
  /** as the bottle's git is made to spell a declared repository */
  url(name: string): string;
  /** variables for a git that has no other way out than the gate */
  readonly environment: Readonly<Record<string, string>>;
  /** port of the sidecar's proxy, for requests made by hand */
  readonly proxyPort: number;
  readonly events: readonly (GitEvent | ProposalEvent)[];
  readonly proposals: ProposalStore;
  readonly side: Sidecar;
  /** where mirrors are kept: for another gate of the same */
  readonly home: string;
  readonly hostPid: number;
}

/** The whole git plane but for the bottle: the sidecar's, its launcher's half in a process of its own, real sandboxes. */
export async function startGate(options: GateOptions): Promise<Gate> {
  const { ssh, repos } = options;
  const key = ssh && new Secret("key", readFileSync(ssh.keyFile, "utf8"));
  const host = await startHost({
    repos,
    keys: new Map(key ? repos.map(({ name }) => [name, key]) : []),
    ...options.host,
  });
  const events: (GitEvent | ProposalEvent)[] = [];
  const proposals = new ProposalStore({ now: Date.now, onEvent: (event) => events.push(event) });
  const vault = new Map(
    Object.entries(options.sidecar?.secrets ?? {}).map(([name, value]) => [name, new Secret(name, value)]),
  );
  const side = new Sidecar({
    routes: [],
    ...options.sidecar,
    resolve: {
      ...(ssh && { [`${FORGE}:${ssh.port}`]: `127.0.0.1:${ssh.port}` }),
      ...options.sidecar?.resolve,
    },
    inner: (shared) => [
      createGitGate(
        {
          repos,
          programs: host.programs,
          vault,
          secrets: [...vault].map(([name, value]) => ({ name, value, kind: "brokered" as const })),
          proposals: options.supervise === false ? undefined : proposals,
          rules: options.rules,
          record: (event) => events.push(event),
        },
        shared,
      ),
    ],
  });
  (options.host?.atEnd ?? onTestFinished)(() => side.close());
  const proxyPort = await side.proxy();
  return {
    url: (name) => `http://git.bottle/${name}`,
    environment: { http_proxy: `http://127.0.0.1:${proxyPort}`, no_proxy: "" },
    proxyPort,
    events,
    proposals,
    side,
    home: host.home,
    hostPid: host.pid,
  };
}
