import type { Secret } from "../../base/secret.ts";
import type { KnownSecret } from "../../dlp/known/secret.ts";
import type { GitEvent } from "../../journal/record.ts";
import type { Shared } from "../egress/egress.ts";
import type { GitRepoConfig } from "../protocol.ts";
import type { ProposalStore } from "../supervise/proposals.ts";
import { GitGate } from "./gate.ts";
import { RepoPaths } from "./http/repo-path.ts";
import type { GitPrograms } from "./programs.ts";
import { PushInspector } from "./push/inspector.ts";
import { Pusher } from "./push/pusher.ts";
import { Signer } from "./push/signer.ts";
import { makeRepo } from "./repo.ts";
import type { Connect } from "./upstream/conversation.ts";
import { connectSsh } from "./upstream/ssh.ts";

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
  const { programs, proposals, record } = options;
  const repos = options.repos.map((plan) => makeRepo(plan, programs, connectTo(plan, options, shared)));
  const inspector = new PushInspector(programs, options.secrets, options.rules);
  return new GitGate({
    repos: new Map(repos.map((repo) => [repo.plan.name, repo])),
    paths: new RepoPaths(options.repos),
    programs,
    pusher: new Pusher({ programs, inspector, signer: new Signer(programs), proposals, record }),
    record,
  });
}

function connectTo(plan: GitRepoConfig, { programs }: GateOptions, { dialler }: Shared): Connect {
  const { host, port } = plan.upstream;
  return connectSsh(plan.name, programs, () => dialler.connect(host, port, { declared: true }));
}
