import { setTimeout as sleep } from "node:timers/promises";
import { SWEEP_MS, SWEEP_ROUNDS } from "./limits.ts";
import { namespaceId, pids, signal } from "./proc.ts";

/**
 * Kills every process whose network namespace has this inode number, round after round until none is found: all of a
 * bottle's programs, those of `exec` and the set-up chain included, are in it. Namespaces made inside go with them, for
 * the bottle's first process is in it too and takes its pid namespace along.
 * The number names the namespace only while something is known to hold it: callers check that first.
 */
export async function sweep(net: string, except: ReadonlySet<number> = new Set()): Promise<void> {
  for (let round = 0; round < SWEEP_ROUNDS; round++) {
    const found = pids().filter((pid) => !except.has(pid) && namespaceId(pid, "net") === net);
    if (found.length === 0) return;
    for (const pid of found) signal(pid, "SIGKILL");
    await sleep(SWEEP_MS);
  }
}
