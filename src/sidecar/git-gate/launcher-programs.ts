import { Socket, type SocketConstructorOpts } from "node:net";
import { PassThrough } from "node:stream";
import type { FromSidecar, GitStream, ToSidecar } from "../protocol.ts";
import { type GitJob, type GitProcess, type GitPrograms, socketCount, WITHOUT_PROGRAM } from "./programs.ts";

type Said = Extract<ToSidecar, { type: "git_stream" | "git_failed" | "git_exit" }>;

/** One that was asked for. */
interface Asked {
  readonly streams: Map<GitStream, Socket>;
  /** of its streams; 0: it is no program */
  readonly wanted: number;
  readonly begun: (process: GitProcess) => void;
  readonly failed: (error: Error) => void;
  readonly ended: (end: { readonly code: number; readonly stderr: string }) => void;
  readonly exited: GitProcess["exited"];
}

/** What stands for a job that is done without a program. */
function ended(exited: GitProcess["exited"]): GitProcess {
  const [stdin, stdout] = [new PassThrough().resume(), new PassThrough().end()];
  return { stdin, stdout, socket: undefined, exited, kill: () => {} };
}

/** The programs of the launcher's, over the channel the sidecar was born with. */
export class LauncherPrograms implements GitPrograms {
  readonly #tell: (message: FromSidecar) => void;
  readonly #asked = new Map<number, Asked>();
  #last = 0;

  constructor(tell: (message: FromSidecar) => void) {
    this.#tell = tell;
  }

  start(job: GitJob): Promise<GitProcess> {
    const id = ++this.#last;
    let ended: Asked["ended"] = () => {};
    const exited = new Promise<{ code: number; stderr: string }>((resolve) => {
      ended = resolve;
    });
    return new Promise((begun, failed) => {
      const wanted = WITHOUT_PROGRAM.has(job.op) ? 0 : 2 + socketCount(job);
      this.#asked.set(id, { streams: new Map(), wanted, begun, failed, ended, exited });
      this.#tell({ type: "git_start", id, job });
    });
  }

  /** What the launcher says of one; `handle`: the other end of the stream that the message names. */
  receive(message: Said, handle: unknown): void {
    const asked = this.#asked.get(message.id);
    if (message.type === "git_stream") {
      const socket = new Socket({ allowHalfOpen: true, handle } as SocketConstructorOpts);
      // How it ended, `exited` says; a reader sees a stream that closes early.
      socket.on("error", () => {});
      if (!asked) socket.destroy();
      else this.#stream(message.id, asked, message.stream, socket);
      return;
    }
    if (!asked) return;
    this.#asked.delete(message.id);
    if (message.type === "git_exit") {
      asked.ended({ code: message.code, stderr: message.stderr });
      if (asked.wanted === 0) asked.begun(ended(asked.exited));
    }
    for (const socket of asked.streams.size < asked.wanted ? asked.streams.values() : []) socket.destroy();
    asked.failed(new Error(message.type === "git_failed" ? message.message : message.stderr));
  }

  #stream(id: number, asked: Asked, name: GitStream, socket: Socket): void {
    const { streams, wanted, begun, exited } = asked;
    streams.set(name, socket);
    const [stdin, stdout] = [streams.get("stdin"), streams.get("stdout")];
    if (streams.size < wanted || !stdin || !stdout) return;
    begun({
      stdin,
      stdout,
      socket: streams.get("socket"),
      second: streams.get("second"),
      exited,
      kill: () => {
        for (const stream of streams.values()) stream.destroy();
        if (this.#asked.has(id)) this.#tell({ type: "git_kill", id });
      },
    });
  }
}
