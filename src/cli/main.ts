import { CommanderError } from "commander";
import manifest from "../../package.json" with { type: "json" };
import { EXIT_USAGE } from "../base/fault.ts";
import { reportFailure } from "./failure.ts";
import { processIo } from "./operator-io.ts";
import { buildProgram, COMMANDS_WITH_REST } from "./program.ts";

/** Runs the command line and gives the exit code (SPEC §8). */
async function main(argv: readonly string[]): Promise<number> {
  const io = processIo();
  const [own, rest] = splitRest(argv);
  let code = 0;
  try {
    await buildProgram(manifest.version, rest, io, (result) => {
      code = result;
    }).parseAsync(own, { from: "user" });
    return code;
  } catch (error) {
    if (error instanceof CommanderError) {
      // commander has printed its message; its own code for a mistake is 1, which here is the agent's to give
      return error.exitCode === 0 ? 0 : EXIT_USAGE;
    }
    return reportFailure(error, io);
  }
}

/**
 * What stands after the first `--` goes to another program and must not be read as ours, not even as an operand:
 * `start -- --model x` names no agent.
 */
function splitRest(argv: readonly string[]): [readonly string[], readonly string[]] {
  const at = argv.indexOf("--");
  if (at < 0 || !COMMANDS_WITH_REST.includes(argv[0] ?? "")) return [argv, []];
  return [argv.slice(0, at), argv.slice(at + 1)];
}

// `bot-bottle list | head` closes our stdout early: that is the reader's choice, not a failure. A bottle goes on to its
// own end: what it prints is kept for `logs`.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
  if (!COMMANDS_WITH_REST.includes(process.argv[2] ?? "")) process.exit(0);
});

const code = await main(process.argv.slice(2));
// a command's sockets or timers must not keep us; what was printed goes out first
process.stdout.write("", () => process.exit(code));
