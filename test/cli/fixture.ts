import { spawn, spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { programFor, STARTERS } from "../support/program.ts";

const shipped = programFor(STARTERS[0] ?? "user");
/** bin/bot-bottle, built from the sources that are there */
export const PROGRAM = shipped.path;

export interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** An operator's home of its own, and the command line run in it without a terminal. */
export class Operator implements Disposable {
  readonly root = mkdtempSync(join(tmpdir(), "cli-"));
  readonly home = join(this.root, "home");

  constructor() {
    for (const folder of ["home/bottles", "home/agents", "home/state", "home/journal", "work"]) {
      mkdirSync(join(this.root, folder), { recursive: true, mode: 0o700 });
    }
  }

  file(path: string, content: string): string {
    const file = join(this.root, path);
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    writeFileSync(file, content);
    chmodSync(file, 0o600);
    return file;
  }

  env(more: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
    return {
      PATH: `${shipped.nodeFolder}:${process.env.PATH}`,
      HOME: this.root,
      BOT_BOTTLE_HOME: this.home,
      ...more,
    };
  }

  run(args: readonly string[], more: NodeJS.ProcessEnv = {}): Ran {
    const cwd = join(this.root, "work");
    const env = this.env(more);
    const result = spawnSync(PROGRAM, args, { cwd, env, encoding: "utf8", input: "" });
    return { code: result.status, stdout: result.stdout, stderr: result.stderr };
  }

  start(args: readonly string[]) {
    const cwd = join(this.root, "work");
    return spawn(PROGRAM, args, {
      cwd,
      env: this.env(),
      stdio: ["ignore", "pipe", "pipe"],
    });
  }

  [Symbol.dispose](): void {
    rmSync(this.root, { recursive: true, force: true });
  }
}
