import { join } from "node:path";
import type { Mount, ToolSpec } from "../../backends/backend.ts";
import { MAX_OBJECT_BYTES, MAX_PACK_BYTES } from "../../sidecar/git-gate/limits.ts";
import { type GitJob, type SshService, socketCount } from "../../sidecar/git-gate/programs.ts";
import { gitleaksCommand } from "./gitleaks-command.ts";
import type { GitHost, RepoHost } from "./job.ts";
import { GIT_CPU_SECONDS, GIT_DATA_BYTES, MIRROR_PACKS } from "./limits.ts";
import * as scripts from "./scripts.ts";
import { sshFiles } from "./ssh-files.ts";

/** A job as a sandboxed program, without what every one has. */
interface Command {
  readonly command: readonly string[];
  readonly mounts?: readonly Mount[];
  readonly files?: ToolSpec["files"];
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  readonly locked?: boolean;
}

/** Inside: the mirror, and a push's repository. */
const MIRROR = "/mirror";
const PUSH = "/push";

/** No configuration but what stands here, no prompt, no replaced object (git-replace), nothing of attributes. */
const ENVIRONMENT = {
  PATH: "/usr/bin:/bin",
  HOME: "/tmp",
  LC_ALL: "C.UTF-8",
  GIT_CONFIG_NOSYSTEM: "1",
  GIT_CONFIG_GLOBAL: "/dev/null",
  GIT_ATTR_NOSYSTEM: "1",
  GIT_NO_REPLACE_OBJECTS: "1",
  GIT_TERMINAL_PROMPT: "0",
};

/** Of every git that reads what a bottle or an upstream wrote. */
const CONFIG = {
  "core.hooksPath": "/dev/null",
  "core.bigFileThreshold": "8m",
  "core.packedGitLimit": "128m",
  "core.packedGitWindowSize": "16m",
  "core.deltaBaseCacheLimit": "64m",
  "core.fsmonitor": "false",
  "core.attributesFile": "/dev/null",
  "gc.auto": "0",
  "pack.threads": "2",
  "pack.windowMemory": "64m",
  "uploadpack.allowFilter": "true",
  "uploadpack.allowReachableSHA1InWant": "true",
  "uploadpack.allowTipSHA1InWant": "true",
};

const RECEIVE = {
  ...CONFIG,
  "core.hooksPath": "/hooks",
  "receive.fsckObjects": "true",
  "receive.maxInputSize": String(MAX_PACK_BYTES),
  "receive.unpackLimit": "1",
  "receive.autogc": "false",
  "receive.updateServerInfo": "false",
  "receive.advertisePushOptions": "true",
  "receive.advertiseAtomic": "true",
  "receive.denyDeletes": "false",
  "receive.denyDeleteCurrent": "ignore",
};

/** How a job is run. Throws where what it needs isn't there. */
export function toolSpec(job: GitJob, host: GitHost, scratch: string): ToolSpec {
  const { command, mounts = [], files = [], env = {}, cwd = "/", locked = false } = commandOf(job, host);
  return {
    scratch,
    command,
    mounts,
    files,
    cwd,
    env: { ...ENVIRONMENT, ...env },
    sockets: socketCount(job),
    lock: locked && job.op !== "gitleaks" ? join(repoOf(job.repo, host).mirror, "lock") : undefined,
    limits: { data: GIT_DATA_BYTES, file: Math.max(MAX_PACK_BYTES, MAX_OBJECT_BYTES), cpu: GIT_CPU_SECONDS },
  };
}

