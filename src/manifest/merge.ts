import type { Bottle, GitRepo, ProviderChoice } from "./bottle.ts";

export interface Merged {
  readonly bottle: Bottle;
  /** one line each: what was replaced that the operator may not expect */
  readonly notices: readonly string[];
}

/** A bottle in which nothing is written. */
export function emptyBottle(name: string): Bottle {
  return {
    name,
    env: new Map(),
    provider: {},
    routes: new Map(),
    gitUser: {},
    repos: new Map(),
    workspace: {},
    limits: {},
    isolation: {},
  };
}

/**
 * The one merge of SPEC §1, left to right: `env` by variable, routes by host (the later whole), `git-gate.user` and the
 * other maps by key, `git-gate.repos` by upstream host, scalars and lists: the later wins.
 */
export function mergeBottles(bottles: readonly Bottle[]): Merged {
  const [first, ...rest] = bottles;
  if (first === undefined) return { bottle: emptyBottle(""), notices: [] };
  const notices: string[] = [];
  return { bottle: rest.reduce((merged, next) => mergeTwo(merged, next, notices), first), notices };
}

function mergeTwo(earlier: Bottle, later: Bottle, notices: string[]): Bottle {
  return {
    name: later.name,
    env: new Map([...earlier.env, ...later.env]),
    provider: mergeProvider(earlier.provider, later.provider, notices),
    log: later.log ?? earlier.log,
    routes: new Map([...earlier.routes, ...later.routes]),
    dlpRules: later.dlpRules ?? earlier.dlpRules,
    gitUser: overlay(earlier.gitUser, later.gitUser),
    repos: mergeRepos(earlier.repos, later.repos, notices),
    supervise: later.supervise ?? earlier.supervise,
    workspace: overlay(earlier.workspace, later.workspace),
    limits: overlay(earlier.limits, later.limits),
    isolation: overlay(earlier.isolation, later.isolation),
  };
}

/** By key; what is undefined was not written and hides nothing. */
export function overlay<T extends object>(earlier: T, later: T): T {
  const written = Object.entries(later).filter(([, value]) => value !== undefined);
  return { ...earlier, ...Object.fromEntries(written) };
}

/** Another template is another program: a token or image chosen for the first must not reach the second. */
function mergeProvider(earlier: ProviderChoice, later: ProviderChoice, notices: string[]): ProviderChoice {
  const { template } = earlier;
  if (template === undefined || later.template === undefined || template.value === later.template.value) {
    return overlay(earlier, later);
  }
  const dropped = [
    earlier.dockerfile === undefined ? undefined : "dockerfile",
    earlier.authToken === undefined ? undefined : "auth_token",
    earlier.forwardHostCredentials === undefined ? undefined : "forward_host_credentials",
    earlier.settings === undefined ? undefined : "settings",
  ].filter((key) => key !== undefined);
  if (dropped.length > 0) {
    notices.push(
      `agent_provider.template ${later.template.value} (${later.template.at}) replaces ${template.value} (${template.at}) and with it its ${dropped.join(", ")}`,
    );
  }
  return later;
}

/** A later file that names a host takes the host over: entries of earlier files for it go (SPEC §1). */
function mergeRepos(
  earlier: ReadonlyMap<string, GitRepo>,
  later: ReadonlyMap<string, GitRepo>,
  notices: string[],
): ReadonlyMap<string, GitRepo> {
  const hosts = new Set([...later.values()].map((repo) => repo.upstream.host));
  const replaced = [...earlier.values()].filter(
    (repo) => hosts.has(repo.upstream.host) || later.has(repo.name),
  );
  for (const old of replaced) {
    const by = [...later.values()]
      .filter((repo) => repo.name === old.name || repo.upstream.host === old.upstream.host)
      .map((repo) => `${repo.name} (${repo.at})`);
    notices.push(
      `git-gate.repos.${old.name} (${old.at}), host ${old.upstream.host}, is replaced by ${by.join(", ")}`,
    );
  }
  return new Map([...[...earlier].filter(([, repo]) => !replaced.includes(repo)), ...later]);
}
