import { type ChildProcess, spawn } from "node:child_process";
import type { Duplex } from "node:stream";
import type { GitJob, GitProcess, GitPrograms } from "../../src/sidecar/git-gate/programs.ts";

export interface PlainCommand {
  readonly command: readonly string[];
  readonly cwd?: string;
}

/** Programs without a sandbox, with the streams that sandboxed ones have; `running` are those that haven't ended. */
export class PlainPrograms implements GitPrograms {
  readonly running = new Set<ChildProcess>();
  readonly #command: (job: GitJob) => PlainCommand;

  constructor(command: (job: GitJob) => PlainCommand) {
    this.#command = command;
  }

  start(job: GitJob): Promise<GitProcess> {
    const { command, cwd = "/" } = this.#command(job);
    const [program = "", ...args] = command;
    const child = spawn(program, args, { cwd, env: {}, stdio: ["pipe", "pipe", "pipe"] });
    this.running.add(child);
    let stderr = "";
    child.stderr.setEncoding("latin1").on("data", (text: string) => {
      stderr = (stderr + text).slice(-2000);
    });
    child.stdin.on("error", () => {});
    child.stdout.on("error", () => {});
    const exited = new Promise<{ code: number; stderr: string }>((resolve, reject) => {
      child.once("error", reject);
      child.once("close", (code) => {
        this.running.delete(child);
        resolve({ code: code ?? 137, stderr });
      });
    });
    const streams = { stdin: child.stdin as Duplex, stdout: child.stdout, socket: undefined };
    const kill = () => {
      child.kill("SIGKILL");
      for (const stream of [child.stdin, child.stdout]) stream.destroy();
    };
    return Promise.resolve({ ...streams, exited, kill });
  }
}
