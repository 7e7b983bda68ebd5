import { Fault } from "../../base/fault.ts";
import type { PlaceRecord } from "../backend.ts";
import type { Cgroup } from "./cgroup.ts";
import { bootId, isAlive, type NamespaceKind, type ProcessId } from "./proc.ts";
import type { Restrictions } from "./sandbox.ts";

/** The namespaces `exec` enters besides the network's, in the order it does: the user namespace last. */
export const ENTERED = [
  "mnt",
  "pid",
  "ipc",
  "uts",
  "cgroup",
  "user",
] as const satisfies readonly NamespaceKind[];

/** Inode number of each namespace that `exec` enters. */
export type Namespaces = Readonly<Record<(typeof ENTERED)[number], string>>;

/** What the linux backend keeps of a running bottle. */
export interface LinuxRecord {
  readonly backend: "linux";
  /** the machine's boot that the pids are of */
  readonly boot: string;
  readonly processes: {
    /** keeps the outer user namespace and the network namespace */
    readonly holder: ProcessId;
    /** bwrap, outside */
    readonly monitor: ProcessId;
    /** the bottle's first process */
    readonly init: ProcessId;
  };
  /** inode number of the network namespace */
  readonly net: string;
  readonly namespaces: Namespaces;
  /** path of the seccomp filter, in the kernel's form */
  readonly filter: string;
  /** what the kernel bounds for each program; `exec` puts the same on */
  readonly restrictions: Restrictions;
  readonly pids: number;
  readonly cgroup: Cgroup | null;
  /** in words, for people: what holds the bottle's limits */
  readonly limitsBy: string;
}

/** The record as it is kept in metadata.json. */
export function toPlaceRecord(record: LinuxRecord): PlaceRecord {
  return { ...record };
}

export function limitsBy(cgroup: Cgroup | undefined): string {
  return cgroup === undefined
    ? "rlimits for each process, a watchdog in the launcher for the bottle"
    : `a delegated cgroup (version ${cgroup.version})`;
}

/** Reads a record back; throws a Fault when it is not one of this backend. */
export function parseRecord(record: PlaceRecord): LinuxRecord {
  const read = new Reader(record);
  const processes = read.under("processes");
  const namespaces = read.under("namespaces");
  const restrictions = read.under("restrictions");
  const cgroup = record.cgroup === null ? undefined : read.under("cgroup");
  if (read.text("backend") !== "linux") throw damaged("backend");
  const process = (name: string): ProcessId => {
    const one = processes.under(name);
    return { pid: one.integer("pid"), started: one.digits("started") };
  };
  return {
    backend: "linux",
    boot: read.text("boot"),
    processes: { holder: process("holder"), monitor: process("monitor"), init: process("init") },
    net: read.digits("net"),
    namespaces: {
      mnt: namespaces.digits("mnt"),
      pid: namespaces.digits("pid"),
      ipc: namespaces.digits("ipc"),
      uts: namespaces.digits("uts"),
      cgroup: namespaces.digits("cgroup"),
      user: namespaces.digits("user"),
    },
    filter: read.text("filter"),
    restrictions: {
      rlimits: restrictions.texts("rlimits"),
      cgroups: restrictions.texts("cgroups"),
      processors: restrictions.integers("processors"),
    },
    pids: read.integer("pids"),
    cgroup:
      cgroup === undefined
        ? null
        : { version: cgroup.integer("version") === 1 ? 1 : 2, folders: cgroup.texts("folders") },
    limitsBy: read.text("limitsBy"),
  };
}

/** True while the bottle's first process is the one of the record: same boot, same pid, same start. */
export function isRunning(record: LinuxRecord): boolean {
  return record.boot === bootId() && isAlive(record.processes.init);
}

function damaged(field: string): Fault {
  return new Fault(`the bottle's metadata is damaged: ${field}`, { mend: "run: bot-bottle cleanup" });
}

class Reader {
  readonly #value: object;

  constructor(value: object) {
    this.#value = value;
  }

  under(field: string): Reader {
    const value = this.#get(field);
    if (typeof value !== "object" || value === null) throw damaged(field);
    return new Reader(value);
  }

  text(field: string): string {
    const value = this.#get(field);
    if (typeof value !== "string") throw damaged(field);
    return value;
  }

  digits(field: string): string {
    const value = this.text(field);
    if (!/^[0-9]+$/.test(value)) throw damaged(field);
    return value;
  }

  integer(field: string): number {
    const value = this.#get(field);
    if (typeof value !== "number" || !Number.isSafeInteger(value) || value < 0) throw damaged(field);
    return value;
  }

  texts(field: string): readonly string[] {
    return this.#list(field).map((value) => {
      if (typeof value !== "string") throw damaged(field);
      return value;
    });
  }

  integers(field: string): readonly number[] {
    return this.#list(field).map((value) => {
      if (typeof value !== "number") throw damaged(field);
      return value;
    });
  }

  #list(field: string): readonly unknown[] {
    const value = this.#get(field);
    if (!Array.isArray(value)) throw damaged(field);
    return value;
  }

  #get(field: string): unknown {
    return Reflect.get(this.#value, field);
  }
}
