import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { join } from "node:path";
import type { SidecarSpec } from "../backend.ts";
import { architecture } from "./architecture.ts";
import type { EntryFiles } from "./entry-files.ts";
import { SIDECAR_HEAP_MIB, SIDECAR_TMP_BYTES } from "./limits.ts";
import { sidecarLimits } from "./rlimits.ts";
import { hostPieces, systemLibraries } from "./root-fs.ts";
import { writeSidecarFilter } from "./scratch.ts";
import { tool } from "./tools.ts";

/** Where the sidecar sees our code. */
const CODE_FOLDER = "/opt/bot-bottle";
/** Where it sees node, which may lie in a home folder outside. */
const NODE = "/opt/node";

/** Parts of /etc for resolving names as the host does and for the system's certificates. */
const ETC_PIECES = [
  ...["resolv.conf", "hosts", "nsswitch.conf", "host.conf", "gai.conf", "services"],
  ...["ld.so.cache", "localtime", "ssl", "pki", "ca-certificates"],
];

/**
 * SIGUSR1 opens no debugger. The smallest young generation: the sidecar moves Buffers, whose bytes lie outside of it and
 * are given back only when it is collected (at node's size a long download holds 100 MiB of them, so 25). The heap's
 * bound is stated, not node's guess from the machine's memory.
 */
export const NODE_FLAGS = [
  "--disable-sigusr1",
  "--max-semi-space-size=1",
  `--max-old-space-size=${SIDECAR_HEAP_MIB}`,
];

/**
 * Starts the sidecar with everything but the network unshared: it sees node, the system's libraries, our code, and a
 * few files of /etc, read-only; no process but its own; and can make no AF_UNIX socket. Its environment holds node's
 * channel number only. `stdout` and `stderr` are pipes; the IPC channel is descriptor 3.
 */
export function confinedSidecar(files: EntryFiles, spec: SidecarSpec): ChildProcess {
  const filter = openSync(writeSidecarFilter(spec.scratch), "r");
  const descriptors = spec.descriptors.map(({ fd, as }) => ({ fd, as }));
  const filterAs = Math.max(3, ...descriptors.map(({ as }) => as)) + 1;
  const stdio: ("ignore" | "pipe" | "ipc" | number)[] = ["ignore", "pipe", "pipe", "ipc"];
  for (const { fd, as } of [...descriptors, { fd: filter, as: filterAs }]) stdio[as] = fd;
  // A hole in the list would be a pipe.
  for (let at = 0; at < stdio.length; at++) stdio[at] ??= "ignore";
  try {
    return spawn(tool("perl"), sidecarCommand(files, spec, filterAs), {
      stdio,
      env: {},
      cwd: "/",
      detached: true,
    });
  } finally {
    closeSync(filter);
  }
}

function sidecarCommand({ enter, node }: EntryFiles, spec: SidecarSpec, filterAs: number): readonly string[] {
  return [
    ...[enter, "confine", `arch=${architecture()}`, `parent=${process.pid}`, `keep=${filterAs + 1}`],
    ...sidecarLimits().map((limit) => `rlimit=${limit}`),
    ...["--", tool("bwrap")],
    ...[
      "--unshare-user",
      "--unshare-pid",
      "--unshare-ipc",
      "--unshare-uts",
      "--unshare-cgroup",
      "--disable-userns",
    ],
    ...["--die-with-parent", "--new-session", "--cap-drop", "ALL", "--seccomp", String(filterAs)],
    ...systemLibraries(),
    ...["--proc", "/proc", "--dev", "/dev", "--size", String(SIDECAR_TMP_BYTES), "--tmpfs", "/tmp"],
    ...hostPieces(ETC_PIECES),
    ...["--ro-bind", node, NODE, "--ro-bind", spec.codeFolder, CODE_FOLDER],
    ...["--remount-ro", "/dev", "--remount-ro", "/", "--chdir", "/"],
    ...["--", NODE, ...NODE_FLAGS, join(CODE_FOLDER, spec.entry)],
  ];
}
