import { usageFault } from "../base/fault.ts";
import { MAX_PROMPT } from "./limits.ts";
import type { Provider, ProviderInput } from "./provider.ts";
import { onlyKeys } from "./settings.ts";

/** where a `command` agent finds the body of its manifest, below its home folder */
export const SYSTEM_PROMPT_FILE = ".bot-bottle/system-prompt.md";

/**
 * Any program: `settings: {command: [PROGRAM, ARG, …]}`, or `run -- CMD`. It is run as written, with the words after
 * `--` of `start`, and the headless prompt as its last argument.
 */
export const command: Provider = {
  name: "command",
  contribute(input) {
    const [program = "", ...args] = input.command ?? configured(input);
    const prompt = input.headlessPrompt === undefined ? [] : [input.headlessPrompt];
    if (Buffer.byteLength(prompt.join("")) > MAX_PROMPT) {
      throw usageFault(`the prompt is longer than ${MAX_PROMPT} bytes`, "put it in a file of the workspace");
    }
    // a path is meant as written: it names a place inside the bottle
    const found = program.includes("/") ? undefined : input.findProgram(program);
    return {
      command: [found?.path ?? program, ...args, ...input.extraArgs, ...prompt],
      env: {},
      files:
        input.systemPrompt === ""
          ? []
          : [{ path: SYSTEM_PROMPT_FILE, content: input.systemPrompt, mode: 0o600 }],
      programs: found?.binds ?? [],
      routes: [],
      secrets: [],
    };
  },
};

function configured(input: ProviderInput): readonly string[] {
  onlyKeys("command", input.settings, ["command"]);
  const words = input.settings.command;
  const texts = Array.isArray(words) ? words.filter((word) => typeof word === "string") : [];
  if (!Array.isArray(words) || texts.length !== words.length || !texts[0]) {
    throw usageFault(
      "agent_provider.settings.command is missing: provider command needs to know what to run",
      "settings: {command: [PROGRAM, ARGUMENT]}",
    );
  }
  return texts;
}
