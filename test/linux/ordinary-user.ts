import { type ChildProcess, execFileSync, type SpawnOptions, spawn, spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const ROOT = join(import.meta.dirname, "..", "..");
const USER = "bottle-test";
const isRoot = process.getuid?.() === 0;

/** Programs that make bottles run as an ordinary user: this one, or one that root makes for the purpose. */
function userId(): number {
  if (!isRoot) return process.getuid?.() ?? 0;
  const known = spawnSync("id", ["-u", USER], { encoding: "utf8" });
  if (known.status !== 0) execFileSync("useradd", ["--create-home", USER]);
  return Number(execFileSync("id", ["-u", USER], { encoding: "utf8" }));
}

export const uid = userId();

function asUser(command: readonly string[]): [string, string[]] {
  const [file = "", ...words] = isRoot
    ? ["setpriv", `--reuid=${uid}`, `--regid=${uid}`, "--clear-groups", "--inh-caps=-all", ...command]
    : command;
  return [file, words];
}

/** The checkout where the user can read it, else a copy of the parts that are needed. */
function readableRoot(): { readonly path: string; remove(): void } {
  const [file, words] = asUser(["test", "-r", join(ROOT, "src", "backends", "linux", "index.ts")]);
  if (spawnSync(file, words).status === 0) return { path: ROOT, remove: () => undefined };
  const copy = mkdtempSync(join(tmpdir(), "bottle-code-"));
  for (const part of ["package.json", "src", "test/linux", "node_modules/@lydell"]) {
    cpSync(join(ROOT, part), join(copy, part), { recursive: true });
  }
  execFileSync("chmod", ["-R", "a+rX", copy]);
  return { path: copy, remove: () => rmSync(copy, { recursive: true, force: true }) };
}

const code = readableRoot();
process.on("exit", () => code.remove());

const folders: string[] = [];
process.on("exit", () => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

/** A folder of that user's own, removed when this process ends. */
export function userFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "bottle-user-"));
  if (isRoot) execFileSync("chown", [`${uid}:${uid}`, folder]);
  folders.push(folder);
  return folder;
}

/** Runs `scenarios/NAME.ts` as the user, in a clean environment. */
export function spawnScenario(
  name: string,
  args: readonly string[],
  options: SpawnOptions = {},
): ChildProcess {
  const script = join(code.path, "test", "linux", "scenarios", `${name}.ts`);
  const [file, words] = asUser([process.execPath, "--no-warnings", script, ...args]);
  return spawn(file, words, {
    stdio: ["ignore", "pipe", "inherit"],
    env: { PATH: "/usr/bin:/bin" },
    ...options,
  });
}

/** Runs a scenario to its end; what it prints is JSON. Throws when it fails. */
export async function scenario(name: string, input: unknown): Promise<unknown> {
  const child = spawnScenario(name, [JSON.stringify(input)]);
  let printed = "";
  child.stdout?.setEncoding("utf8").on("data", (text: string) => {
    printed += text;
  });
  const code = await new Promise<number | null>((resolve, reject) =>
    child.once("close", resolve).once("error", reject),
  );
  if (code !== 0) throw new Error(`scenario ${name} ended with ${code}: ${printed}`);
  return JSON.parse(printed);
}
