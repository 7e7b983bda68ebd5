import { type ChildProcess, spawn } from "node:child_process";
import { constants } from "node:os";
import { Readable, Writable } from "node:stream";
import { StringDecoder } from "node:string_decoder";
import type { IPty } from "@lydell/node-pty";
import type { AgentSpec } from "../backend.ts";
import { openStdioPipes } from "./stdio-pipes.ts";

/** A program on this side, its streams, and its end; what both ways of starting one have in common. */
export interface Started {
  readonly pid: number;
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly stderr: Readable | undefined;
  resize(columns: number, rows: number): void;
  /** as a shell says it: 128+n for a signal */
  readonly exited: Promise<number>;
}

/** A command line of this side and the bottle's environment, which crosses to `enter.pl` under neutral names. */
export interface Launch {
  readonly command: readonly [string, ...string[]];
  readonly env: Readonly<Record<string, string>>;
  readonly terminal: AgentSpec["terminal"];
}

/** Starts it on a pty of its own or on three pipes, in a session of its own; nothing else is inherited. */
export async function start(launch: Launch): Promise<Started> {
  return launch.terminal === undefined ? startWithPipes(launch) : startOnTerminal(launch, launch.terminal);
}

/** NAME=VALUE pairs as E0, E1, …: on this side no variable of the bottle may act on any program (LD_PRELOAD, PERL5OPT). */
function neutral(env: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(env).map(([name, value], index) => [`E${index}`, `${name}=${value}`]),
  );
}

async function startWithPipes({ command, env }: Launch): Promise<Started> {
  const [file, ...words] = command;
  const pipes = await openStdioPipes();
  const { stdin, stdout, stderr } = pipes;
  try {
    const child = spawn(file, words, {
      stdio: [...pipes.child],
      env: neutral(env),
      cwd: "/",
      detached: true,
    });
    const exited = codeOf(child);
    await spawned(child);
    const { pid } = child;
    if (pid === undefined) throw new Error("no pid");
    // A program that has closed its input is no error of ours.
    stdin.on("error", () => undefined);
    return { pid, stdin, stdout, stderr, resize: () => undefined, exited };
  } catch (error) {
    for (const stream of [stdin, stdout, stderr]) stream.destroy();
    throw error;
  } finally {
    pipes.closeChildEnds();
  }
}

function spawned(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => child.once("spawn", resolve).once("error", reject));
}

function codeOf(child: ChildProcess): Promise<number> {
  return new Promise((resolve) => child.once("exit", (code, signal) => resolve(code ?? signalCode(signal))));
}

/** What a shell says of a program that a signal ended. */
function signalCode(signal: NodeJS.Signals | null): number {
  return 128 + (signal === null ? 0 : constants.signals[signal]);
}

async function startOnTerminal(
  { command, env }: Launch,
  terminal: NonNullable<AgentSpec["terminal"]>,
): Promise<Started> {
  // Loaded only here: it brings a native addon.
  const { spawn: spawnPty } = await import("@lydell/node-pty");
  const [file, ...words] = command;
  const pty = spawnPty(file, words, {
    name: terminal.name,
    cols: terminal.columns,
    rows: terminal.rows,
    cwd: "/",
    env: neutral(env),
    encoding: null,
  });
  const stdout = readable(pty);
  const exited = new Promise<number>((resolve) => {
    pty.onExit(({ exitCode, signal }) => {
      stdout.push(null);
      resolve(signal === undefined || signal === 0 ? exitCode : 128 + signal);
    });
  });
  const resize = (columns: number, rows: number) => {
    try {
      pty.resize(columns, rows);
    } catch {
      // The program has ended between the operator's window change and this.
    }
  };
  return { pid: pty.pid, stdin: writable(pty), stdout, stderr: undefined, resize, exited };
}

function readable(pty: IPty): Readable {
  const stream = new Readable({ read: () => pty.resume() });
  // Bytes, although the types say string: the encoding is null.
  pty.onData((data) => {
    if (!stream.push(Buffer.from(data))) pty.pause();
  });
  return stream;
}

function writable(pty: IPty): Writable {
  const decoder = new StringDecoder("utf8");
  return new Writable({
    write(chunk: Buffer, _encoding, done) {
      pty.write(decoder.write(chunk));
      done();
    },
  });
}
