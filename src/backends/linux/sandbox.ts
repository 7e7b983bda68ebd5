import type { Limits } from "../../plan/launch-plan.ts";
import type { AgentSpec, PlaceSpec } from "../backend.ts";
import { architecture } from "./architecture.ts";
import { pidLimit, type ResourceLimit } from "./rlimits.ts";
import { agentRoot } from "./root-fs.ts";
import { AGENT_GID, AGENT_UID, HOSTNAME, scratchPaths } from "./scratch.ts";
import { tool } from "./tools.ts";

/** The restrictions that `start` and `enter` put on alike. */
export interface Restrictions {
  readonly rlimits: readonly ResourceLimit[];
  /** folders of the cgroups that the program joins */
  readonly cgroups: readonly string[];
  /** numbers of the processors it may run on; empty: all */
  readonly processors: readonly number[];
}

/** Descriptor numbers that `enter.pl start` opens for bwrap. */
const FD = { gate: "3", started: "5", filter: "7", info: "8", arguments: "9" } as const;

/**
 * Runs inside, as the last step before the program: bounds the number of processes in the innermost user namespace
 * (dash says -p, bash -u), of the bottle's first process too, which an agent can trace and so make fork for it; waits for
 * the launcher's line, which comes when the sidecar answers on every socket; says that the sandbox is complete; and
 * becomes the program, or exits 127 or 126 as a shell does.
 */
const LAST_STEP = `/usr/bin/prlimit --pid 1 --nproc="$1" || exit 125
{ ulimit -u "$1" || ulimit -p "$1"; } 2>/dev/null || exit 125
read -r _ <&${FD.gate} || exit 125; exec ${FD.gate}<&-
shift; umask 022; echo started >&${FD.started}; exec ${FD.started}>&-; exec "$@"`;

export function commonOptions(restrictions: Restrictions): readonly string[] {
  return [
    `arch=${architecture()}`,
    `parent=${process.pid}`,
    ...restrictions.rlimits.map((limit) => `rlimit=${limit}`),
    ...restrictions.cgroups.map((folder) => `cgroup=${folder}`),
    ...(restrictions.processors.length > 0 ? [`cpus=${restrictions.processors.join(",")}`] : []),
  ];
}

/** The bound on processes, for `enter.pl enter`, which sets it inside. */
export function pidOption(pids: number): string {
  return `rlimit=${pidLimit(pids)}`;
}

/** The command that starts the agent: `enter.pl start`, in the outer namespace bwrap, inside it the last step. */
export function startCommand(
  enter: string,
  holder: number,
  place: PlaceSpec,
  agent: AgentSpec,
  restrictions: Restrictions,
): readonly [string, ...string[]] {
  const paths = scratchPaths(place.scratch);
  const terminal = agent.terminal !== undefined;
  return [
    tool("perl"),
    enter,
    "start",
    ...commonOptions(restrictions),
    `filter=${paths.agentFilter}`,
    `status=${paths.status}`,
    `gate=${paths.gate}`,
    ...(terminal ? ["terminal=1"] : []),
    "--",
    ...sandboxOptions(place, agent, terminal),
    "--",
    ...[tool("nsenter"), "-t", String(holder), "-U", "--preserve-credentials", "-n", "--"],
    ...[tool("bwrap"), "--args", FD.arguments, "--"],
    ...innerCommand(agent.command, place.limits, terminal),
  ];
}

/** They are not on bwrap's command line, which the agent can read in /proc/1: they name folders of the host. */
function sandboxOptions(place: PlaceSpec, agent: AgentSpec, terminal: boolean): readonly string[] {
  return [
    ...["--unshare-user", "--uid", String(AGENT_UID), "--gid", String(AGENT_GID)],
    ...(place.nested ? [] : ["--disable-userns"]),
    ...["--unshare-pid", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup", "--hostname", HOSTNAME],
    "--die-with-parent",
    // With a terminal the session is made inside, by `setsid`, which also makes the pty its controlling one.
    ...(terminal ? [] : ["--new-session"]),
    ...["--cap-drop", "ALL", "--seccomp", FD.filter, "--info-fd", FD.info],
    ...agentRoot({ folder: scratchPaths(place.scratch).etc }, place.mounts, place.limits),
    ...["--chdir", agent.cwd, "--clearenv"],
  ];
}

function innerCommand(command: readonly string[], limits: Limits, terminal: boolean): readonly string[] {
  return [
    ...(terminal ? ["/usr/bin/setsid", "-c"] : []),
    ...["/bin/sh", "-c", LAST_STEP, "bot-bottle", String(limits.pids), ...command],
  ];
}
