import { Command, Option } from "commander";
import type { OperatorIo } from "../launch/request.ts";
import { examples, formatOption } from "./declare.ts";
import { declareGranting } from "./granting.ts";
import type { Values } from "./options.ts";
import { LABEL_COLOURS } from "./paint.ts";
import { declareReviewing } from "./reviewing.ts";

/** Commands whose words after `--` belong to another program. */
export const COMMANDS_WITH_REST: readonly string[] = ["start", "run", "exec", "resume"];

/**
 * Declares every command. Nothing but commander is loaded here: a command's own file is imported when it runs, because
 * start-up time is paid by each `--version`, `list` and shell completion.
 *
 * `rest` is what stood after `--`; `finish` gets the exit code of the command that ran.
 */
export function buildProgram(
  version: string,
  rest: readonly string[],
  io: OperatorIo,
  finish: (code: number) => void,
): Command {
  const program = new Command("bot-bottle")
    .description("Runs any coding agent as if it were already compromised, and loses nothing when it is.")
    .version(version, "-V, --version", "print the version")
    .helpOption("-h, --help", "print help")
    .configureOutput({ writeOut: (text) => io.stdout.write(text), writeErr: (text) => io.stderr.write(text) })
    .showHelpAfterError("  → bot-bottle --help and bot-bottle COMMAND --help say what there is")
    .exitOverride();

  declareRunning(program, rest, io, finish);
  declareReviewing(program, io, finish);
  declareGranting(program, io, finish);
  declareManifests(program, io, finish);
  return program;
}

function declareRunning(
  program: Command,
  rest: readonly string[],
  io: OperatorIo,
  finish: (code: number) => void,
): void {
  sessionOptions(
    program
      .command("start")
      .summary("start an agent in its bottle")
      .description("Starts an agent in its bottle. Words after -- go to the agent's program.")
      .argument("[agent]", "name of an agent's manifest; asked for on a terminal"),
  )
    .option("--prompt <text>", "what the agent is to do; with --headless")
    .addHelpText(
      "after",
      examples(
        "bot-bottle start reviewer --cwd",
        'bot-bottle start fixer --workspace ~/code/app --headless --prompt "make the tests pass"',
        "bot-bottle start fixer --bottle claude --dry-run --format json",
      ),
    )
    .action(async (agent: string | undefined, options: Values) =>
      finish(await (await import("./start.ts")).start(agent, rest, options, io)),
    );

  sessionOptions(
    program
      .command("run")
      .summary("run one command in a bottle")
      .description("Runs one command in a bottle, without an agent's manifest. Its ID begins with run-.")
      .argument("[command...]", "the command; write -- before it"),
  )
    .addHelpText(
      "after",
      examples("bot-bottle run --bottle npm --cwd -- npm test", "bot-bottle run --bottle dev -- bash"),
    )
    .action(async (command: readonly string[], options: Values) =>
      finish(await (await import("./start.ts")).run([...command, ...rest], options, io)),
    );

  program
    .command("exec")
    .summary("run one more command in a running bottle")
    .description("Runs one more command in a running bottle, under all of its restrictions.")
    .argument("<id>", "the bottle's ID, or the beginning of it")
    .argument("[command...]", "the command; write -- before it")
    .option("-t, --terminal", "give the command a terminal of its own")
    .addHelpText(
      "after",
      examples("bot-bottle exec fixer-a1b2c -- git status", "bot-bottle exec -t fixer -- bash"),
    )
    .action(async (id: string, command: readonly string[], options: Values) =>
      finish(await (await import("./exec.ts")).exec(id, [...command, ...rest], options, io)),
    );

  program
    .command("resume")
    .summary("start a kept bottle again")
    .description("Starts a kept bottle again, with its home and its workspace as they were left.")
    .argument("<id>", "the bottle's ID, or the beginning of it")
    .option("--headless", "no terminal, no questions")
    .option("--prompt <text>", "what the agent is to do; with --headless")
    .option("--settings <file>", "read this file instead of settings.yml")
    .option("-y, --yes", "don't ask before starting")
    .addHelpText(
      "after",
      examples("bot-bottle resume fixer-a1b2c", 'bot-bottle resume fixer --headless --prompt "go on"'),
    )
    .action(async (id: string, options: Values) =>
      finish(await (await import("./start.ts")).resume(id, rest, options, io)),
    );

  program
    .command("stop")
    .summary("stop a running bottle")
    .description("Stops a running bottle. What it left can be reviewed, resumed or cleaned up.")
    .argument("<id>", "the bottle's ID, or the beginning of it")
    .addHelpText("after", examples("bot-bottle stop fixer-a1b2c"))
    .action(async (id: string) => finish(await (await import("./stop.ts")).stop(id, io)));

  program
    .command("list")
    .summary("list bottles, running and kept")
    .description("Lists the bottles that run and those that were kept.")
    .addOption(formatOption())
    .addHelpText("after", examples("bot-bottle list", "bot-bottle list --format json"))
    .action(async (options: Values) => finish(await (await import("./list.ts")).list(options, io)));

  program
    .command("logs")
    .summary("print what an agent printed")
    .description("Prints what the agent of a bottle printed, control characters escaped.")
    .argument("<id>", "the bottle's ID, or the beginning of it")
    .option("-f, --follow", "go on until the bottle ends")
    .addHelpText("after", examples("bot-bottle logs fixer-a1b2c", "bot-bottle logs fixer --follow"))
    .action(async (id: string, options: Values) =>
      finish(await (await import("./logs.ts")).logs(id, options, io)),
    );
}

