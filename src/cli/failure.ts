import { EXIT_FAILED, Fault } from "../base/fault.ts";
import { printable } from "../base/printable.ts";
import type { OperatorIo } from "../launch/request.ts";
import { MAX_MESSAGE_LINE } from "./limits.ts";
import { paint } from "./paint.ts";

/** What the system says when the machine, not our code, is at fault: the sentence and the mend. */
const SYSTEM_ERRORS: Readonly<Record<string, readonly [string, string]>> = {
  ENOSPC: ["the disk is full", "free some space: bot-bottle cleanup removes what ended bottles left"],
  EDQUOT: [
    "the disk quota is used up",
    "free some space: bot-bottle cleanup removes what ended bottles left",
  ],
  EROFS: ["the file system is read-only", "set BOT_BOTTLE_HOME to a folder that can be written"],
  ENOTDIR: ["a file stands where a folder should", "move it away, or set BOT_BOTTLE_HOME to another folder"],
  EACCES: ["permission denied", "check who owns it, or set BOT_BOTTLE_HOME to a folder of your own"],
  EPERM: ["not permitted", "check who owns it, or set BOT_BOTTLE_HOME to a folder of your own"],
  EMFILE: ["too many open files", "raise the limit: ulimit -n 4096"],
  ENFILE: ["the system has too many open files", "close other programs"],
  ENOMEM: ["out of memory", "close other programs"],
};

/** Prints one clear message on stderr and gives the exit code. With `BOT_BOTTLE_DEBUG`, the stack as well. */
export function reportFailure(error: unknown, io: OperatorIo): number {
  const { message, mend, exitCode } = explain(error);
  const { red, dim } = paint(io.stderr, io.env);
  io.stderr.write(`${red("bot-bottle:")} ${lines(message)}\n`);
  if (mend !== undefined) io.stderr.write(`  ${dim("→")} ${lines(mend)}\n`);
  if (io.env.BOT_BOTTLE_DEBUG) io.stderr.write(`${stackOf(error)}\n`);
  return exitCode;
}

function explain(error: unknown): { message: string; mend?: string | undefined; exitCode: number } {
  if (error instanceof Fault) return { message: error.message, mend: error.mend, exitCode: error.exitCode };
  const system = systemError(error);
  if (system !== undefined) return system;
  const text = error instanceof Error ? error.message : String(error);
  return {
    message: `internal error: ${text.split("\n")[0] ?? ""}`,
    mend: "this is a bug in bot-bottle; set BOT_BOTTLE_DEBUG=1 to see where",
    exitCode: EXIT_FAILED,
  };
}

function systemError(error: unknown): { message: string; mend: string; exitCode: number } | undefined {
  if (!(error instanceof Error) || !("code" in error) || typeof error.code !== "string") return undefined;
  const known = SYSTEM_ERRORS[error.code];
  if (known === undefined) return undefined;
  const where = "path" in error && typeof error.path === "string" ? `${error.path}: ` : "";
  return { message: `${where}${known[0]}`, mend: known[1], exitCode: EXIT_FAILED };
}

function stackOf(error: unknown): string {
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return lines(text);
}

/** Messages may span lines (a manifest's errors do); each line is made printable on its own. */
function lines(text: string): string {
  return text
    .split("\n")
    .map((line) => printable(line, MAX_MESSAGE_LINE))
    .join("\n");
}
