import { spawnSync } from "node:child_process";
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { ordinaryUser } from "./ordinary-user.ts";

/** Who starts the program: root, which drops its rights, or an ordinary user. */
export type Starter = "root" | "user";

const isRoot = process.getuid?.() === 0;

/** Both when root runs the tests; an ordinary user can only be what it is. */
export const STARTERS: readonly Starter[] = isRoot ? ["root", "user"] : ["user"];

export const CHECKOUT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

export interface Program {
  /** the shipped program */
  readonly path: string;
  /** folder of the Node that runs it, first in PATH */
  readonly nodeFolder: string;
}

const found = new Map<Starter, Program>();
let built = false;

/** The built program as this starter can run it: a copy in a public folder when the checkout is a private one. */
export function programFor(starter: Starter): Program {
  if (!built) {
    const build = spawnSync(process.execPath, [join(CHECKOUT, "scripts/build.mjs")], { encoding: "utf8" });
    if (build.status !== 0) throw new Error(`the program does not build: ${build.stderr}`);
    built = true;
  }
  const known = found.get(starter);
  if (known !== undefined) return known;
  const program = starter === "root" || !isRoot || readableByUser() ? here() : publicCopy();
  found.set(starter, program);
  return program;
}

function here(): Program {
  return { path: join(CHECKOUT, "bin/bot-bottle"), nodeFolder: dirname(process.execPath) };
}

function readableByUser(): boolean {
  const script = 'test -x "$1" && test -r "$2" && test -x "$3"';
  const paths = [join(CHECKOUT, "bin/bot-bottle"), join(CHECKOUT, "dist/cli.mjs"), process.execPath];
  const check = spawnSync("/bin/sh", ["-c", script, "sh", ...paths], ordinaryUser());
  return check.status === 0;
}

const COPIED = ["bin", "dist", "package.json", "scripts", "node_modules/@lydell"];

/** Removed when this worker ends. */
function publicCopy(): Program {
  const copy = mkdtempSync(join(tmpdir(), "bot-bottle-program-"));
  process.once("exit", () => rmSync(copy, { recursive: true, force: true }));
  chmodSync(copy, 0o755);
  for (const part of COPIED) {
    const from = join(CHECKOUT, part);
    if (existsSync(from)) cpSync(from, join(copy, part), { recursive: true, dereference: true });
  }
  mkdirSync(join(copy, "node"));
  cpSync(process.execPath, join(copy, "node/node"), { dereference: true });
  spawnSync("chmod", ["-R", "a+rX", copy]);
  return { path: join(copy, "bin/bot-bottle"), nodeFolder: join(copy, "node") };
}
