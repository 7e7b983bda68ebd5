import { closeSync, openSync, writeSync } from "node:fs";
import type { AgentProcess } from "../backends/backend.ts";
import type { InputMode } from "./job.ts";
import { TRANSCRIPT_BYTES } from "./limits.ts";
import { restoreTerminal, takeTerminal } from "./terminal.ts";
import { TerminalText } from "./terminal-text.ts";

export function terminalSize(): { columns: number; rows: number } {
  return { columns: process.stdout.columns || 80, rows: process.stdout.rows || 24 };
}

/** Writes the agent's output to a file as well, up to a bound. */
class Transcript {
  readonly #fd: number;
  #left = TRANSCRIPT_BYTES;

  constructor(path: string) {
    this.#fd = openSync(path, "a", 0o600);
  }

  write(chunk: Buffer): void {
    if (this.#left <= 0) return;
    this.#left -= chunk.length;
    try {
      writeSync(this.#fd, chunk);
      if (this.#left <= 0) writeSync(this.#fd, "\n[bot-bottle: the rest was not kept]\n");
    } catch {
      // a full disk ends the transcript, not the agent
      this.#left = 0;
    }
  }

  close(): void {
    closeSync(this.#fd);
  }
}

function copyOut(
  from: NodeJS.ReadableStream,
  to: NodeJS.WriteStream,
  transcript: Transcript | undefined,
  ownTerminal: boolean,
): Promise<void> {
  const filter = to.isTTY && !ownTerminal ? new TerminalText() : undefined;
  return new Promise((resolve) => {
    let broken = false;
    to.on("error", () => {
      // the reader of our output went away (`| head`): go on for the transcript, drop the rest
      broken = true;
      // there will be no `drain` to wait for
      from.resume();
    });
    from.on("data", (data: Buffer | string) => {
      const chunk = typeof data === "string" ? Buffer.from(data) : data;
      transcript?.write(chunk);
      if (!broken && !to.write(filter?.write(chunk) ?? chunk)) {
        from.pause();
        to.once("drain", () => from.resume());
      }
    });
    const ended = () => {
      if (!broken && filter) to.write(filter.end());
      resolve();
    };
    from
      .once("end", ended)
      .once("close", resolve)
      .once("error", () => resolve());
  });
}

/**
 * Joins the operator's streams with the agent's. With a terminal the operator's is put into raw mode and the bytes go
 * through the bottle's own pty; its descriptor never enters the bottle.
 * Returns a function that waits for the last output and gives the terminal back.
 */
export function carry(
  agent: AgentProcess,
  input: InputMode,
  transcriptPath?: string,
): (drain: boolean) => Promise<void> {
  const transcript = transcriptPath === undefined ? undefined : new Transcript(transcriptPath);
  const terminal = input.kind === "terminal";
  const done: Promise<void>[] = [copyOut(agent.stdout, process.stdout, transcript, terminal)];
  if (agent.stderr) done.push(copyOut(agent.stderr, process.stderr, transcript, terminal));
  agent.stdin.on("error", () => {
    // the agent closed its stdin
  });
  const resize = () => {
    const { columns, rows } = terminalSize();
    agent.resize(columns, rows);
  };
  if (terminal) {
    takeTerminal();
    process.stdout.on("resize", resize);
  }
  if (input.kind === "none") agent.stdin.end();
  else process.stdin.pipe(agent.stdin);

  return async (drain) => {
    if (drain) await Promise.race([Promise.all(done), new Promise((r) => setTimeout(r, 2000))]);
    process.stdout.off("resize", resize);
    process.stdin.unpipe(agent.stdin);
    process.stdin.pause();
    transcript?.close();
    if (terminal) await restoreTerminal();
  };
}
