import type { Secret } from "../../base/secret.ts";
import type { KnownSecret } from "../../dlp/known/secret.ts";
import type { GitEvent } from "../../journal/record.ts";
import type { Shared } from "../egress/egress.ts";
import type { GitRepoConfig } from "../protocol.ts";
import type { ProposalStore } from "../supervise/proposals.ts";
import { GitGate } from "./gate.ts";
import { GATE_HOST, RepoPaths } from "./http/repo-path.ts";
import { type Endpoint, httpsEndpoint, sshEndpoint } from "./lfs/endpoint.ts";
import { LfsGate } from "./lfs/lfs-gate.ts";
import { lfsScans } from "./lfs/object-scan.ts";
import { LfsTransfers } from "./lfs/transfers.ts";
import { UpstreamLfs } from "./lfs/upstream-lfs.ts";
import { PreparedPrograms } from "./prepared-programs.ts";
import type { GitPrograms } from "./programs.ts";
import { PushInspector } from "./push/inspector.ts";
import { PushJudge } from "./push/push-judge.ts";
import { Pusher } from "./push/pusher.ts";
import { Signer } from "./push/signer.ts";
import { makeRepo } from "./repo.ts";
import type { Connect } from "./upstream/conversation.ts";
import { HttpClient } from "./upstream/http-client.ts";
import { connectHttp } from "./upstream/smart-http.ts";
import { connectSsh, openSsh } from "./upstream/ssh.ts";

export interface GateOptions {
  readonly repos: readonly GitRepoConfig[];
  readonly programs: GitPrograms;
  readonly vault: ReadonlyMap<string, Secret>;
  /** undefined: nobody can be asked */
  readonly proposals: ProposalStore | undefined;
  /** what must not leave */
  readonly secrets: readonly KnownSecret[];
  /** text of the bottle's own rule file */
  readonly rules: string | undefined;
  record(event: GitEvent): void;
}

/** The git gate of one bottle, over the egress plane's dialler and detectors. */
export function createGitGate(options: GateOptions, shared: Shared): GitGate {
  const { proposals, record } = options;
  const programs = new PreparedPrograms(options.programs);
  const client = new HttpClient(shared.upstream);
  const ways = new Map(options.repos.map((plan) => [plan, wayTo(plan, options, shared, client)]));
  const repos = [...ways].map(([plan, { connect }]) => makeRepo(plan, programs, connect));
  const inspector = new PushInspector(programs, options.secrets, options.rules);
  const transfers = new LfsTransfers();
  const lfs = repos.flatMap((repo) => {
    const { name, upstream: at } = repo.plan;
    const endpoint = ways.get(repo.plan)?.lfs;
    if (endpoint === undefined) return [];
    const upstream = new UpstreamLfs(client, endpoint, at.host);
    const base = `http://${GATE_HOST}/${name}.git/info/lfs`;
    const scans = lfsScans(repo, inspector, programs);
    return [[name, new LfsGate({ repo, base, programs, transfers, upstream, record, ...scans })] as const];
  });
  return new GitGate({
    quotas: shared.quotas,
    repos: new Map(repos.map((repo) => [repo.plan.name, repo])),
    paths: new RepoPaths(options.repos),
    programs,
    pusher: new Pusher({
      ...{ programs, inspector, record },
      signer: new Signer(programs),
      judge: new PushJudge(proposals),
    }),
    lfs: new Map(lfs),
    record,
  });
}

/** How one upstream is reached: for git, and for LFS. */
function wayTo(
  plan: GitRepoConfig,
  { programs, vault }: GateOptions,
  { dialler }: Shared,
  client: HttpClient,
): { readonly connect: Connect; readonly lfs: Endpoint } {
  const { upstream, key, name } = plan;
  const { host, port } = upstream;
  if (key.provider === "token") {
    const token = vault.get(key.secret);
    if (token === undefined) throw new Error(`the vault has no ${key.secret}`);
    return { connect: connectHttp(client, upstream, token), lfs: httpsEndpoint(upstream, token) };
  }
  const dial = () => dialler.connect(host, port, { declared: true });
  return {
    connect: connectSsh(name, programs, dial),
    lfs: sshEndpoint(upstream, (service) => openSsh(name, programs, dial, service)),
  };
}
