import { readdirSync, readFileSync, readlinkSync } from "node:fs";

/** A process that can be found again: its pid, and when it started in clock ticks since boot (field 22 of /proc/PID/stat). */
export interface ProcessId {
  readonly pid: number;
  readonly started: string;
}

export interface ProcessStat extends ProcessId {
  readonly parent: number;
  readonly session: number;
  /** `Z` is a zombie */
  readonly state: string;
}

/**
 * Fields of /proc/PID/stat, proc_pid_stat(5). The second is the program's name in parentheses, which may itself hold
 * parentheses and spaces: the fields are counted from the last closing one.
 */
export function parseStat(text: string): ProcessStat | undefined {
  const pid = Number.parseInt(text, 10);
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  const [state, parent, , session] = fields;
  const started = fields[19];
  if (!Number.isSafeInteger(pid) || state === undefined || started === undefined) return undefined;
  return { pid, started, parent: Number(parent), session: Number(session), state };
}

/** The process as it is now; undefined when there is none. */
export function readStat(pid: number): ProcessStat | undefined {
  const text = readText(`/proc/${pid}/stat`);
  return text === undefined ? undefined : parseStat(text);
}

/** The process that has this pid now; one that has ended already is given a start that no process has. */
export function identify(pid: number): ProcessId {
  return { pid, started: readStat(pid)?.started ?? "0" };
}

/** True when that very process still runs; a zombie or another process with its pid is not it. */
export function isAlive(process: ProcessId): boolean {
  const stat = readStat(process.pid);
  return stat !== undefined && stat.started === process.started && stat.state !== "Z";
}

/** Every process of this pid namespace. */
export function pids(): readonly number[] {
  return readdirSync("/proc")
    .filter((name) => /^[0-9]+$/.test(name))
    .map(Number);
}

/** Every process with its parent and session, for finding one's children. */
export function allStats(): readonly ProcessStat[] {
  return pids().flatMap((pid) => readStat(pid) ?? []);
}

export type NamespaceKind = "mnt" | "pid" | "ipc" | "uts" | "cgroup" | "net" | "user";

/** Inode number of a process's namespace, which names it as long as anything holds it; undefined when it can't be read. */
export function namespaceId(pid: number, kind: NamespaceKind): string | undefined {
  try {
    return /\[([0-9]+)\]$/.exec(readlinkSync(`/proc/${pid}/ns/${kind}`))?.[1];
  } catch {
    return undefined;
  }
}

/** Sends the signal; false when there is no such process (any more). */
export function signal(pid: number, name: NodeJS.Signals): boolean {
  try {
    process.kill(pid, name);
    return true;
  } catch {
    return false;
  }
}

/** This boot of the machine: pids and start times of another one mean nothing. */
export function bootId(): string {
  return readText("/proc/sys/kernel/random/boot_id")?.trim() ?? "";
}

export function readText(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}
