import { createHash } from "node:crypto";
import { chownSync, lstatSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Fault } from "../../base/fault.ts";
import type { Secret } from "../../base/secret.ts";
import type { GitRepoPlan } from "../../plan/git.ts";
import { type Owner, uidsInUse } from "../owner.ts";
import type { HomePaths } from "../paths.ts";
import type { GitHost, GitleaksHost, RepoHost, SshHost } from "./job.ts";
import { adoptMirror, ensureMirror } from "./mirror-folder.ts";

export interface GitHostInput {
  readonly repos: readonly GitRepoPlan[];
  /** by repository: the private key, OpenSSH PEM */
  readonly keys: ReadonlyMap<string, Secret>;
  /** of the plan, all */
  readonly secrets: ReadonlyMap<string, Secret>;
  /** by repository, as `keys` */
  readonly signKeys: ReadonlyMap<string, Secret>;
  readonly gitleaks: GitleaksHost | undefined;
  readonly owner: Owner;
  /** the bottle's `scratch` */
  readonly scratch: string;
}

/**
 * Makes the mirrors' folders and the folder of a bottle's pushes, and says what the process that runs the bottle needs.
 * A mirror is one upstream's, seen with one credential: who holds another is not shown what this one fetched. Started by
 * root it is one uid's as well, for the programs that write it run as that.
 */
export function prepareGit(home: HomePaths, input: GitHostInput): GitHost | undefined {
  const { repos, owner, scratch } = input;
  if (repos.length === 0) return undefined;
  const root = process.getuid?.() === 0;
  const make = (folder: string, own: boolean) => {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const stat = lstatSync(folder);
    if (!stat.isDirectory()) throw new Fault(`${folder} is no folder`, { mend: "remove it" });
    if (root && own) chownSync(folder, owner.uid, owner.gid);
  };
  make(home.cache, false);
  make(join(home.cache, "git"), false);
  const folder = join(scratch, "git");
  for (const path of [folder, join(folder, "lfs")]) make(path, true);
  const hosts = repos.map((repo): readonly [string, RepoHost] => {
    const key = mirrorKey(repo, input);
    const mirror = join(home.cache, "git", root ? `${key}-${owner.uid}` : key);
    if (root) adoptMirror(join(home.cache, "git"), key, owner, uidsInUse());
    make(mirror, true);
    ensureMirror(mirror, root ? owner : undefined);
    describe(mirror, repo, owner, root);
    return [
      repo.name,
      { mirror, ssh: sshHost(repo, input.keys), signKey: input.signKeys.get(repo.name)?.reveal() },
    ];
  });
  return { repos: Object.fromEntries(hosts), folder, gitleaks: input.gitleaks };
}

/** Names a mirror: nothing of the credential can be read from it. */
function mirrorKey({ name, upstream, key }: GitRepoPlan, { keys, secrets }: GitHostInput): string {
  const { scheme, user = "", host, port, path } = upstream;
  const credential = key.provider === "static" ? keys.get(name)?.reveal() : secrets.get(key.secret)?.reveal();
  const hash = createHash("sha256").update(
    JSON.stringify([scheme, user, host, port, path.replace(/\.git$/, ""), key.provider, credential ?? ""]),
  );
  return hash.digest("hex").slice(0, 32);
}

/** For `bot-bottle git` and `cleanup`. */
function describe(mirror: string, { url }: GitRepoPlan, { uid }: Owner, root: boolean): void {
  const usedAt = new Date().toISOString();
  const text = JSON.stringify({ upstream: url, refreshedAt: usedAt, ...(root && { uid }) });
  writeFileSync(join(mirror, "bot-bottle.json"), `${text}\n`, { mode: 0o600 });
}

function sshHost(
  { name, upstream, hostKey }: GitRepoPlan,
  keys: ReadonlyMap<string, Secret>,
): SshHost | undefined {
  const key = keys.get(name)?.reveal();
  const { scheme, user, host, port, path } = upstream;
  // Without a host key nothing is dialled: the gate refuses, and says what is missing.
  if (scheme !== "ssh" || user === undefined || hostKey === undefined || key === undefined) return undefined;
  return { user, host, port, path, hostKey, key };
}