function commandOf(job: GitJob, host: GitHost): Command {
  if (job.op === "gitleaks") return gitleaksCommand(host.gitleaks, job.config);
  const repo = repoOf(job.repo, host);
  const read = { mounts: [mirrorOf(repo, false)], env: config(CONFIG, MIRROR), cwd: MIRROR };
  const write = { ...read, mounts: [mirrorOf(repo, true)], locked: true };
  switch (job.op) {
    case "mirror-state":
      return { ...read, command: shell(scripts.MIRROR_STATE) };
    case "mirror-index":
      return { ...write, command: ["/usr/bin/git", "index-pack", "--stdin", "--fix-thin"] };
    case "mirror-refs":
      return { ...write, command: shell(scripts.MIRROR_REFS) };
    case "mirror-tidy":
      return {
        ...write,
        env: { ...write.env, PACKS: String(MIRROR_PACKS) },
        command: shell(scripts.MIRROR_TIDY),
      };
    case "mirror-has":
      return { ...read, command: ["/usr/bin/git", "cat-file", "--batch-check", "--buffer"] };
    case "mirror-read":
      return { ...read, command: ["/usr/bin/git", "cat-file", "--batch"] };
    case "upload-pack":
      return {
        ...read,
        env: { ...read.env, ...(job.protocol === "" ? {} : { GIT_PROTOCOL: job.protocol }) },
        command: service("upload-pack", ["--strict", "--timeout=600"], job.advertise, MIRROR),
      };
    case "receive-pack":
      return {
        mounts: [mirrorOf(repo, false), pushOf(host, job.push, true)],
        files: [{ path: "/hooks/pre-receive", content: scripts.PRE_RECEIVE, mode: "0700" }],
        env: config(RECEIVE, PUSH),
        cwd: PUSH,
        command: service("receive-pack", [], false, PUSH),
      };
    case "inspect":
      return { ...pushed(repo, host, job.push, false), command: shell(scripts.INSPECT) };
    case "push-ancestor":
      return { ...pushed(repo, host, job.push, false), command: shell(scripts.PUSH_ANCESTOR) };
    case "push-moved":
      return { ...pushed(repo, host, job.push, false), command: shell(scripts.PUSH_MOVED) };
    case "pack-objects":
      return { ...pushed(repo, host, job.push, false), command: shell(scripts.PACK_OBJECTS) };
    case "write-objects":
      return { ...pushed(repo, host, job.push, true), command: shell(scripts.WRITE_OBJECTS) };
    case "connect-twice": {
      const { ssh } = repo;
      if (ssh === undefined) throw new Error("the upstream isn't reached by ssh");
      const services = (["git-upload-pack", "git-receive-pack"] as const).map((one) =>
        atUpstream(one, ssh.path),
      );
      return { files: sshFiles(ssh), command: [...shell(scripts.CONNECT_TWICE), ...services] };
    }
    case "connect": {
      const { ssh } = repo;
      if (ssh === undefined) throw new Error("the upstream isn't reached by ssh");
      return {
        files: sshFiles(ssh),
        command: [...shell(scripts.CONNECT), atUpstream(job.service, ssh.path)],
      };
    }
    case "sign":
      if (repo.signKey === undefined) throw new Error("there is no key to sign with");
      return {
        files: [{ path: "/ssh/key", content: repo.signKey, mode: "0600" }],
        command: ["/usr/bin/ssh-keygen", "-q", "-Y", "sign", "-n", "git", "-f", "/ssh/key"],
      };
    case "lfs-write":
      return lfs(host, true, scripts.LFS_WRITE, job.oid);
    case "lfs-read":
      return lfs(host, false, scripts.LFS_READ, job.oid);
    case "mirror-reset":
    case "discard":
    case "lfs-remove":
      throw new Error(`${job.op} is no program`);
  }
}

function shell(script: string): readonly string[] {
  return ["/bin/sh", "-c", script, "sh"];
}

/** What ssh asks the upstream to run. The operation of LFS stands behind the path (git-lfs docs/api/server-discovery.md). */
function atUpstream(wanted: SshService, path: string): string {
  const [command = "", ...operation] = wanted.split(" ");
  return [command, `'${path}'`, ...operation].join(" ");
}

function service(
  name: string,
  options: readonly string[],
  advertise: boolean,
  folder: string,
): readonly string[] {
  const mode = advertise ? ["--http-backend-info-refs"] : ["--stateless-rpc"];
  return ["/usr/bin/git", name, ...options, ...mode, folder];
}

function config(values: Readonly<Record<string, string>>, gitDir: string): Record<string, string> {
  const entries = Object.entries(values);
  const pairs: [string, string][] = [
    ["GIT_DIR", gitDir],
    ["GIT_CONFIG_COUNT", String(entries.length)],
    ...entries.flatMap(([key, value], index): [string, string][] => [
      [`GIT_CONFIG_KEY_${index}`, key],
      [`GIT_CONFIG_VALUE_${index}`, value],
    ]),
  ];
  return Object.fromEntries(pairs);
}

function repoOf(name: string, host: GitHost): RepoHost {
  const repo = host.repos[name];
  if (repo === undefined) throw new Error(`there is no repository ${name}`);
  return repo;
}

function mirrorOf({ mirror }: RepoHost, writable: boolean): Mount {
  return { source: join(mirror, "repo"), target: MIRROR, writable };
}

export function pushFolder(host: GitHost, push: string): string {
  return join(host.folder, `push-${push}`);
}

function pushOf(host: GitHost, push: string, writable: boolean): Mount {
  return { source: pushFolder(host, push), target: PUSH, writable };
}

function pushed(
  repo: RepoHost,
  host: GitHost,
  push: string,
  writable: boolean,
): Pick<Command, "mounts" | "env" | "cwd"> {
  return {
    mounts: [mirrorOf(repo, false), pushOf(host, push, writable)],
    env: config(CONFIG, PUSH),
    cwd: PUSH,
  };
}

export function lfsFile(host: GitHost, oid: string): string {
  return join(host.folder, "lfs", oid);
}

function lfs(host: GitHost, writable: boolean, script: string, oid: string): Command {
  return {
    mounts: [{ source: join(host.folder, "lfs"), target: "/lfs", writable }],
    command: [...shell(script), `/lfs/${oid}`],
  };
}
