import { Fault } from "../../base/fault.ts";
import type { Secret } from "../../base/secret.ts";
import type { GitRepoPlan } from "../../plan/git.ts";
import type { UpstreamConfig } from "../../sidecar/protocol.ts";
import type { HomePaths } from "../paths.ts";
import { atOnce } from "./at-once.ts";
import { type ForgeNetwork, openForgeNetwork } from "./forge-client.ts";
import { readKeyFile } from "./key-file.ts";
import { makeDeployKey, type RepoKey } from "./made-key.ts";

/** What a session gives to its keys. */
export interface KeyHost {
  readonly home: HomePaths;
  /** the bottle's ID */
  readonly id: string;
  readonly env: NodeJS.ProcessEnv;
  /** values of the tokens that may add deploy keys, by name */
  readonly secrets: ReadonlyMap<string, Secret>;
  readonly upstream: UpstreamConfig;
  /** `--settings`, which names the tokens' files for a later `cleanup` */
  readonly settingsFile: string | undefined;
  /** tests' own; else one is opened when a forge is to be asked */
  readonly network?: ForgeNetwork;
}

export interface GitKeys {
  /** by the entry's name; an entry with a token has none */
  readonly keys: ReadonlyMap<string, Secret>;
  /** Revokes what was made. Answers a line for each key that may have stayed; safe to call twice. */
  release(): Promise<readonly string[]>;
}

/**
 * The private keys of all ssh upstreams: read from the operator's files, or made and registered at the forge. All or
 * none: where one fails, those that were made are revoked. Throws `Fault` that names all that failed.
 */
export async function obtainKeys(repos: readonly GitRepoPlan[], host: KeyHost): Promise<GitKeys> {
  let opened = host.network;
  const network = () => (opened ??= openForgeNetwork(host.upstream));
  const obtained = new Map<string, RepoKey>();
  const faults: Fault[] = [];
  await atOnce(repos, async (repo) => {
    try {
      const key = await obtain(repo, host, network);
      if (key) obtained.set(repo.name, key);
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      faults.push(error);
    }
  });
  let released: Promise<readonly string[]> | undefined;
  const release = () => (released ??= revokeAll(obtained));
  if (faults.length === 0)
    return { keys: new Map([...obtained].map(([name, key]) => [name, key.privateKey])), release };
  const stayed = await release();
  const mends = new Set(faults.flatMap(({ mend }) => mend ?? []));
  throw new Fault([...faults.map(({ message }) => message), ...stayed].join("\n"), {
    ...(mends.size > 0 && { mend: [...mends].join("; ") }),
    exitCode: Math.min(...faults.map(({ exitCode }) => exitCode)),
  });
}

async function obtain(
  repo: GitRepoPlan,
  host: KeyHost,
  network: () => ForgeNetwork,
): Promise<RepoKey | undefined> {
  const { key } = repo;
  const what = `git-gate.repos.${repo.name}.key (${repo.source})`;
  switch (key.provider) {
    case "token":
      return undefined;
    case "static":
      return { privateKey: readKeyFile(key.path, what, host.env), revoke: async () => {} };
    case "gitea":
    case "github":
    case "gitlab": {
      const token = host.secrets.get(key.secret);
      if (token === undefined) throw new Error(`${what}: the plan asked for no secret ${key.secret}`);
      const { home, id, settingsFile } = host;
      return await makeDeployKey(
        { bottle: id, repo: repo.name, what, path: repo.upstream.path, token, settingsFile, ...key },
        home,
        network(),
      );
    }
  }
}

async function revokeAll(obtained: ReadonlyMap<string, RepoKey>): Promise<readonly string[]> {
  const stayed: string[] = [];
  await atOnce([...obtained.values()], async (key) => {
    try {
      await key.revoke();
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      stayed.push(error.message, ...(error.mend === undefined ? [] : [`  → ${error.mend}`]));
    }
  });
  return stayed;
}
