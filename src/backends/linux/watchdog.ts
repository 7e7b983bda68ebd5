import { setImmediate as nextTurn } from "node:timers/promises";
import type { Limits } from "../../plan/launch-plan.ts";
import { diskUse, type Free, freeSpace } from "./disk-use.ts";
import { WATCH_DESCRIPTORS, WATCH_DISK_ENTRIES, WATCH_DISK_MS, WATCH_MS, WATCH_SLICE_MS } from "./limits.ts";
import { machineSharedMemory, openFiles, proportionalMemory, usage } from "./usage.ts";

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
 * What can't be looked at ends the bottle too. Returns what stops it.
 */
export function watch(watched: Watched): () => void {
  const { time } = watched.limits;
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;
  const stop = () => {
    stopped = true;
    clearTimeout(timer);
  };
  const exceeded = (reason: string) => {
    if (stopped) return;
    stop();
    watched.exceeded(reason);
  };
  if (time !== undefined) {
    const milliseconds = Math.min(time * 1000, 2 ** 31 - 1);
    timer = setTimeout(() => exceeded(`the bottle ran for its ${time} seconds`), milliseconds).unref();
  }
  const keep = (look: (watched: Watched, isStopped: () => boolean) => Promise<string | undefined>) =>
    look(watched, () => stopped).then(
      (reason) => reason !== undefined && exceeded(reason),
      (error: unknown) => exceeded(`the bottle could not be watched: ${String(error)}`),
    );
  if (watched.memoryAndProcesses) void keep(watchMemory);
  if (watched.writable.length > 0) void keep(watchDisk);
  return stop;
}

/** Resolves with the reason to end the bottle; undefined: stopped. */
async function watchMemory(watched: Watched, isStopped: () => boolean): Promise<string | undefined> {
  const sharedBefore = machineSharedMemory();
  for (let pause = WATCH_MS; ; ) {
    await sleep(pause);
    if (isStopped()) return undefined;
    const before = performance.now();
    const reason = await lookAtMemory(watched, sharedBefore);
    if (reason !== undefined) return reason;
    pause = Math.max(WATCH_MS, performance.now() - before);
  }
}

async function lookAtMemory({ init, limits }: Watched, sharedBefore: number): Promise<string | undefined> {
  const now = usage(init);
  if (now === undefined) return undefined;
  if (now.processes > limits.pids) {
    return `the bottle ran ${now.processes} processes, its limit is ${limits.pids}`;
  }
  const grown = machineSharedMemory() - sharedBefore > limits.memory / 4;
  const open = grown ? await inSlices(openFiles(init)) : { memory: 0 };
  if (open === undefined) return TOO_MANY_OPEN;
  if (now.memory + open.memory <= limits.memory) return undefined;
  const memory = (await inSlices(proportionalMemory(init))) + open.memory;
  if (memory <= limits.memory) return undefined;
  return `the bottle used ${mebibytes(memory)} of memory, its limit is ${mebibytes(limits.memory)}`;
}

/** Resolves with the reason to end the bottle; undefined: stopped. */
async function watchDisk(watched: Watched, isStopped: () => boolean): Promise<string | undefined> {
  const { limits, writable } = watched;
  const free = freeSpace(writable);
  /** by how much a disk of the bottle has filled since it began, whoever wrote */
  const filled = (): Free => {
    const now = freeSpace(writable);
    const most = (of: keyof Free) =>
      Math.max(0, ...[...free].map(([device, before]) => before[of] - (now.get(device) ?? before)[of]));
    return { bytes: most("bytes"), files: most("files") };
  };
  let [pause, filledBefore] = [WATCH_DISK_MS, 0];
  for (;;) {
    for (let waited = 0; waited < pause; waited += WATCH_DISK_MS) {
      await sleep(WATCH_DISK_MS);
      if (isStopped()) return undefined;
      if (filled().bytes - filledBefore > limits.disk / 4) break;
    }
    const before = performance.now();
    const now = filled();
    filledBefore = now.bytes;
    const reason = await lookAtDisk(watched, isStopped, now, new Set(free.keys()));
    if (reason !== undefined || isStopped()) return reason;
    pause = 10 * (performance.now() - before);
  }
}

/**
 * What has no name or can't be looked into counts too, as well as it can be known: an agent closes a folder it works
 * in, or removes a file it has open, and goes on writing.
 */
async function lookAtDisk(
  { init, limits, writable }: Watched,
  isStopped: () => boolean,
  filled: Free,
  devices: ReadonlySet<number>,
): Promise<string | undefined> {
  const over = `the bottle's writable folders hold over their limit of ${mebibytes(limits.disk)}`;
  const open = await inSlices(openFiles(init, devices));
  if (open === undefined) return TOO_MANY_OPEN;
  if (open.unlinked > limits.disk) return over;
  let hidden = false;
  let slice = performance.now();
  for (const use of diskUse(writable)) {
    if (use.bytes + open.unlinked > limits.disk) return over;
    if (use.entries > WATCH_DISK_ENTRIES) {
      return `the bottle's writable folders hold over ${WATCH_DISK_ENTRIES} files`;
    }
    hidden = use.hidden;
    if (performance.now() - slice > WATCH_SLICE_MS) {
      await nextTurn();
      if (isStopped()) return undefined;
      slice = performance.now();
    }
  }
  if (!hidden || (filled.bytes <= limits.disk && filled.files <= WATCH_DISK_ENTRIES)) return undefined;
  const much = `${mebibytes(filled.bytes)} and ${filled.files} files`;
  return `parts of the bottle's writable folders can't be looked into, and the disk has filled by ${much}`;
}

const TOO_MANY_OPEN = `the bottle's programs have over ${WATCH_DESCRIPTORS} files open`;

/** Does a piece of work without keeping the launcher from everything else. */
async function inSlices<T>(work: Generator<unknown, T>): Promise<T> {
  let slice = performance.now();
  for (;;) {
    const step = work.next();
    if (step.done === true) return step.value;
    if (performance.now() - slice <= WATCH_SLICE_MS) continue;
    await nextTurn();
    slice = performance.now();
  }
}

/** Keeps no process alive. */
function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds).unref());
}

function mebibytes(bytes: number): string {
  return `${Math.ceil(bytes / 1024 / 1024)} MiB`;
}
