import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import {
  chmodSync,
  chownSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { tmpdir, userInfo } from "node:os";
import { dirname, join } from "node:path";
import { type GitRun, gitEnvironment, runGit } from "./git-repo.ts";
import { ordinaryUser, type UserIds } from "./ordinary-user.ts";

/** A forge as seen through a real `sshd`: repositories, one accepted key, and a log of every command asked for. */
export interface SshUpstream {
  /** of 127.0.0.1 */
  readonly port: number;
  /** who logs in */
  readonly user: string;
  /** `ssh-ed25519 AAAA…` */
  readonly hostKey: string;
  /** private key that may log in, mode 0600, this process's own */
  readonly keyFile: string;
  /** for GIT_SSH_COMMAND: how one connects without a gate */
  readonly sshCommand: string;
  /** `ssh://USER@127.0.0.1:PORT/team/NAME.git`; `host`: another name for 127.0.0.1 */
  url(name: string, host?: string): string;
  /** Folder of the bare repository. */
  path(name: string): string;
  /**
   * Makes the bare repository `team/NAME.git`: a copy of the repository `seed`, or with one commit (`README.md`) on
   * `main`; "empty": without any; "sha256": with one, in that object format.
   */
  createRepo(name: string, seed?: string): Promise<void>;
  /** Runs git in the bare repository, as its owner. */
  git(name: string, args: readonly string[], input?: string): Promise<string>;
  /** A hook of the repository's: text of a shell script. */
  hook(name: string, hook: "pre-receive" | "update" | "post-receive", script: string): void;
  /** A shell script that is run before each `git-receive-pack`, in the folder of all repositories. */
  beforeReceive(script: string): void;
  /** What `git-lfs-authenticate` answers: its JSON, or nothing (it fails). */
  lfsAuthenticate(json: string | undefined): void;
  /** SSH_ORIGINAL_COMMAND of every session so far. */
  commands(): string[];
  /** how many of them would write */
  receivePacks(): number;
  close(): Promise<void>;
}

/**
 * The command of the key: logs what was asked for and hands git's own commands, with paths below the folder of all
 * repositories, to `git-shell`, which takes no others.
 */
const WRAPPER = `#!/bin/sh
root=$(dirname "$0")
asked=$SSH_ORIGINAL_COMMAND
printf '%s\\0' "$asked" >>"$root/commands"
export HOME="$root/home" GIT_CONFIG_NOSYSTEM=1 LC_ALL=C
cd "$root/repos" || exit 1
case $asked in
git-lfs-authenticate*) exec cat "$root/lfs-authenticate.json" ;;
"git-receive-pack '"*) if [ -f "$root/before-receive" ]; then sh "$root/before-receive" || exit 1; fi ;;
esac
service=\${asked%% *}
path=\${asked#*\\'}
path=\${path#/}
exec git-shell -c "$service '$root/repos/$path"
`;

/** As root the server is the ordinary user's: it needs no folder of the system's and no account with a password then. */
function owner(): UserIds | undefined {
  return process.getuid?.() === 0 ? ordinaryUser() : undefined;
}

export async function startSshUpstream(): Promise<SshUpstream> {
  const ids = owner();
  const user = ids === undefined ? userInfo().username : userName(ids.uid);
  const client = mkdtempSync(join(tmpdir(), "ssh-client-"));
  const root = mkdtempSync(join(tmpdir(), "ssh-upstream-"));
  chmodSync(root, 0o755);
  for (const folder of ["repos", "repos/team", "home"]) mkdirSync(join(root, folder));
  const keyFile = join(client, "id_ed25519");
  keygen(keyFile);
  keygen(join(root, "host_key"));
  const login = readFileSync(`${keyFile}.pub`, "utf8");
  const file = (name: string) => join(root, name);
  writeFileSync(file("authorized_keys"), `command="${file("wrapper")}",restrict ${login}`);
  writeFileSync(file("wrapper"), WRAPPER, { mode: 0o755 });
  writeFileSync(file("commands"), "");
  if (ids) spawnSync("chown", ["-R", `${ids.uid}:${ids.gid}`, root]);
  const hostKey = readFileSync(file("host_key.pub"), "utf8").split(" ").slice(0, 2).join(" ");
  const { port, stop } = await startSshd(root, ids);
  writeFileSync(join(client, "known_hosts"), `[127.0.0.1]:${port} ${hostKey}\n`);

  const path = (name: string) => join(root, "repos/team", `${name}.git`);
  const git = async (cwd: string, args: readonly string[], input = ""): Promise<string> => {
    const done: GitRun = await runGit(cwd, gitEnvironment(file("home")), args, { input, ...ids });
    if (done.code !== 0) throw new Error(`git ${args.join(" ")}: ${done.stderr}`);
    return done.stdout.trim();
  };
  const put = (name: string, text: string, mode = 0o644) => {
    writeFileSync(name, text);
    chmodSync(name, mode);
    if (ids) chownSync(name, ids.uid, ids.gid);
  };
  const commands = () => readFileSync(file("commands"), "utf8").split("\0").slice(0, -1);
  return {
    port,
    user,
    hostKey,
    keyFile,
    sshCommand: `ssh -F none -i ${keyFile} -o IdentitiesOnly=yes -o IdentityAgent=none -o BatchMode=yes -o StrictHostKeyChecking=yes -o UserKnownHostsFile=${join(client, "known_hosts")}`,
    url: (name, host = "127.0.0.1") => `ssh://${user}@${host}:${port}/team/${name}.git`,
    path,
    createRepo: async (name, seed) => {
      const bare = path(name);
      const format = seed === "sha256" ? ["--object-format=sha256"] : [];
      await git(file("repos"), ["init", "-q", "--bare", "-b", "main", ...format, bare]);
      if (seed === "empty") return;
      if (seed === undefined || seed === "sha256") await firstCommit(bare, git);
      else await copyOf(seed, bare, git);
    },
    git: (name, args, input) => git(path(name), args, input),
    hook: (name, hook, script) => {
      mkdirSync(join(path(name), "hooks"), { recursive: true });
      put(join(path(name), "hooks", hook), `#!/bin/sh\n${script}\n`, 0o755);
    },
    beforeReceive: (script) => put(file("before-receive"), `${script}\n`),
    lfsAuthenticate: (json) => {
      if (json === undefined) rmSync(file("lfs-authenticate.json"), { force: true });
      else put(file("lfs-authenticate.json"), json);
    },
    commands,
    receivePacks: () => commands().filter((one) => one.startsWith("git-receive-pack")).length,
    close: async () => {
      await stop();
      for (const folder of [root, client]) rmSync(folder, { recursive: true, force: true });
    },
  };
}

type Git = (cwd: string, args: readonly string[], input?: string) => Promise<string>;

async function firstCommit(bare: string, git: Git): Promise<void> {
  const blob = await git(bare, ["hash-object", "-w", "--stdin"], "widgets\n");
  const tree = await git(bare, ["mktree"], `100644 blob ${blob}\tREADME.md\n`);
  const commit = await git(bare, ["commit-tree", "-m", "first", tree]);
  await git(bare, ["update-ref", "refs/heads/main", commit]);
}

/** Through a bundle: git doesn't read a repository of another user's. */
async function copyOf(seed: string, bare: string, git: Git): Promise<void> {
  const bundle = join(dirname(bare), "..", "..", `seed-${process.pid}.bundle`);
  const made = await runGit(seed, gitEnvironment("/nonexistent"), [
    "bundle",
    "create",
    "-q",
    bundle,
    "--all",
  ]);
  if (made.code !== 0) throw new Error(`git bundle: ${made.stderr}`);
  chmodSync(bundle, 0o644);
  await git(bare, ["fetch", "-q", bundle, "+refs/*:refs/*"]);
  rmSync(bundle);
}

function keygen(path: string): void {
  const made = spawnSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "test", "-f", path]);
  if (made.status !== 0) throw new Error(`ssh-keygen: ${String(made.stderr)}`);
}

