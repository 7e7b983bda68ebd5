import type { GitRepoPlan } from "../../../plan/git.ts";
import type { RequestFacts } from "../../../policy/facts.ts";
import { gitTraffic } from "../../../policy/git-traffic.ts";
import { parseAuthority } from "../../../policy/host.ts";
import { nameHost } from "../../../policy/named-host.ts";
import { normaliseTarget } from "../../../policy/path.ts";

/** The gate's name inside a bottle. */
export const GATE_HOST = "git.bottle";

/** What a request to the gate is for. */
export interface Asked {
  /** undefined: no entry declares it */
  readonly repo: GitRepoPlan | undefined;
  /** how the agent named it, for a person to read; not printable yet */
  readonly named: string;
  /** the part of the path behind the repository, without its first slash: `info/refs` */
  readonly below: string;
  readonly query: string;
}

/** What git and git-lfs ask a repository for: the end of each path they use. */
const BELOW =
  /^(.*?)(?:\.git)?\/(info\/refs|git-upload-pack|git-receive-pack|info\/lfs(?:\/.*)?|HEAD|objects\/.*)$/;

/** Finds the repository of a request: by the gate's own name, or by the upstream's over https. */
export class RepoPaths {
  readonly #byName: ReadonlyMap<string, GitRepoPlan>;
  readonly #byUrl: ReadonlyMap<string, GitRepoPlan>;

  constructor(repos: readonly GitRepoPlan[]) {
    this.#byName = new Map(repos.map((repo) => [repo.name, repo]));
    this.#byUrl = new Map(
      repos.map((repo) => [`${repo.upstream.host}:${httpsPort(repo)}${bare(repo.upstream.path)}`, repo]),
    );
  }

  /** Undefined: it isn't the gate's. */
  find(facts: RequestFacts): Asked | undefined {
    const { authority, port, target } = facts;
    if (authority === GATE_HOST || authority.toLowerCase() === `${GATE_HOST}:80`) return this.#own(target);
    if (
      this.#byUrl.size === 0 ||
      facts.scheme !== "https" ||
      (!target.includes("/info/") && !target.includes("/git-"))
    )
      return undefined;
    const named = parseAuthority(authority, port);
    if (!named.ok) return undefined;
    const path = normaliseTarget(target, "block");
    if (!path.ok || gitTraffic(facts.method, path.path, path.query, facts.headers) === undefined)
      return undefined;
    const [, repoPath = "", below = ""] = BELOW.exec(path.path) ?? [];
    const repo = this.#byUrl.get(`${named.host}:${named.port}${repoPath}`);
    if (repo === undefined || !nameHost(facts).ok) return undefined;
    return { repo, named: repo.url, below, query: path.query };
  }

  #own(target: string): Asked {
    const at = target.indexOf("?");
    const path = at < 0 ? target : target.slice(0, at);
    const query = at < 0 ? "" : target.slice(at);
    const [, repoPath = path, below = ""] = BELOW.exec(path) ?? [];
    const name = repoPath.slice(1);
    const repo = this.#byName.get(name);
    return { repo, named: repo?.url ?? spelled(name), below, query };
  }
}

function httpsPort({ upstream }: GitRepoPlan): number {
  return upstream.scheme === "https" ? upstream.port : 443;
}

function bare(path: string): string {
  return path.replace(/\.git$/, "").replace(/\/$/, "");
}

/** What the bottle's git wrote before it was rewritten: `/-/ssh/HOST/PATH` was `ssh://HOST/PATH`. */
function spelled(name: string): string {
  const [, scheme = "", rest = ""] = /^-\/(ssh|scp|git)\/(.*)$/.exec(name) ?? [];
  if (scheme === "") return name;
  return scheme === "scp" ? `git@${rest}` : `${scheme}://${rest}`;
}
