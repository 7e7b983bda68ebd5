import { Fault, usageFault } from "../base/fault.ts";
import { printable } from "../base/printable.ts";
import type { OperatorIo } from "../launch/request.ts";
import { MAX_MESSAGE_LINE } from "./limits.ts";

/** As a shell says it: ended by SIGINT. */
const EXIT_CANCELLED = 130;

/** The operator at this process's own streams. Questions go to stderr: stdout is for the result. */
export function processIo(): OperatorIo {
  const { stdin, stdout, stderr, env } = process;
  const isTerminal = stdin.isTTY === true && stderr.isTTY === true;

  function needTerminal(question: string): void {
    if (isTerminal) return;
    throw usageFault(
      `there is no terminal to ask on: ${printable(question)}`,
      "give the answer with a flag or in the manifest, or run this on a terminal",
    );
  }

  // loaded only when a question is asked: prompts cost more start-up time than everything else here
  const prompts = () => import("@clack/prompts");
  const streams = { input: stdin, output: stderr };

  return {
    env,
    cwd: process.cwd(),
    stdin,
    stdout,
    stderr,
    isTerminal,
    async ask(question, options = {}) {
      needTerminal(question);
      const { password, text } = await prompts();
      const message = printable(question);
      return answered(
        await (options.hidden ? password({ message, ...streams }) : text({ message, ...streams })),
      );
    },
    async confirm(question) {
      needTerminal(question);
      const { confirm } = await prompts();
      return answered(await confirm({ message: printable(question), initialValue: false, ...streams }));
    },
    async pick(question, choices) {
      needTerminal(question);
      const { select } = await prompts();
      const options = choices.map((value) => ({ value, label: printable(value) }));
      return answered(await select({ message: printable(question), options, ...streams }));
    },
    notice(line) {
      stderr.write(`${printable(line, MAX_MESSAGE_LINE)}\n`);
    },
  };
}

/** The prompts answer with a symbol when Ctrl-C or Escape was pressed. */
function answered<T>(answer: T): Exclude<T, symbol | undefined> {
  if (isAnswer(answer)) return answer;
  throw new Fault("cancelled", { exitCode: EXIT_CANCELLED });
}

function isAnswer<T>(answer: T): answer is Exclude<T, symbol | undefined> {
  return answer !== undefined && typeof answer !== "symbol";
}
