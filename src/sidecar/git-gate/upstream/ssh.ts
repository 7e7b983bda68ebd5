import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { printable } from "../../../base/printable.ts";
import { UpstreamError } from "../../egress/stream.ts";
import { LAST_WORDS_MS, PREPARED_MS } from "../limits.ts";
import type { GitJob, GitProcess, GitPrograms, SshService } from "../programs.ts";
import { FLUSH, PacketReader } from "../wire/pkt-line.ts";
import { type Connect, type Conversation, UpstreamRefused } from "./conversation.ts";
import { feed } from "./feed.ts";

/** A command that an upstream runs for `ssh`. */
export interface SshRun {
  readonly stdin: Duplex;
  readonly stdout: AsyncIterable<Buffer>;
  /** stderr: its last bytes, printable */
  readonly exited: Promise<{ readonly code: number; readonly stderr: string }>;
  /** nothing more is wanted of it */
  close(): void;
}

/** A connection to the upstream's host and port. */
export type Dial = () => Promise<Socket>;

/** Rejects with `UpstreamRefused` when there is no connection. */
export async function openSsh(
  repo: string,
  programs: GitPrograms,
  dial: Dial,
  service: SshService,
): Promise<SshRun> {
  const { git, close } = await startSsh(programs, dial, { op: "connect", repo, service });
  return { stdin: git.stdin, stdout: git.stdout as AsyncIterable<Buffer>, exited: git.exited, close };
}

/** Runs ssh over a connection of ours. */
async function startSsh(
  programs: GitPrograms,
  dial: Dial,
  job: Extract<GitJob, { op: "connect" | "connect-twice" }>,
): Promise<{ readonly git: GitProcess; close(): void }> {
  // Both at once: the sandbox takes its time, and so does a handshake.
  const [dialled, started] = await Promise.allSettled([dial(), programs.start(job)]);
  if (started.status === "rejected" || dialled.status === "rejected") {
    if (dialled.status === "fulfilled") dialled.value.destroy();
    if (started.status === "fulfilled") started.value.kill();
    const error: unknown =
      dialled.status === "rejected" ? dialled.reason : started.status === "rejected" && started.reason;
    if (error instanceof UpstreamError) throw new UpstreamRefused(error.message);
    throw error;
  }
  const connection = dialled.value;
  const git = started.value;
  const { socket, exited, kill } = git;
  if (socket === undefined) throw new Error("ssh has no connection");
  socket.pipe(connection).pipe(socket);
  connection.on("close", () => socket.end());
  void exited.then(() => connection.destroy());
  return {
    git,
    close() {
      kill();
      connection.destroy();
    },
  };
}

/** Git's services over ssh, in protocol version 0. */
export function connectSsh(repo: string, programs: GitPrograms, dial: Dial): Connect {
  /** a connection that a fetch has left, over which a push can go */
  let spare: KeptConnection | undefined;
  return async (service, keep = false): Promise<Conversation> => {
    if (service === "git-upload-pack" && keep) {
      const kept = new KeptConnection(await startSsh(programs, dial, { op: "connect-twice", repo }));
      spare?.end();
      spare = kept;
      return kept.first();
    }
    const kept = service === "git-receive-pack" ? spare : undefined;
    if (kept) spare = undefined;
    return (await kept?.second()) ?? conversation(await openSsh(repo, programs, dial, service));
  };
}

function conversation({ stdin, stdout, exited, close }: SshRun): Conversation {
  const reader = new PacketReader(stdout);
  return {
    advertisement: reader,
    async ask(request) {
      void feed(request, stdin);
      return reader;
    },
    reason: () => lastWords(exited, close, stdin),
    close,
  };
}

/** What ssh says when all its input has ended; one that doesn't end by itself is ended. */
async function lastWords(
  exited: GitProcess["exited"],
  end: () => void,
  ...inputs: readonly Duplex[]
): Promise<string> {
  for (const input of inputs) input.end();
  const timer = setTimeout(end, LAST_WORDS_MS);
  const { stderr } = await exited;
  clearTimeout(timer);
  return printable(stderr.replaceAll("\n", "; "), 1000);
}

/** A connection that carries a fetch, and after it a push: the second needs no new handshake. */
class KeptConnection {
  readonly #git: GitProcess;
  readonly #close: () => void;
  #timer: NodeJS.Timeout | undefined;

  constructor({ git, close }: Awaited<ReturnType<typeof startSsh>>) {
    this.#git = git;
    this.#close = close;
  }

  first(): Conversation {
    const { stdin, stdout, exited, second } = this.#git;
    const run = { stdin, stdout: stdout as AsyncIterable<Buffer>, exited, close: this.#close };
    return {
      ...conversation(run),
      reason: () => lastWords(exited, this.#close, stdin, ...(second ? [second] : [])),
      close: () => {
        stdin.end(FLUSH);
        stdout.resume();
        this.#timer = setTimeout(this.#close, PREPARED_MS);
        this.#timer.unref();
      },
    };
  }

  /** Undefined: it is over, or the upstream takes no second command on a connection. */
  async second(): Promise<Conversation | undefined> {
    clearTimeout(this.#timer);
    const { second, exited } = this.#git;
    if (second === undefined) return undefined;
    const stdout = second as AsyncIterable<Buffer>;
    second.write("go\n");
    const reader = new PacketReader(stdout);
    if (!(await reader.begins().catch(() => false))) {
      this.#close();
      return undefined;
    }
    const next = conversation({ stdin: second, stdout, exited, close: this.#close });
    return {
      ...next,
      advertisement: reader,
      async ask(request) {
        void feed(request, second);
        return reader;
      },
    };
  }

  end(): void {
    clearTimeout(this.#timer);
    this.#close();
  }
}
