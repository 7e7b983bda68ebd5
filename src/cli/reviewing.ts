import { type Command, Option } from "commander";
import type { OperatorIo } from "../launch/request.ts";
import { examples, formatOption } from "./declare.ts";
import type { Values } from "./options.ts";

/** `diff`, `apply`, `audit` and `git`: what agents did. */
export function declareReviewing(program: Command, io: OperatorIo, finish: (code: number) => void): void {
  program
    .command("diff")
    .summary("show what an agent changed in its workspace copy")
    .description("Shows what the agent changed in its copy of the workspace, as a unified diff.")
    .argument("<id>", "the bottle's ID, or the beginning of it")
    .option("--stat", "list the changed paths only")
    .addOption(formatOption())
    .addHelpText("after", examples("bot-bottle diff fixer-a1b2c | less", "bot-bottle diff fixer --stat"))
    .action(async (id: string, options: Values) =>
      finish(await (await import("./diff.ts")).diff(id, options, io)),
    );

  program
    .command("apply")
    .summary("write an agent's changes into the original folder")
    .description(
      "Writes the changes of a workspace copy into the folder it was copied from. Nothing is written when the folder changed since.",
    )
    .argument("<id>", "the bottle's ID, or the beginning of it")
    .option("-y, --yes", "don't ask before writing")
    .option(
      "--hooks",
      "also apply files that run by themselves: CI, editor and hook files (asked for on a terminal)",
    )
    .option("--dry-run", "say what would be written, write nothing")
    .addHelpText("after", examples("bot-bottle apply fixer-a1b2c", "bot-bottle apply fixer --yes --hooks"))
    .action(async (id: string, options: Values) =>
      finish(await (await import("./apply.ts")).apply(id, options, io)),
    );

  const audit = program
    .command("audit")
    .summary("read and verify the journal")
    .description("Reads and verifies the journal: every verdict and lifecycle event of a bottle.")
    .addHelpText("after", examples("bot-bottle audit show fixer-a1b2c", "bot-bottle audit verify"));
  audit
    .command("show")
    .summary("print a bottle's journal")
    .description("Prints a bottle's journal, one line a record.")
    .argument("<id>", "the bottle's ID, or the beginning of it")
    .option("-f, --follow", "go on until the bottle ends")
    .option("--json", "print the records as they stand in the file")
    .addOption(
      new Option("--verdict <verdict>", "only requests and pushes with this verdict").choices([
        "allow",
        "hold",
        "block",
      ]),
    )
    .addHelpText(
      "after",
      examples("bot-bottle audit show fixer-a1b2c --verdict block", "bot-bottle audit show fixer --follow"),
    )
    .action(async (id: string, options: Values) =>
      finish(await (await import("./audit.ts")).show(id, options, io)),
    );
  audit
    .command("verify")
    .summary("check that no journal was changed")
    .description(
      "Checks that no record of a journal was changed, removed or reordered. Without an ID: all journals.",
    )
    .argument("[id]", "the bottle's ID, or the beginning of it")
    .addHelpText("after", examples("bot-bottle audit verify", "bot-bottle audit verify fixer-a1b2c"))
    .action(async (id: string | undefined) => finish(await (await import("./audit.ts")).verify(id, io)));

  program
    .command("git")
    .summary("show mirrors and the last pushes")
    .description(
      "Shows the mirrors of upstreams and the last pushes with their verdicts; of one bottle, its pushes.",
    )
    .argument("[id]", "the bottle's ID, or the beginning of it")
    .option("--json", "print it as JSON")
    .addHelpText("after", examples("bot-bottle git", "bot-bottle git fixer-a1b2c --json"))
    .action(async (id: string | undefined, options: Values) =>
      finish(await (await import("./git.ts")).git(id, options, io)),
    );
}
