import { type Refusal, refuse } from "../../policy/verdict.ts";
import type { GitRepoConfig } from "../protocol.ts";
import { Mirror } from "./mirror/mirror.ts";
import type { GitPrograms } from "./programs.ts";
import type { Connect } from "./upstream/conversation.ts";

/** One declared repository as the gate serves it. */
export interface Repo {
  readonly plan: GitRepoConfig;
  /** how verdicts name it: `git-gate.repos.widgets (dev.md:12)` */
  readonly rule: string;
  readonly connect: Connect;
  readonly mirror: Mirror;
  /** pushes go one after the other: the next one's head start is to see what the one before did */
  pushing: Promise<unknown>;
  /** of a push that is expected, and whose programs are started */
  nextPush: string | undefined;
}

export function makeRepo(plan: GitRepoConfig, programs: GitPrograms, connect: Connect): Repo {
  return {
    plan,
    rule: `git-gate.repos.${plan.name} (${plan.source})`,
    connect,
    mirror: new Mirror(plan.name, programs, connect),
    pushing: Promise.resolve(),
    nextPush: undefined,
  };
}

/** SPEC §5: no host key, no connection; never trust on first use. */
export function hostKeyRefusal({ plan, rule }: Pick<Repo, "plan" | "rule">): Refusal | undefined {
  const { upstream, hostKey } = plan;
  if (upstream.scheme !== "ssh" || hostKey !== undefined) return undefined;
  const port = upstream.port === 22 ? "" : `-p ${upstream.port} `;
  return refuse(
    "git.host_key_missing",
    `The entry has no host_key, so that ${upstream.host} can't be told from another.`,
    rule,
    {
      needed: `host_key, from: ssh-keyscan ${port}-t ed25519 ${upstream.host}   (compare it with what the host publishes)`,
    },
  );
}
