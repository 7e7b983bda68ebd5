import { spawnSync } from "node:child_process";
import { closeSync, openSync, readdirSync, readFileSync, readlinkSync, readSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Outcome } from "./outcome.ts";

/** Larger files hold no token a person put there. */
const MAX_FILE = 1_048_576;
const MAX_PLACES = 20_000;
/** Where a container's secrets are found; the system's own read-only programs are left out. */
const FOLDERS = [
  "/home",
  "/workspace",
  "/tmp",
  "/etc",
  "/run",
  "/var",
  "/opt",
  "/root",
  "/srv",
  "/mnt",
  "/dev",
];

/** System call numbers (arch/x86/entry/syscalls, include/uapi/asm-generic/unistd.h). */
const CALLS = process.arch === "arm64" ? { mount: 40, unshare: 97 } : { mount: 165, unshare: 272 };
const CLONE_NEWUSER_NEWNET = 0x5000_0000;

/** Perl because node can't make these calls; 0 is what the kernel says when it lets one through. */
const SCRIPTS = {
  "raw-socket": "socket(my $s, 2, 3, 255)",
  // perl wants strings it may write to
  mount: `do { my ($type, $at) = ("tmpfs", "/mnt"); syscall(${CALLS.mount}, $type, $at, $type, 0, 0) == 0 }`,
  namespace: `syscall(${CALLS.unshare}, ${CLONE_NEWUSER_NEWNET}) == 0`,
} as const;

/** Asks the kernel for something only a privileged process gets. */
export function capability(what: keyof typeof SCRIPTS): Outcome {
  const script = `if (${SCRIPTS[what]}) { print "yes" } else { my ($n) = grep { $!{$_} } keys %!; print $n }`;
  const perl = spawnSync("perl", ["-MErrno", "-e", script], { encoding: "utf8" });
  if (perl.error !== undefined) return { kind: "untried", why: "no perl here" };
  if (perl.stdout === "yes") return { kind: "succeeded", detail: what };
  return { kind: "failed", code: perl.stdout || (perl.signal ?? "ERROR") };
}

function pattern(prefix: string): RegExp {
  return new RegExp(`${prefix}[0-9a-f]{32}`, "g");
}

export function searchEnvironment(prefix: string): Outcome {
  const all = Object.entries(process.env);
  return {
    kind: "search",
    matches: JSON.stringify(all).match(pattern(prefix)) ?? [],
    places: all.length,
  };
}

/** Environment, arguments, links and memory of every process that can be seen. */
export function searchProcesses(prefix: string): Outcome {
  const matches: string[] = [];
  let places = 0;
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    for (const file of ["environ", "cmdline", "maps"]) {
      places += 1;
      matches.push(
        ...(attempt(() => readFileSync(`/proc/${pid}/${file}`, "latin1")).match(pattern(prefix)) ?? []),
      );
    }
    matches.push(...(attempt(() => readlinkSync(`/proc/${pid}/cwd`)).match(pattern(prefix)) ?? []));
    if (Number(pid) !== process.pid) matches.push(...searchMemory(pid, prefix));
  }
  return { kind: "search", matches, places };
}

function searchMemory(pid: string, prefix: string): string[] {
  const found: string[] = [];
  const maps = attempt(() => readFileSync(`/proc/${pid}/maps`, "latin1"));
  for (const [, from = "0", to = "0"] of maps.matchAll(/^([0-9a-f]+)-([0-9a-f]+) rw/gm)) {
    const start = Number.parseInt(from, 16);
    const size = Math.min(Number.parseInt(to, 16) - start, 16 * MAX_FILE);
    const memory = attempt(() => {
      const file = openSync(`/proc/${pid}/mem`, "r");
      try {
        const bytes = Buffer.alloc(size);
        return bytes.toString("latin1", 0, readSync(file, bytes, 0, size, start));
      } finally {
        closeSync(file);
      }
    });
    found.push(...(memory.match(pattern(prefix)) ?? []));
  }
  return found;
}

/** Every small file that can be read. */
export function searchFiles(prefix: string): Outcome {
  const matches: string[] = [];
  const waiting = [...FOLDERS];
  let places = 0;
  for (let folder = waiting.pop(); folder !== undefined && places < MAX_PLACES; folder = waiting.pop()) {
    for (const entry of children(folder)) {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) waiting.push(path);
      else if (entry.isFile()) {
        places += 1;
        matches.push(...(attempt(() => readSmall(path)).match(pattern(prefix)) ?? []));
      }
    }
  }
  return { kind: "search", matches, places };
}

/** The folder's entry tells what lies under a mount point: a device may look like a file there. */
function readSmall(path: string): string {
  const stats = statSync(path);
  return stats.isFile() && stats.size <= MAX_FILE ? readFileSync(path, "latin1") : "";
}

function children(folder: string) {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    return [];
  }
}

/** A file outside, by its path there; through the root of pid 1 too. */
export function readForeign(path: string, prefix: string): Outcome {
  const matches = [path, `/proc/1/root${path}`, `/proc/self/cwd/../..${path}`].flatMap(
    (one) => attempt(() => readFileSync(one, "latin1")).match(pattern(prefix)) ?? [],
  );
  if (matches.length > 0) return { kind: "search", matches, places: 3 };
  readFileSync(path);
  return { kind: "search", matches, places: 3 };
}

function attempt(read: () => string): string {
  try {
    return read();
  } catch {
    // not ours to read: the next one
    return "";
  }
}
