import { spawn } from "node:child_process";
import { copyFileSync, mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { BottleHome, type HomeOptions, type Recorded, type RunningBottle } from "../support/bottle.ts";
import type { FakeInternet } from "../support/fake-internet.ts";
import type { Outcome } from "./inside/lib.ts";

const INSIDE = join(dirname(fileURLToPath(import.meta.url)), "inside");

/** The two ways a program comes to run in a bottle: every attack is made both ways. */
export const WAYS = ["agent", "exec"] as const;
export type Outcomes = ReadonlyMap<string, Outcome>;

export interface Probed {
  readonly home: BottleHome;
  readonly bottle: RunningBottle;
  readonly agent: Outcomes;
  readonly exec: Outcomes;
  readonly records: readonly Recorded[];
}

export interface ProbeOptions extends HomeOptions {
  /** file of `inside/` */
  readonly script: string;
  readonly args?: readonly string[];
  readonly flags?: readonly string[];
}

/** Runs the script in one bottle, as its agent and then through `exec`. The bottle still runs afterwards. */
export async function probeBottle(options: ProbeOptions): Promise<Probed> {
  const home = new BottleHome(options);
  try {
    const workspace = withScripts(home, options.script);
    const args = options.args ?? [];
    const bottle = await home.launch(["node", `/workspace/${options.script}`, "agent", ...args], {
      flags: ["--workspace", workspace, ...(options.flags ?? [])],
    });
    await until(
      () => bottle.stdout().includes("\nDONE\n"),
      () => bottle.stdout() + bottle.stderr(),
    );
    const node = /^NODE (.+)$/m.exec(bottle.stdout())?.[1] ?? "node";
    const exec = await bottle.exec([node, `/workspace/${options.script}`, "exec", ...args]);
    if (!exec.stdout.includes("\nDONE\n"))
      throw new Error(`exec: ${exec.code}\n${exec.stdout}${exec.stderr}`);
    return {
      home,
      bottle,
      agent: outcomes(bottle.stdout()),
      exec: outcomes(exec.stdout),
      records: home.journal(bottle.id),
    };
  } catch (error) {
    await home.dispose();
    throw error;
  }
}

/** A workspace that holds a script of `inside/` and what it imports. */
export function withScripts(home: BottleHome, ...scripts: readonly string[]): string {
  const workspace = home.workspace({});
  for (const name of ["lib.ts", ...scripts]) {
    copyFileSync(join(INSIDE, name), join(workspace, name));
    home.own(join(workspace, name));
  }
  mkdirSync(join(workspace, "folder"));
  home.own(join(workspace, "folder"));
  return workspace;
}

/** The same script on the machine itself, without a bottle: what a probe sees where nothing stops it. */
export async function probeOutside(
  net: FakeInternet | undefined,
  script: string,
  args: readonly string[] = [],
  wrap: readonly string[] = [],
): Promise<Outcomes> {
  const argv = [
    ...(net?.enter ?? []),
    ...wrap,
    ...[process.execPath, join(INSIDE, script), "outside", ...args],
  ];
  const child = spawn(argv[0] ?? "", argv.slice(1), { stdio: ["ignore", "pipe", "inherit"] });
  let stdout = "";
  child.stdout.on("data", (chunk: Buffer) => {
    stdout += chunk.toString("utf8");
  });
  await new Promise((resolve) => child.once("close", resolve));
  return outcomes(stdout);
}

/** What the probes of a script came to, by what it printed. */
export function outcomes(stdout: string): Outcomes {
  const lines = stdout.split("\n").filter((line) => line.startsWith("PROBE "));
  return new Map(
    lines.map((line) => {
      const { name, outcome }: { name: string; outcome: Outcome } = JSON.parse(line.slice("PROBE ".length));
      return [name, outcome];
    }),
  );
}

async function until(done: () => boolean, shown: () => string, seconds = 300): Promise<void> {
  const deadline = Date.now() + seconds * 1000;
  while (!done()) {
    if (Date.now() > deadline) throw new Error(`the probes did not come to their end:\n${shown()}`);
    await new Promise((resolve) => setTimeout(resolve, 30));
  }
}

/** The outcome of one probe; it must have been made. */
export function outcome(of: Outcomes, name: string): Outcome {
  const found = of.get(name);
  if (found === undefined) throw new Error(`no probe ${name} was run`);
  return found;
}

/** `failed CODE`, `http STATUS VERDICT`, …: an outcome short enough to compare. */
export function brief(one: Outcome): string {
  switch (one.kind) {
    case "http":
      return one.verdict === null ? `http ${one.status}` : `refused ${one.verdict}`;
    case "failed":
      return `failed ${one.code}`;
    case "bytes":
      return `bytes ${one.raw.slice(0, 60)}`;
    case "done":
      return "done";
  }
}
