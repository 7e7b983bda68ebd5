import type { Limits } from "../../plan/launch-plan.ts";
import type { ToolSpec } from "../backend.ts";
import { SIDECAR_OPEN_FILES, TOOL_OPEN_FILES } from "./limits.ts";

/** Resource numbers of asm-generic/resource.h, the same on x86-64 and arm64. */
const RLIMIT = { cpu: 0, fsize: 1, data: 2, core: 4, nproc: 6, nofile: 7 } as const;

/** One resource limit, soft and hard alike, as `enter.pl` takes it: `NUMBER:VALUE`. */
export type ResourceLimit = string;

function limit(resource: number, value: number): ResourceLimit {
  return `${resource}:${value}`;
}

/**
 * Limits that hold for each process of the bottle. RLIMIT_DATA, not RLIMIT_AS, bounds memory: a JavaScript engine
 * reserves far more address space than it uses. It bounds one process; with a cgroup it isn't needed and isn't set.
 */
export function processLimits(
  limits: Limits,
  options: { readonly boundMemory: boolean },
): readonly ResourceLimit[] {
  return [
    limit(RLIMIT.core, 0),
    limit(RLIMIT.nofile, limits.openFiles),
    limit(RLIMIT.fsize, limits.disk),
    ...(options.boundMemory ? [limit(RLIMIT.data, limits.memory)] : []),
  ];
}

/** The sidecar's: no core dump, which would hold every credential, and a bound on its connections. */
export function sidecarLimits(): readonly ResourceLimit[] {
  return [limit(RLIMIT.core, 0), limit(RLIMIT.nofile, SIDECAR_OPEN_FILES)];
}

/** Those of a program that works for the sidecar. */
export function toolLimits({ data, file, cpu }: ToolSpec["limits"]): readonly ResourceLimit[] {
  return [
    limit(RLIMIT.core, 0),
    limit(RLIMIT.nofile, TOOL_OPEN_FILES),
    limit(RLIMIT.data, data),
    limit(RLIMIT.fsize, file),
    limit(RLIMIT.cpu, cpu),
  ];
}

/**
 * RLIMIT_NPROC counts the processes of a uid. Since Linux 5.14 it does so in each user namespace, so that, set inside,
 * it bounds this bottle alone; on an older kernel the operator's other processes count too, and the watchdog is the
 * closer bound. It is set inside the innermost namespace: before, it would count what the operator runs outside.
 */
export function pidLimit(pids: number): ResourceLimit {
  return limit(RLIMIT.nproc, pids);
}
