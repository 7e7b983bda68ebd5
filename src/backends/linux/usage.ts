import { readdirSync, readlinkSync, statfsSync, statSync } from "node:fs";
import { join } from "node:path";
import { TMPFS_ENTRY_BYTES, WATCH_DESCRIPTORS } from "./limits.ts";
import { readText } from "./proc.ts";
import { TMPFS_PATHS } from "./root-fs.ts";

const PAGE_BYTES = 4096;

/** What a bottle uses now. */
export interface Usage {
  readonly processes: number;
  /** bytes: private memory of its processes, and what its tmpfs hold */
  readonly memory: number;
}

/**
 * Looks at a bottle through its own /proc, which shows its processes and those of pid namespaces inside it, and nothing
 * else; `init` is its first process's pid out here. Pages that processes share are counted once for each, so that a sum
 * over the limit is to be checked with `proportionalMemory`. Undefined: the bottle is gone.
 */
export function usage(init: number): Usage | undefined {
  const root = `/proc/${init}/root`;
  const processes = processFolders(root);
  if (processes === undefined) return undefined;
  let memory = tmpfsBytes(root);
  for (const folder of processes) {
    // statm: size, resident, shared, … in pages
    const [, resident, shared] = (readText(join(folder, "statm")) ?? "").split(" ").map(Number);
    memory += Math.max(0, (resident ?? 0) - (shared ?? 0)) * PAGE_BYTES;
  }
  return { processes: processes.length, memory };
}

/** Files that a bottle's processes hold open and that no look at a folder or at a process's memory shows. */
export interface OpenFiles {
  /** bytes of files that only live in memory (memfd_create(2)): they need not be mapped */
  readonly memory: number;
  /** bytes on `devices` of files that have no name any more */
  readonly unlinked: number;
}

/**
 * Looks at every descriptor of the bottle's processes: at each look at the disk, and at memory when the machine's shared memory has grown.
 * Undefined: there are more than `WATCH_DESCRIPTORS`, which could not be looked at in time. Yields after each.
 */
export function* openFiles(
  init: number,
  devices: ReadonlySet<number> = new Set(),
): Generator<void, OpenFiles | undefined> {
  const memory = new Map<number, number>();
  const unlinked = new Map<string, number>();
  let looked = 0;
  for (const folder of processFolders(`/proc/${init}/root`) ?? []) {
    for (const name of descriptors(folder)) {
      yield;
      looked++;
      if (looked > WATCH_DESCRIPTORS) return undefined;
      const path = join(folder, "fd", name);
      try {
        const target = readlinkSync(path);
        const inMemory = target.startsWith("/memfd:");
        // What the kernel says of a file without a name; one that is called so has one, and nlink tells.
        if (!inMemory && !target.endsWith(" (deleted)")) continue;
        const { dev, ino, blocks, nlink } = statSync(path);
        if (inMemory) memory.set(ino, blocks * 512);
        else if (nlink === 0 && devices.has(dev)) unlinked.set(`${dev}:${ino}`, blocks * 512);
      } catch {
        // Closed since.
      }
    }
  }
  return { memory: sum(memory.values()), unlinked: sum(unlinked.values()) };
}

function sum(values: Iterable<number>): number {
  let total = 0;
  for (const value of values) total += value;
  return total;
}

function descriptors(processFolder: string): readonly string[] {
  try {
    return readdirSync(join(processFolder, "fd"));
  } catch {
    return [];
  }
}

/** Bytes of shared memory and tmpfs on the whole machine. */
export function machineSharedMemory(): number {
  return Number(/^Shmem:\s+([0-9]+) kB$/m.exec(readText("/proc/meminfo") ?? "")?.[1] ?? 0) * 1024;
}

/**
 * `usage`'s memory with each shared page divided among those who share it: exact, and so slow for programs that share
 * much that it yields after each.
 */
export function* proportionalMemory(init: number): Generator<void, number> {
  const root = `/proc/${init}/root`;
  let total = tmpfsBytes(root);
  for (const folder of processFolders(root) ?? []) {
    const kib = /^Pss_Anon:\s+([0-9]+) kB$/m.exec(readText(join(folder, "smaps_rollup")) ?? "")?.[1];
    total += Number(kib ?? 0) * 1024;
    yield;
  }
  return total;
}

function processFolders(root: string): readonly string[] | undefined {
  try {
    const proc = join(root, "proc");
    return readdirSync(proc)
      .filter((name) => /^[0-9]+$/.test(name))
      .map((name) => join(proc, name));
  } catch {
    return undefined;
  }
}

function tmpfsBytes(root: string): number {
  return TMPFS_PATHS.reduce((total, path) => {
    try {
      const { bsize, blocks, bfree, files, ffree } = statfsSync(join(root, path));
      return total + (blocks - bfree) * bsize + (files - ffree) * TMPFS_ENTRY_BYTES;
    } catch {
      return total;
    }
  }, 0);
}
