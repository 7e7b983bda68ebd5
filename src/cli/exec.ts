import { usageFault } from "../base/fault.ts";
import { execInBottle } from "../launch/exec.ts";
import type { OperatorIo } from "../launch/request.ts";
import { operatorHome } from "./home.ts";
import { flagOption, type Values } from "./options.ts";

/** `exec ID [-t] -- CMD`: exit code of the command. */
export async function exec(
  id: string,
  command: readonly string[],
  values: Values,
  io: OperatorIo,
): Promise<number> {
  if (command.length === 0)
    throw usageFault("exec needs a command", "for example: bot-bottle exec ID -- ls -la");
  const terminal = flagOption(values, "terminal");
  if (terminal && !io.isTerminal) {
    throw usageFault("--terminal was given, but there is no terminal here", "leave --terminal out");
  }
  return execInBottle(operatorHome(io.env), id, command, { terminal }, io);
}
