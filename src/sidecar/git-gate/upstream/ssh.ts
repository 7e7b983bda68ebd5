import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { printable } from "../../../base/printable.ts";
import { UpstreamError } from "../../egress/stream.ts";
import type { GitPrograms, SshService } from "../programs.ts";
import { PacketReader } from "../wire/pkt-line.ts";
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

/** `dial`: a connection to the upstream's host and port. Rejects with `UpstreamRefused` when there is none. */
export async function openSsh(
  repo: string,
  programs: GitPrograms,
  dial: () => Promise<Socket>,
  service: SshService,
): Promise<SshRun> {
  // Both at once: the sandbox takes its time, and so does a handshake.
  const [dialled, started] = await Promise.allSettled([
    dial(),
    programs.start({ op: "connect", repo, service }),
  ]);
  if (started.status === "rejected" || dialled.status === "rejected") {
    if (dialled.status === "fulfilled") dialled.value.destroy();
    if (started.status === "fulfilled") started.value.kill();
    const error: unknown =
      dialled.status === "rejected" ? dialled.reason : started.status === "rejected" && started.reason;
    if (error instanceof UpstreamError) throw new UpstreamRefused(error.message);
    throw error;
  }
  const connection = dialled.value;
  const { stdin, stdout, socket, exited, kill } = started.value;
  if (socket === undefined) throw new Error("ssh has no connection");
  socket.pipe(connection).pipe(socket);
  connection.on("close", () => socket.end());
  void exited.then(() => connection.destroy());
  return {
    stdin,
    stdout: stdout as AsyncIterable<Buffer>,
    exited,
    close() {
      kill();
      connection.destroy();
    },
  };
}

/** Git's services over ssh, in protocol version 0. */
export function connectSsh(repo: string, programs: GitPrograms, dial: () => Promise<Socket>): Connect {
  return async (service): Promise<Conversation> => {
    const { stdin, stdout, exited, close } = await openSsh(repo, programs, dial, service);
    const reader = new PacketReader(stdout);
    return {
      advertisement: reader,
      async ask(request) {
        void feed(request, stdin);
        return reader;
      },
      async reason() {
        stdin.end();
        const { stderr } = await exited;
        return printable(stderr.replaceAll("\n", "; "), 1000);
      },
      close,
    };
  };
}
