import { dirname } from "node:path";
import type { Secret } from "../../base/secret.ts";
import type { LaunchPlan } from "../../plan/launch-plan.ts";
import type { GitRepoConfig, UpstreamConfig } from "../../sidecar/protocol.ts";
import { codeLocation } from "../code-location.ts";
import { findGitleaks, scannersOf } from "../find-gitleaks.ts";
import { readKeyFile } from "../git-keys/key-file.ts";
import { obtainKeys } from "../git-keys/obtain-keys.ts";
import type { Owner } from "../owner.ts";
import { type HomePaths, statePaths } from "../paths.ts";
import type { OperatorIo, StartRequest } from "../request.ts";
import { prepareGit } from "./host.ts";
import type { GitHost } from "./job.ts";

/** The git gate of one bottle, as the launcher has made it ready. */
export interface OpenGit {
  /** absent: no repository is declared */
  readonly host: GitHost | undefined;
  readonly repos: readonly GitRepoConfig[];
  /** Revokes what was made for this bottle alone. Answers a line for each that may have stayed. */
  release(): Promise<readonly string[]>;
}

const NOTHING: OpenGit = { host: undefined, repos: [], release: () => Promise.resolve([]) };

/** Reads or makes the keys, finds gitleaks, makes the mirrors' folders. Throws `Fault`; nothing is left then. */
export async function openGit(
  prepared: {
    readonly plan: LaunchPlan;
    readonly secrets: ReadonlyMap<string, Secret>;
    readonly upstream: UpstreamConfig;
    readonly owner: Owner;
    readonly request: StartRequest;
  },
  home: HomePaths,
  io: OperatorIo,
): Promise<OpenGit> {
  const { plan, secrets, upstream, owner, request } = prepared;
  if (plan.git.length === 0) return NOTHING;
  const { source } = plan.workspace;
  const { nodePath, folder } = codeLocation();
  const gitleaks = findGitleaks({
    path: io.env.PATH ?? "",
    unsafe: source === undefined ? [] : [source],
    programFolder: dirname(folder),
    node: nodePath,
  });
  const repos = plan.git.map((repo): GitRepoConfig => ({ ...repo, scan: scannersOf(repo, gitleaks) }));
  const signKeys = new Map(
    plan.git.flatMap(({ name, sign, source: at }) =>
      sign === undefined
        ? []
        : [[name, readKeyFile(sign.key, `git-gate.repos.${name}.sign.key (${at})`, io.env)] as const],
    ),
  );
  const { settingsFile } = request;
  const { keys, release } = await obtainKeys(plan.git, {
    ...{ home, id: plan.id, env: io.env, secrets, upstream, settingsFile },
  });
  try {
    const { scratch } = statePaths(home, plan.id);
    const host = prepareGit(home, {
      ...{ repos: plan.git, keys, secrets, signKeys, owner, scratch },
      gitleaks: repos.some(({ scan }) => scan.gitleaks) ? gitleaks : undefined,
    });
    return { host, repos, release };
  } catch (error) {
    for (const line of await release()) io.notice(line);
    throw error;
  }
}
