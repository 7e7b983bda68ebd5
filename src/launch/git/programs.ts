import type { ChildProcess } from "node:child_process";
import { rmSync } from "node:fs";
import { constants } from "node:os";
import type { Backend } from "../../backends/backend.ts";
import { printable } from "../../base/printable.ts";
import type { GitJob } from "../../sidecar/git-gate/programs.ts";
import { readGitJob } from "../../sidecar/git-gate/read-job.ts";
import type { GitStream, ToSidecar } from "../../sidecar/protocol.ts";
import { lfsFile, pushFolder, toolSpec } from "./commands.ts";
import type { GitHost } from "./job.ts";
import { GIT_PROGRAMS, GIT_STDERR_BYTES } from "./limits.ts";
import { resetMirror } from "./mirror-folder.ts";
import { makePushFolder } from "./push-folder.ts";
import { takeHandle } from "./take-handle.ts";

/** To one sidecar; `handle`: the end of a program's stream that becomes its own. */
export type TellSidecar = (message: ToSidecar, handle?: unknown) => void;

/** Runs what a sidecar asks for: git, ssh, ssh-keygen and gitleaks, each in a sandbox of its own. */
export class HostPrograms {
  readonly #backend: Pick<Backend, "startTool">;
  readonly #host: GitHost;
  readonly #scratch: string;
  readonly #repos: ReadonlySet<string>;
  readonly #running = new Map<number, ChildProcess>();
  #tell: TellSidecar;

  constructor(backend: Pick<Backend, "startTool">, host: GitHost, scratch: string, tell: TellSidecar) {
    this.#backend = backend;
    this.#host = host;
    this.#scratch = scratch;
    this.#repos = new Set(Object.keys(host.repos));
    this.#tell = tell;
  }

  /** `asked`: as the sidecar said it, unread. */
  start(id: number, asked: unknown): void {
    try {
      const job = readGitJob(asked, this.#repos);
      if (job === undefined) throw new Error("the sidecar asked for what is no job");
      if (this.#running.size >= GIT_PROGRAMS) throw new Error("too many programs run for this bottle");
      if (this.#done(job)) this.#end(id, 0, "");
      else this.#run(id, job);
    } catch (error) {
      const message = printable(error instanceof Error ? error.message : String(error), 500);
      this.#tell({ type: "git_failed", id, message });
    }
  }

  kill(id: number): void {
    this.#running.get(id)?.kill("SIGKILL");
  }

  /** Ends what runs. */
  close(): void {
    this.#tell = () => {};
    for (const child of this.#running.values()) child.kill("SIGKILL");
  }

  /** What needs no program. */
  #done(job: GitJob): boolean {
    const host = this.#host;
    switch (job.op) {
      case "mirror-reset":
        resetMirror(host.repos[job.repo]?.mirror ?? "", job.format);
        return true;
      case "discard":
        rmSync(pushFolder(host, job.push), { recursive: true, force: true });
        return true;
      case "lfs-remove":
        rmSync(lfsFile(host, job.oid), { force: true });
        return true;
      default:
        return false;
    }
  }

  #run(id: number, job: GitJob): void {
    if (job.op === "receive-pack") makePushFolder(this.#host, job.repo, job.push);
    const spec = toolSpec(job, this.#host, this.#scratch);
    const child = this.#backend.startTool(spec);
    this.#running.set(id, child);
    let stderr = "";
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      stderr = (stderr + text).slice(-GIT_STDERR_BYTES);
    });
    const streams: [GitStream, unknown][] = [
      ["stdin", child.stdin],
      ["stdout", child.stdout],
      ...(["socket", "second"] as const)
        .slice(0, spec.sockets)
        .map((name, at): [GitStream, unknown] => [name, child.stdio[3 + at]]),
    ];
    for (const [stream, socket] of streams) {
      this.#tell({ type: "git_stream", id, stream }, takeHandle(socket));
    }
    child.once("error", (error) => {
      stderr += error.message;
      this.#end(id, 126, stderr);
    });
    // Both: node's `close` waits for the streams that were taken, too.
    const silent = new Promise<void>((resolve) => child.stderr?.once("close", resolve));
    child.once("exit", (code, signal) => {
      const status = code ?? 128 + (signal === null ? 0 : constants.signals[signal]);
      void silent.then(() => this.#end(id, status, stderr));
    });
  }

  #end(id: number, code: number, stderr: string): void {
    this.#running.delete(id);
    const lines = stderr
      .trim()
      .split("\n")
      .map((line) => printable(line));
    this.#tell({ type: "git_exit", id, code, stderr: lines.join("\n") });
  }
}
