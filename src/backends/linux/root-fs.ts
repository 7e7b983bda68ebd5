import { existsSync, lstatSync, readlinkSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Limits } from "../../plan/launch-plan.ts";
import type { Mount } from "../backend.ts";
import { RUN_BYTES, SHM_SHARE, TMP_SHARE, VAR_TMP_SHARE } from "./limits.ts";

/** The folders of a root that a merged-usr system has as symlinks into /usr, and an older one as folders. */
const SYSTEM_FOLDERS = ["bin", "sbin", "lib", "lib32", "lib64", "libx32"];

/**
 * Parts of the host's /etc that programs under /usr read, none of which tells of the host's people, network or
 * credentials. Not among them: /etc/environment, profile.d, gitconfig, npmrc, pip.conf, which often hold tokens.
 */
const ETC_PIECES = `
alternatives bash.bashrc bash_completion.d ca-certificates.conf crypto-policies debian_version fonts gai.conf host.conf
inputrc java-11-openjdk java-17-openjdk java-21-openjdk ld.so.cache ld.so.conf ld.so.conf.d locale.alias localtime
login.defs magic magic.mime manpath.config mime.types netconfig os-release perl php profile protocols python3
python3.10 python3.11 python3.12 python3.13 redhat-release rpc services shells skel ssl/openssl.cnf terminfo timezone
vim wgetrc xattr.conf xdg
`;

/** Where systems and libraries look for the bundle of trusted certificates. */
const CA_BUNDLE_PATHS = ["/etc/ssl/cert.pem", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/pki/tls/cert.pem"];

/** Arguments that give the sandbox the system's programs: read-only /usr, and the root's folders as the host has them. */
export function systemPrograms(): readonly string[] {
  return ["--ro-bind", "/usr", "/usr", ...SYSTEM_FOLDERS.flatMap(rootFolder)];
}

/** The same for a program that needs shared libraries and certificates only. */
export function systemLibraries(): readonly string[] {
  const folders = ["lib", "lib32", "lib64", "libx32", "share/ca-certificates", "share/zoneinfo"];
  return [
    ...folders.flatMap((name) => ["--ro-bind-try", `/usr/${name}`, `/usr/${name}`]),
    ...SYSTEM_FOLDERS.filter((name) => name.startsWith("lib")).flatMap(rootFolder),
  ];
}

function rootFolder(name: string): readonly string[] {
  const path = `/${name}`;
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return [];
  return stat.isSymbolicLink() ? ["--symlink", readlinkSync(path), path] : ["--ro-bind", path, path];
}

/** Binds the pieces of /etc that exist and that everyone may read. */
export function hostPieces(names: readonly string[]): readonly string[] {
  return names.flatMap((name) => {
    const path = join("/etc", name);
    const mode = statSync(path, { throwIfNoEntry: false })?.mode ?? 0;
    return (mode & 0o004) === 0 ? [] : ["--ro-bind", path, path];
  });
}

/** Files of /proc that tell of the operator's keys or of the kernel's inside, as far as permissions let them. */
const HIDDEN = ["keys", "key-users", "kcore", "kallsyms", "timer_list", "sched_debug"];

/**
 * A procfs of the bottle's pid namespace. Its sysctls are read-only: some of a namespace's own (ns_last_pid, pid_max, the
 * sizes of System V memory) belong to the uid that made the namespace, which is the agent's too.
 */
function privateProc(): readonly string[] {
  const hidden = HIDDEN.map((name) => `/proc/${name}`).filter((path) => existsSync(path));
  return [
    ...["--proc", "/proc", "--ro-bind", "/proc/sys", "/proc/sys"],
    ...hidden.flatMap((path) => ["--ro-bind", "/dev/null", path]),
  ];
}

/** The bottle's own small files, each at its path under the folder `etc`. */
export interface EtcFiles {
  /** host folder that holds passwd, group, hosts, resolv.conf, nsswitch.conf, and `certs` */
  readonly folder: string;
}

/**
 * bwrap's arguments for everything the agent sees: system, /etc from pieces, private /proc and /dev, size-bound tmpfs,
 * and the mounts of the plan. At the end the root and /dev, which are tmpfs without a bound, are made read-only.
 */
export function agentRoot(etc: EtcFiles, mounts: readonly Mount[], limits: Limits): readonly string[] {
  const bundle = join(etc.folder, "certs", "ca-certificates.crt");
  const own = ["passwd", "group", "hosts", "hostname", "resolv.conf", "nsswitch.conf"];
  return [
    ...systemPrograms(),
    ...["/etc", "/etc/ssl", "/etc/pki", "/etc/pki/tls", "/home", "/var"].flatMap((path) => [
      "--perms",
      "0755",
      "--dir",
      path,
    ]),
    ...privateProc(),
    ...["--dev", "/dev"],
    ...tmpfs("/dev/shm", share(limits, SHM_SHARE), "1777"),
    ...tmpfs("/tmp", share(limits, TMP_SHARE), "1777"),
    ...tmpfs("/var/tmp", share(limits, VAR_TMP_SHARE), "1777"),
    ...tmpfs("/run", RUN_BYTES, "0755"),
    ...hostPieces(ETC_PIECES.trim().split(/\s+/)),
    ...own.flatMap((name) => ["--ro-bind", join(etc.folder, name), `/etc/${name}`]),
    ...["--ro-bind", join(etc.folder, "certs"), "/etc/ssl/certs"],
    ...CA_BUNDLE_PATHS.flatMap((path) => ["--ro-bind", bundle, path]),
    ...["--symlink", "/run", "/var/run", "--symlink", "/proc/self/mounts", "/etc/mtab"],
    ...mounts.flatMap(({ source, target, writable }) => [writable ? "--bind" : "--ro-bind", source, target]),
    ...["--remount-ro", "/dev", "--remount-ro", "/"],
  ];
}

/** The size-bound memory file systems, whose use the watchdog counts. */
export const TMPFS_PATHS = ["/dev/shm", "/tmp", "/var/tmp", "/run"];

function share(limits: Limits, part: number): number {
  return Math.max(1024 * 1024, Math.floor(Math.min(limits.memory * part, limits.disk)));
}

function tmpfs(path: string, bytes: number, mode: string): readonly string[] {
  return ["--perms", mode, "--size", String(bytes), "--tmpfs", path];
}
