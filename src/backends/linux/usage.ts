import { lstatSync, opendirSync, readdirSync, readlinkSync, statfsSync, statSync } from "node:fs";
import { join } from "node:path";
import { TMPFS_ENTRY_BYTES } from "./limits.ts";
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

/**
 * Bytes in files that only live in memory (memfd_create(2)) and that the bottle's processes hold open: they need not be
 * mapped, and so are in no process's sum. Looks at every descriptor; worth it when the machine's shared memory has grown.
 */
export function memoryFiles(init: number): number {
  const seen = new Map<number, number>();
  for (const folder of processFolders(`/proc/${init}/root`) ?? []) {
    for (const name of names(join(folder, "fd"))) {
      const path = join(folder, "fd", name);
      try {
        if (!readlinkSync(path).startsWith("/memfd:")) continue;
        const { ino, blocks } = statSync(path);
        seen.set(ino, blocks * 512);
      } catch {
        // Closed since.
      }
    }
  }
  return [...seen.values()].reduce((total, bytes) => total + bytes, 0);
}

/** Bytes of shared memory and tmpfs on the whole machine. */
export function machineSharedMemory(): number {
  return Number(/^Shmem:\s+([0-9]+) kB$/m.exec(readText("/proc/meminfo") ?? "")?.[1] ?? 0) * 1024;
}

/** `usage`'s memory with each shared page divided among those who share it: exact, and slower. */
export function proportionalMemory(init: number): number {
  const root = `/proc/${init}/root`;
  const sums = (processFolders(root) ?? []).map((folder) => {
    const kib = /^Pss_Anon:\s+([0-9]+) kB$/m.exec(readText(join(folder, "smaps_rollup")) ?? "")?.[1];
    return Number(kib ?? 0) * 1024;
  });
  return sums.reduce((total, bytes) => total + bytes, tmpfsBytes(root));
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

/**
 * Bytes the folders hold on disk, each hard-linked file once, no link followed. Yields after every entry, so that the
 * caller can spread the walk; `entries` counts them.
 */
export function* diskUse(
  folders: readonly string[],
): Generator<{ readonly bytes: number; readonly entries: number }> {
  const seen = new Set<number>();
  const queue = [...folders];
  let bytes = 0;
  let entries = 0;
  for (let folder = queue.pop(); folder !== undefined; folder = queue.pop()) {
    for (const name of names(folder)) {
      const path = join(folder, name);
      const stat = lstatSync(path, { throwIfNoEntry: false });
      entries++;
      if (stat !== undefined && (stat.nlink === 1 || stat.isDirectory() || !seen.has(stat.ino))) {
        if (stat.nlink > 1) seen.add(stat.ino);
        bytes += stat.blocks * 512;
        if (stat.isDirectory()) queue.push(path);
      }
      yield { bytes, entries };
    }
  }
}

function* names(folder: string): Generator<string> {
  let handle: ReturnType<typeof opendirSync>;
  try {
    handle = opendirSync(folder);
  } catch {
    return;
  }
  try {
    for (let entry = handle.readSync(); entry !== null; entry = handle.readSync()) yield entry.name;
  } finally {
    handle.closeSync();
  }
}
