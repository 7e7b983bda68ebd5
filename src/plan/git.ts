import type { GitRepo } from "../manifest/bottle.ts";
import type { GitUpstream } from "../manifest/definitions/git-gate.ts";
import { refGlob } from "../policy/git/glob.ts";
import { HELD_BY_DEFAULT } from "../policy/git/held-paths.ts";
import type { PushRules } from "../policy/git/push-rules.ts";
import type { SecretNeed } from "./launch-plan.ts";

/** How the gate shows an upstream who it is. */
export type GitKeyPlan =
  /** a key file of the operator's; may begin with `~/` */
  | { readonly provider: "static"; readonly path: string }
  /** a token for https, by its name in the vault */
  | { readonly provider: "token"; readonly secret: string }
  /** a deploy key that is made at launch, and the name of the token that may add it */
  | { readonly provider: "gitea" | "github" | "gitlab"; readonly secret: string; readonly apiUrl: string };

/** One repository that the git gate serves. */
export interface GitRepoPlan {
  readonly name: string;
  /** as written */
  readonly url: string;
  readonly upstream: GitUpstream;
  readonly key: GitKeyPlan;
  /** `ssh-ed25519 AAAA…`; without it an ssh upstream is refused */
  readonly hostKey: string | undefined;
  readonly push: PushRules;
  /** undefined: `both` where gitleaks is found, else `builtin` */
  readonly scanner: "both" | "builtin" | "gitleaks" | undefined;
  /** path of the key that signs */
  readonly sign: { readonly key: string } | undefined;
  /** `dev.md:12` */
  readonly source: string;
}

/** Branches, and nothing else. */
const BRANCHES = ["refs/heads/**"];

/** The repositories of a bottle, and the secrets that their upstreams or their forges need. */
export function planGit(written: ReadonlyMap<string, GitRepo>): {
  readonly repos: readonly GitRepoPlan[];
  readonly secrets: readonly SecretNeed[];
} {
  const repos = [...written.values()].map(planRepo);
  const secrets = repos.flatMap(({ name, key, source }): SecretNeed[] => {
    if (key.provider === "static") return [];
    const found = { kind: "ref", name: key.secret } as const;
    const need = { name: key.secret, source: found, neededBy: `git-gate.repos.${name} (${source})` };
    // A token that makes keys is the launcher's alone: a sidecar that had it could do all that it may.
    return [key.provider === "token" ? need : { ...need, known: false }];
  });
  return { repos, secrets };
}

function planRepo(repo: GitRepo): GitRepoPlan {
  const { name, url, upstream, key, push, scanner, signKey, hostKey, at } = repo;
  return {
    name,
    url,
    upstream,
    key:
      key.provider === "static"
        ? key
        : key.provider === "token"
          ? { provider: "token", secret: key.tokenRef }
          : { provider: key.provider, secret: key.tokenRef, apiUrl: key.apiUrl },
    hostKey,
    push: {
      allow: push.allow?.map(refGlob) ?? BRANCHES,
      force: push.force,
      delete: push.delete,
      tags: push.tags,
      hold: push.hold ?? HELD_BY_DEFAULT,
    },
    scanner,
    sign: signKey === undefined ? undefined : { key: signKey },
    source: at,
  };
}
