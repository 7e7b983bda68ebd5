import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { join } from "node:path";
import type { Writable } from "node:stream";
import type { ToolSpec } from "../backend.ts";
import { architecture } from "./architecture.ts";
import type { EntryFiles } from "./entry-files.ts";
import { TOOL_LOCK_SECONDS, TOOL_TMP_BYTES } from "./limits.ts";
import { toolLimits } from "./rlimits.ts";
import { hostPieces, systemPrograms } from "./root-fs.ts";
import { AGENT_GID, AGENT_UID, scratchPaths } from "./scratch.ts";
import { tool } from "./tools.ts";

/** Descriptor of the first of `sockets`; its files and the filter come behind the last. */
const FIRST_SOCKET = 3;

/**
 * Starts a program for the sidecar: no network, no process but its own, no capability, the agent's system calls, the
 * system's programs read-only and the mounts of the spec. It ends when this process does.
 */
export function confinedTool(files: EntryFiles, spec: ToolSpec): ChildProcess {
  const filter = openSync(scratchPaths(spec.scratch).agentFilter, "r");
  const firstFile = FIRST_SOCKET + spec.sockets;
  const filterAs = firstFile + spec.files.length;
  try {
    const child = spawn(tool("perl"), command(files, spec, firstFile, filterAs), {
      stdio: [...Array.from({ length: filterAs }, () => "pipe" as const), filter],
      env: {},
      cwd: "/",
      detached: true,
    });
    for (const [index, file] of spec.files.entries()) {
      // A "pipe" above 2 is a Duplex of which bwrap reads all.
      const pipe = child.stdio[firstFile + index] as Writable | null;
      pipe?.on("error", () => {}).end(file.content);
    }
    return child;
  } finally {
    closeSync(filter);
  }
}

function command(
  { enter }: EntryFiles,
  spec: ToolSpec,
  firstFile: number,
  filterAs: number,
): readonly string[] {
  const lock =
    spec.lock === undefined ? [] : [tool("flock"), "-x", "-w", `${TOOL_LOCK_SECONDS}`, "-E", "75", spec.lock];
  return [
    ...[enter, "confine", `arch=${architecture()}`, `parent=${process.pid}`, `keep=${filterAs + 1}`],
    ...toolLimits(spec.limits).map((limit) => `rlimit=${limit}`),
    ...["--", ...lock, tool("bwrap")],
    ...["--unshare-user", "--uid", String(AGENT_UID), "--gid", String(AGENT_GID), "--disable-userns"],
    ...["--unshare-pid", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup", "--unshare-net"],
    ...["--die-with-parent", "--new-session", "--cap-drop", "ALL", "--seccomp", String(filterAs)],
    ...systemPrograms(),
    ...["--proc", "/proc", "--dev", "/dev", "--size", String(TOOL_TMP_BYTES), "--tmpfs", "/tmp"],
    ...hostPieces(["ld.so.cache", "alternatives", "localtime"]),
    ...["--ro-bind", join(scratchPaths(spec.scratch).etc, "passwd"), "/etc/passwd"],
    ...spec.mounts.flatMap(({ source, target, writable }) => [
      writable ? "--bind" : "--ro-bind",
      source,
      target,
    ]),
    ...spec.files.flatMap(({ path, mode }, index) => [
      ...["--perms", mode, "--file", String(firstFile + index), path],
    ]),
    ...["--remount-ro", "/dev", "--remount-ro", "/", "--chdir", spec.cwd, "--clearenv"],
    ...Object.entries(spec.env).flatMap(([name, value]) => ["--setenv", name, value]),
    ...["--", ...spec.command],
  ];
}
