import { setImmediate as nextTurn } from "node:timers/promises";
import type { Limits } from "../../plan/launch-plan.ts";
import { WATCH_DISK_ENTRIES, WATCH_DISK_MS, WATCH_MS } from "./limits.ts";
import { diskUse, machineSharedMemory, memoryFiles, proportionalMemory, usage } from "./usage.ts";

export interface Watched {
  /** host pid of the bottle's first process */
  readonly init: number;
  /** host folders the bottle can write to */
  readonly writable: readonly string[];
  readonly limits: Limits;
  /** memory and processes too; not where a cgroup bounds them */
  readonly memoryAndProcesses: boolean;
  /** called once, with the reason, when the bottle is over a limit */
  readonly exceeded: (reason: string) => void;
}

/**
 * Bounds the whole bottle where the kernel bounds only each process: looks at memory and processes several times a
 * second, at the disk every few seconds, and at the time. Between two looks a bottle can be over its limit.
 * Returns what stops it.
 */
export function watch(watched: Watched): () => void {
  const { limits } = watched;
  let over = false;
  const exceeded = (reason: string) => {
    if (over) return;
    over = true;
    stop();
    watched.exceeded(reason);
  };
  const timers: NodeJS.Timeout[] = [];
  if (watched.memoryAndProcesses) {
    const before = machineSharedMemory();
    timers.push(setInterval(() => look(watched, before, exceeded), WATCH_MS));
  }
  if (limits.time !== undefined) {
    const { time } = limits;
    timers.push(
      setTimeout(
        () => exceeded(`the bottle ran for its ${time} seconds`),
        Math.min(time * 1000, 2 ** 31 - 1),
      ),
    );
  }
  let stopped = false;
  const stop = () => {
    stopped = true;
    for (const timer of timers) clearTimeout(timer);
  };
  void watchDisk(watched, () => stopped, exceeded);
  for (const timer of timers) timer.unref();
  return stop;
}

function look({ init, limits }: Watched, sharedBefore: number, exceeded: (reason: string) => void): void {
  const now = usage(init);
  if (now === undefined) return;
  if (now.processes > limits.pids) {
    exceeded(`the bottle ran ${now.processes} processes, its limit is ${limits.pids}`);
    return;
  }
  const shared = machineSharedMemory() - sharedBefore > limits.memory / 4 ? memoryFiles(init) : 0;
  if (now.memory + shared <= limits.memory) return;
  const memory = proportionalMemory(init) + shared;
  if (memory <= limits.memory) return;
  exceeded(`the bottle used ${mebibytes(memory)} of memory, its limit is ${mebibytes(limits.memory)}`);
}

/** Entries looked at before other work of this process gets a turn. */
const DISK_SLICE = 200;

async function watchDisk(
  watched: Watched,
  stopped: () => boolean,
  exceeded: (reason: string) => void,
): Promise<void> {
  const { limits, writable } = watched;
  if (writable.length === 0) return;
  for (let pause = WATCH_DISK_MS; ; ) {
    await new Promise((resolve) => setTimeout(resolve, pause).unref());
    const before = performance.now();
    let entries = 0;
    for (const use of diskUse(writable)) {
      if (stopped()) return;
      entries = use.entries;
      if (use.bytes > limits.disk) {
        return exceeded(`the bottle's writable folders hold over their limit of ${mebibytes(limits.disk)}`);
      }
      if (entries > WATCH_DISK_ENTRIES)
        return exceeded(`the bottle's writable folders hold over ${entries - 1} files`);
      if (entries % DISK_SLICE === 0) await nextTurn();
    }
    if (stopped()) return;
    pause = Math.max(WATCH_DISK_MS, 10 * (performance.now() - before));
  }
}

function mebibytes(bytes: number): string {
  return `${Math.ceil(bytes / 1024 / 1024)} MiB`;
}
