import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Figures } from "./figures.ts";
import { descendants, residentKib } from "./processes.ts";

/** Starts in each round; one start is short and scatters. */
const STARTS = 5;
/** A fresh sidecar's first garbage is gone by then. */
const REST_MS = 3000;
const PROGRAM = join(dirname(import.meta.dirname), "bin", "bot-bottle");
/** The agent: what both a bottle and a bare sandbox can see, saying that it runs. */
const NODE = "/usr/bin/node";
const AGENT = existsSync(NODE) ? [NODE, "-e", "console.log('up')"] : ["/bin/sh", "-c", "echo up"];

/** Time from the command to the agent's first output, in a bottle and in a sandbox with nothing around it. */
export async function measureStart(folder: string, figures: Figures, round: number): Promise<void> {
  const env = operator(folder);
  if (round === 0) await firstOutput(bottle(AGENT), env);
  for (let turn = 0; turn < STARTS; turn += 1) {
    figures.addOwn("bareStartMs", await firstOutput(bareSandbox(AGENT), env));
    figures.addOwn("bottleStartMs", await firstOutput(bottle(AGENT), env));
  }
}

/** Memory of the sidecar of a bottle that does nothing. */
export async function measureRest(folder: string, figures: Figures): Promise<void> {
  const child = launch(bottle(["/bin/sh", "-c", "echo up; exec sleep 600"]), operator(folder));
  try {
    await said(child);
    await sleep(REST_MS);
    const sidecars = descendants(child.pid ?? 0).filter((pid) => isSidecar(pid));
    if (sidecars.length === 0) throw new Error("the bottle's sidecar was not found");
    figures.addOwn("restMib", Math.max(...sidecars.map(residentKib)) / 1024);
  } finally {
    child.kill("SIGTERM");
    await ended(child);
  }
}

/** A throw-away operator with one bottle that allows nothing. */
function operator(folder: string): NodeJS.ProcessEnv {
  const home = join(folder, "operator");
  mkdirSync(join(home, "bottles"), { recursive: true, mode: 0o700 });
  writeFileSync(join(home, "bottles", "bench.md"), "---\nsupervise: false\n---\nAllows nothing.\n", {
    mode: 0o600,
  });
  return { PATH: process.env.PATH, HOME: process.env.HOME, BOT_BOTTLE_HOME: home };
}

function bottle(agent: readonly string[]): readonly string[] {
  return [PROGRAM, "run", "--bottle", "bench", "--headless", "--yes", "--", ...agent];
}

function bareSandbox(agent: readonly string[]): readonly string[] {
  const folders = ["/usr", "/lib", "/lib64", "/bin"]
    .filter(existsSync)
    .flatMap((name) => ["--ro-bind", name, name]);
  return ["bwrap", ...folders, "--proc", "/proc", "--dev", "/dev", "--unshare-all", ...agent];
}

async function firstOutput(command: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  const began = performance.now();
  const child = launch(command, env);
  await said(child);
  const took = performance.now() - began;
  await ended(child);
  return took;
}

function launch([program = "", ...args]: readonly string[], env: NodeJS.ProcessEnv): ChildProcess {
  return spawn(program, args, { env, stdio: ["ignore", "pipe", "inherit"] });
}

function said(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    child.stdout?.once("data", () => resolve());
    child.once("error", reject);
    child.once("close", (code) =>
      reject(new Error(`${child.spawnfile} ended with ${code} before it said anything`)),
    );
  });
}

function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => child.once("exit", () => resolve()));
}

function isSidecar(pid: number): boolean {
  try {
    const [program = "", ...args] = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
    return program.endsWith("node") && args.some((arg) => arg.endsWith("/sidecar.js"));
  } catch {
    return false;
  }
}