function declareManifests(program: Command, io: OperatorIo, finish: (code: number) => void): void {
  program
    .command("info")
    .summary("say in plain words what an agent or a bottle may do")
    .description(
      "Says in plain words what an agent, else a bottle, may do: after extends and --bottle are merged.",
    )
    .argument("<name>", "name of an agent, else of a bottle")
    .option("--bottle <name>", "bottle to use; may be repeated", collect)
    .addOption(formatOption())
    .addHelpText(
      "after",
      examples("bot-bottle info fixer", "bot-bottle info fixer --bottle claude --bottle npm"),
    )
    .action(async (name: string, options: Values) =>
      finish(await (await import("./info.ts")).info(name, options, io)),
    );

  program
    .command("validate")
    .summary("check manifests and settings")
    .description(
      "Checks manifests and settings and shows every error of every file. Without names: all of them.",
    )
    .argument("[names...]", "names of agents or bottles")
    .option("--settings <file>", "read this file instead of settings.yml")
    .addHelpText("after", examples("bot-bottle validate", "bot-bottle validate claude fixer"))
    .action(async (names: readonly string[], options: Values) =>
      finish(await (await import("./validate.ts")).validate(names, options, io)),
    );

  program
    .command("doctor")
    .summary("check what this machine needs")
    .description("Checks everything this machine needs and prints the one line that mends what is missing.")
    .addOption(formatOption())
    .addHelpText("after", examples("bot-bottle doctor", "bot-bottle doctor --format json"))
    .action(async (options: Values) => finish(await (await import("./doctor.ts")).doctor(options, io)));

  program
    .command("demo")
    .summary("watch a hostile agent get nowhere")
    .description(
      "Runs a scripted agent in a real bottle that tries some twenty ways out, and shows what stopped each.",
    )
    .addHelpText("after", examples("bot-bottle demo"))
    .action(async () => finish(await (await import("./demo/demo.ts")).runDemo(io)));

  program
    .command("cleanup")
    .summary("remove what is left of ended bottles")
    .description(
      "Ends what is left of bottles whose launcher is gone and removes their state. Journals stay.",
    )
    .option("--all", "also kept bottles, those with changes not applied included")
    .option("-y, --yes", "don't ask")
    .option("--dry-run", "say what would be removed, remove nothing")
    .addOption(formatOption())
    .addHelpText("after", examples("bot-bottle cleanup", "bot-bottle cleanup --all --dry-run"))
    .action(async (options: Values) =>
      finish(await (await import("./cleanup.ts")).cleanupBottles(options, io)),
    );
}

/** The options `start` and `run` share. */
function sessionOptions(command: Command): Command {
  return command
    .option("--bottle <name>", "bottle to use; may be repeated, later ones win", collect)
    .addOption(
      new Option("--backend <name>", "how the bottle is isolated")
        .choices(["linux"])
        .env("BOT_BOTTLE_BACKEND"),
    )
    .addOption(new Option("--workspace <dir>", "folder to work on").conflicts("cwd"))
    .option("--cwd", "the same as --workspace .")
    .addOption(
      new Option("--workspace-mode <mode>", "work on a copy, or on the folder itself").choices([
        "copy",
        "bind",
      ]),
    )
    .option("--headless", "no terminal, no questions")
    .option("--label <text>", "name shown in list, and by agents that have a place for it")
    .addOption(new Option("--color <color>", "color of its ID in list").choices([...LABEL_COLOURS]))
    .option("--settings <file>", "read this file instead of settings.yml")
    .option("--dry-run", "print the plan, start nothing")
    .addOption(formatOption())
    .option("-y, --yes", "don't ask before starting");
}

function collect(value: string, before: readonly string[] | undefined): readonly string[] {
  return [...(before ?? []), value];
}
