import type { Command } from "commander";
import type { OperatorIo } from "../launch/request.ts";
import { examples } from "./declare.ts";
import type { Values } from "./options.ts";

/** `supervise`: what agents ask for. */
export function declareGranting(program: Command, io: OperatorIo, finish: (code: number) => void): void {
  const supervise = program
    .command("supervise")
    .summary("show and decide what agents ask for")
    .description(
      "Shows what the agents of all running bottles ask for: pushes that wait for you. Text of an agent's stands after a |.",
    )
    .option("--once", "print what waits, and end")
    .option("--json", "with --once: print it as JSON")
    .addHelpText(
      "after",
      examples(
        "bot-bottle supervise --once",
        "bot-bottle supervise approve p4k7x2m9a",
        'bot-bottle supervise reject p4k7x2m9a --reason "not the release branch"',
      ),
    )
    .action(async (options: Values) => finish(await (await import("./supervise.ts")).supervise(options, io)));
  supervise
    .command("approve")
    .summary("let a push through, once")
    .description("Lets the push that a proposal asks for through, once: the same refs to the same objects.")
    .argument("<proposal>", "the proposal's ID")
    .addHelpText("after", examples("bot-bottle supervise approve p4k7x2m9a"))
    .action(async (id: string) => finish(await (await import("./supervise.ts")).approve(id, io)));
  supervise
    .command("reject")
    .summary("refuse what a proposal asks for")
    .description("Refuses what a proposal asks for. The agent reads the reason when it tries again.")
    .argument("<proposal>", "the proposal's ID")
    .option("--reason <text>", "what the agent is told")
    .addHelpText("after", examples('bot-bottle supervise reject p4k7x2m9a --reason "squash it first"'))
    .action(async (id: string, options: Values) =>
      finish(await (await import("./supervise.ts")).reject(id, options, io)),
    );
}
