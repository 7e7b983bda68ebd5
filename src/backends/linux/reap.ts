import type { PlaceRecord } from "../backend.ts";
import { removeCgroup } from "./cgroup.ts";
import { bootId, isAlive, namespaceId, signal } from "./proc.ts";
import { parseRecord } from "./record.ts";
import { sweep } from "./sweep.ts";

/**
 * Ends what is left of a bottle whose launcher is gone: each recorded process that is still that very process, then
 * everything in the bottle's network namespace, as long as one of them proves that the number is still that namespace.
 * Safe to call again, and after a reboot, when every number means something else.
 */
export async function reapBottle(kept: PlaceRecord): Promise<void> {
  const record = parseRecord(kept);
  if (record.boot === bootId()) {
    const { holder, monitor, init } = record.processes;
    const alive = [init, monitor, holder].filter(isAlive);
    const known = alive.some(({ pid }) => namespaceId(pid, "net") === record.net);
    // The holder stays to the end: it keeps the namespace's number from being given to another.
    for (const { pid } of alive) if (pid !== holder.pid) signal(pid, "SIGKILL");
    if (known) await sweep(record.net, new Set([holder.pid]));
    if (isAlive(holder)) signal(holder.pid, "SIGKILL");
  }
  if (record.cgroup !== null) removeCgroup(record.cgroup);
}