function userName(uid: number): string {
  return spawnSync("id", ["-nu", String(uid)], { encoding: "utf8" }).stdout.trim();
}

const SSHD = ["/usr/sbin/sshd", "/usr/bin/sshd", "/sbin/sshd"].find((path) => existsSync(path));

interface Sshd {
  readonly port: number;
  stop(): Promise<void>;
}

/** A port is free until somebody else takes it: then another one is tried. */
async function startSshd(root: string, ids: UserIds | undefined): Promise<Sshd> {
  for (let attempt = 0; ; attempt += 1) {
    const port = await freePort();
    const config = join(root, "sshd_config");
    writeFileSync(config, configuration(root, port));
    const started = await tryToStart(config, ids);
    if (typeof started !== "string") return { port, stop: () => ended(started) };
    if (attempt === 20 || !started.includes("Address already in use")) throw new Error(`sshd: ${started}`);
  }
}

function configuration(root: string, port: number): string {
  return [
    `ListenAddress 127.0.0.1:${port}`,
    `HostKey ${join(root, "host_key")}`,
    `AuthorizedKeysFile ${join(root, "authorized_keys")}`,
    `PidFile none`,
    "UsePAM no",
    "StrictModes no",
    "PasswordAuthentication no",
    "KbdInteractiveAuthentication no",
    "AcceptEnv GIT_PROTOCOL",
    "MaxStartups 200",
    "PrintMotd no",
    "",
  ].join("\n");
}

/** The server once it listens, or what it said when it did not. It doesn't outlive this process. */
function tryToStart(config: string, ids: UserIds | undefined): Promise<ChildProcess | string> {
  if (SSHD === undefined) throw new Error("sshd is not installed (Debian: openssh-server)");
  const args = ["--pdeathsig", "KILL", "--", SSHD, "-D", "-e", "-f", config];
  const child = spawn("setpriv", args, { stdio: ["ignore", "ignore", "pipe"], ...ids });
  return new Promise((resolve, reject) => {
    let said = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      said = (said + text).slice(-4000);
      if (said.includes("Server listening on")) resolve(child);
    });
    child.once("error", reject);
    child.once("close", () => resolve(said));
  });
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const closed = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGTERM");
  await closed;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}

/** A copy of the key for another user who starts the program: a key file must be its reader's own. */
export function keyFor(upstream: SshUpstream, path: string, ids: UserIds | undefined): string {
  copyFileSync(upstream.keyFile, path);
  chmodSync(path, 0o600);
  if (ids) chownSync(path, ids.uid, ids.gid);
  return path;
}
