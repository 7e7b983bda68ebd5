import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync, readdirSync, readFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

/** Clock ticks a second in /proc/PID/stat: 100 on every Linux that Node runs on. */
const TICKS = 100;
const STOP_MS = 5000;
const START_MS = 20_000;

/** A server that the bench started, with everything it started in turn. */
export interface Running {
  readonly pid: number;
  /** user and system time used so far, microseconds, all of its processes */
  cpuMicros(): number;
  /** resident memory, MiB, all of its processes */
  residentMib(): number;
  stop(): Promise<void>;
}

interface Stat {
  readonly pid: number;
  readonly parent: number;
  readonly ticks: number;
  readonly started: string;
}

const running = new Set<ChildProcess>();
// whatever ends the bench, its servers end too
process.on("exit", () => {
  for (const child of running) for (const { pid } of tree(child.pid ?? 0)) kill(pid, "SIGKILL");
});
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => process.exit(130));

/** The command line that keeps a program on one core. */
export function pinned(
  core: number | undefined,
  command: string,
  args: readonly string[],
): [string, ...string[]] {
  return core === undefined ? [command, ...args] : ["taskset", "-c", String(core), command, ...args];
}

/** Starts a server; its output goes to the file `log`. */
export function start(
  command: string,
  args: readonly string[],
  options: { readonly core: number | undefined; readonly log: string; readonly env?: NodeJS.ProcessEnv },
): Running {
  const out = openSync(options.log, "a");
  const [program, ...rest] = pinned(options.core, command, args);
  const child = spawn(program, rest, { stdio: ["ignore", out, out], env: options.env ?? process.env });
  closeSync(out);
  running.add(child);
  const exited = new Promise<void>((resolve) => child.once("close", () => resolve()));
  child.once("error", () => undefined);
  const pid = child.pid ?? 0;
  return {
    pid,
    cpuMicros: () => tree(pid).reduce((sum, { ticks }) => sum + ticks, 0) * (1e6 / TICKS),
    residentMib: () => tree(pid).reduce((sum, one) => sum + residentKib(one.pid), 0) / 1024,
    async stop() {
      const all = tree(pid);
      child.kill("SIGTERM");
      await Promise.race([exited, sleep(STOP_MS)]);
      // helpers may outlive their parent; a pid that was given to another process meanwhile is left alone
      for (const { pid: one, started } of all) if (stat(one)?.started === started) kill(one, "SIGKILL");
      await exited;
      running.delete(child);
    },
  };
}

/** Runs a program to its end and gives what it printed; throws when it fails. */
export async function run(
  command: string,
  args: readonly string[],
  options: { readonly core?: number | undefined; readonly env?: NodeJS.ProcessEnv } = {},
): Promise<string> {
  const [program, ...rest] = pinned(options.core, command, args);
  const child = spawn(program, rest, { stdio: ["ignore", "pipe", "pipe"], env: options.env ?? process.env });
  let output = "";
  let complaints = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    output += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    complaints += text;
  });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  if (code !== 0) throw new Error(`${command} ended with ${code}: ${complaints || output}`);
  return output;
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === "string") throw new Error("no free port");
  return address.port;
}

/** Resolves once the server accepts on the port; throws with the end of `log` when it doesn't. */
export async function listening(server: Running, port: number, log: string): Promise<void> {
  for (const until = Date.now() + START_MS; Date.now() < until; await sleep(50)) {
    if (await accepts(port)) return;
    if (stat(server.pid) === undefined) break;
  }
  throw new Error(`nothing listens on port ${port}: ${readFileSync(log, "utf8").slice(-2000)}`);
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
    socket.once("connect", () => socket.destroy());
  });
}

/** Pids of everything a process started, and of what that started in turn. */
export function descendants(pid: number): number[] {
  return tree(pid).map((one) => one.pid);
}

function tree(root: number): Stat[] {
  const all = readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map((name) => stat(Number(name)))
    .filter((one) => one !== undefined);
  const found = all.filter(({ pid }) => pid === root);
  for (const one of found) found.push(...all.filter(({ parent }) => parent === one.pid));
  return found;
}

/** proc_pid_stat(5); undefined when the process is gone. */
function stat(pid: number): Stat | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "utf8");
    // the name in parentheses may hold anything: fields are counted from its end, the state being field 3
    const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
    const field = (number: number): string => fields[number - 3] ?? "0";
    return {
      pid,
      parent: Number(field(4)),
      ticks: Number(field(14)) + Number(field(15)),
      started: field(22),
    };
  } catch {
    return undefined;
  }
}

/** Resident memory of one process, KiB; 0 when it is gone. */
export function residentKib(pid: number): number {
  try {
    return Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0);
  } catch {
    return 0;
  }
}

function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // already gone
  }
}
