import { accessSync, constants, mkdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Limits } from "../../plan/launch-plan.ts";

/** cgroups made for one bottle: one folder in the unified hierarchy, or one a controller in the old ones. */
export interface Cgroup {
  readonly version: 1 | 2;
  readonly folders: readonly string[];
}

/** What the choice is made from: the texts of two files of /proc and two questions to the file system. */
export interface CgroupFacts {
  /** /proc/self/cgroup */
  readonly own: string;
  /** /proc/self/mountinfo */
  readonly mounts: string;
  /** whether this uid may make folders there and move processes from it */
  delegated(folder: string): boolean;
  /** controllers the folder's children have */
  controllers(folder: string): readonly string[];
}

/** Folders in which a bottle's cgroups may be made. */
export interface CgroupParents {
  readonly version: 1 | 2;
  /** controller to folder; the same folder for each in version 2 */
  readonly parents: ReadonlyMap<string, string>;
}

/** Without these two a cgroup bounds too little to be used in place of the watchdog. */
const NEEDED = ["memory", "pids"];

/**
 * Finds where a bottle's cgroup can be made without privileges: in version 2 the nearest ancestor of this process's
 * own cgroup that is delegated to this uid and hands memory and pids on (a process-holding cgroup can't: cgroup-v2.rst,
 * "No Internal Process Constraint"); in version 1 this process's own folder in both hierarchies. Undefined: nowhere.
 */
export function findParents(facts: CgroupFacts): CgroupParents | undefined {
  return unified(facts) ?? legacy(facts);
}

function unified(facts: CgroupFacts): CgroupParents | undefined {
  const root = mountPoints(facts.mounts).find(({ type }) => type === "cgroup2");
  const path = ownPaths(facts.own).get("");
  if (root === undefined || path === undefined) return undefined;
  for (let folder = join(root.path, path); folder.length > root.path.length; ) {
    folder = dirname(folder);
    if (!facts.delegated(folder)) return undefined;
    const controllers = facts.controllers(folder);
    if (NEEDED.every((name) => controllers.includes(name))) {
      return { version: 2, parents: new Map(controllers.map((name) => [name, folder])) };
    }
  }
  return undefined;
}

function legacy(facts: CgroupFacts): CgroupParents | undefined {
  const own = ownPaths(facts.own);
  const parents = new Map<string, string>();
  for (const { type, path, options } of mountPoints(facts.mounts)) {
    if (type !== "cgroup") continue;
    for (const name of ["memory", "pids", "cpu"]) {
      const mine = own.get(name);
      if (mine === undefined || !options.includes(name)) continue;
      const folder = join(path, mine);
      if (facts.delegated(folder)) parents.set(name, folder);
    }
  }
  return NEEDED.every((name) => parents.has(name)) ? { version: 1, parents } : undefined;
}

/** Controller to path of /proc/self/cgroup; the unified hierarchy under the empty name. */
function ownPaths(text: string): ReadonlyMap<string, string> {
  const paths = new Map<string, string>();
  for (const line of text.split("\n")) {
    const [, controllers, path] = /^[0-9]+:([^:]*):(\/.*)$/.exec(line) ?? [];
    if (controllers === undefined || path === undefined || path.includes("/..")) continue;
    for (const name of controllers.split(",")) paths.set(name, path);
  }
  return paths;
}

interface MountPoint {
  readonly path: string;
  readonly type: string;
  readonly options: readonly string[];
}

/** proc_pid_mountinfo(5): field 5 is the mount point; type and super options follow the lone dash. */
function mountPoints(text: string): readonly MountPoint[] {
  return text.split("\n").flatMap((line) => {
    const [before, after] = line.split(" - ");
    const path = before?.split(" ")[4];
    const [type, , options] = after?.split(" ") ?? [];
    return path && type ? [{ path, type, options: options?.split(",") ?? [] }] : [];
  });
}

/** The facts of this process. */
export function ownCgroupFacts(): CgroupFacts {
  return {
    own: read("/proc/self/cgroup"),
    mounts: read("/proc/self/mountinfo"),
    delegated: (folder) => writable(folder) && writable(join(folder, "cgroup.procs")),
    controllers: (folder) => {
      try {
        writeFileSync(join(folder, "cgroup.subtree_control"), "+memory +pids +cpu");
      } catch {
        // Not ours to change, or processes are in it: what is handed on already counts.
      }
      return read(join(folder, "cgroup.subtree_control")).trim().split(" ");
    },
  };
}

/** Makes the bottle's cgroups with its limits; throws what the kernel said when it refuses one, leaving none. */
export function makeCgroup(id: string, { version, parents }: CgroupParents, limits: Limits): Cgroup {
  const folders = [...new Set(parents.values())].map((parent) => join(parent, `bot-bottle-${id}`));
  const cgroup = { version, folders };
  try {
    for (const folder of folders) mkdirSync(folder, { recursive: true });
    for (const [controller, parent] of parents) {
      const folder = join(parent, `bot-bottle-${id}`);
      for (const [file, value] of settings(version, controller, limits))
        writeFileSync(join(folder, file), value);
    }
    return cgroup;
  } catch (error) {
    removeCgroup(cgroup);
    throw error;
  }
}

/** Microseconds in which `limits.cpus` times as many may be used. */
const CPU_PERIOD = 100_000;

function settings(
  version: 1 | 2,
  controller: string,
  limits: Limits,
): readonly (readonly [string, string])[] {
  const { memory, pids, cpus } = limits;
  const quota = cpus === undefined ? undefined : Math.max(1000, Math.round(cpus * CPU_PERIOD));
  if (controller === "pids") return [["pids.max", String(pids)]];
  if (controller === "memory") {
    return version === 2
      ? [
          ["memory.max", String(memory)],
          ["memory.swap.max", "0"],
          ["memory.oom.group", "1"],
        ]
      : [["memory.limit_in_bytes", String(memory)]];
  }
  if (controller !== "cpu" || quota === undefined) return [];
  return version === 2 ? [["cpu.max", `${quota} ${CPU_PERIOD}`]] : [["cpu.cfs_quota_us", String(quota)]];
}

/** How often the kernel ended a program of the bottle for its memory limit. */
export function outOfMemoryKills(cgroup: Cgroup): number {
  for (const folder of cgroup.folders) {
    for (const file of ["memory.events", "memory.oom_control"]) {
      const count = /^oom_kill ([0-9]+)$/m.exec(read(join(folder, file)))?.[1];
      if (count !== undefined) return Number(count);
    }
  }
  return 0;
}

/** Removes what is empty; a folder that still holds a process stays for the next try. */
export function removeCgroup(cgroup: Cgroup): void {
  for (const folder of cgroup.folders) {
    try {
      rmdirSync(folder);
    } catch {
      // Gone already, or not empty yet.
    }
  }
}

function writable(path: string): boolean {
  try {
    accessSync(path, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
