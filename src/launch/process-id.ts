import { readFileSync } from "node:fs";

/** A process that can't be confused with a later one of the same number. */
export interface ProcessId {
  readonly pid: number;
  /** field 22 of /proc/PID/stat: start time in clock ticks since boot */
  readonly started: string;
}

/** Start time of a running process; undefined when there is none (or it is a zombie). Source: proc(5). */
export function startTime(pid: number): string | undefined {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, "latin1");
  } catch {
    return undefined;
  }
  // the command name may hold spaces and parentheses: count fields from the last ")"
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return fields[0] === "Z" || fields[0] === "X" ? undefined : fields[19];
}

export function ownProcessId(): ProcessId {
  return { pid: process.pid, started: startTime(process.pid) ?? "" };
}

export function isAlive(id: ProcessId): boolean {
  return startTime(id.pid) === id.started;
}
