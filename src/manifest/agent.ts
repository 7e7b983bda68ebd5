import type * as z from "zod/mini";
import type { GitUser, Located } from "./bottle.ts";
import type { ReadFile } from "./read.ts";
import type { SCHEMAS } from "./schemas.ts";

/** A validated agent. */
export interface Agent {
  readonly name: string;
  readonly path: string;
  /** the bottles it names; of a repo's agent only a suggestion (SPEC §1) */
  readonly bottles: readonly string[];
  readonly skills?: Located<readonly string[]> | undefined;
  readonly gitUser: GitUser;
  /** the body: its system prompt; may be empty */
  readonly prompt: string;
}

/** A checked file -> an agent. */
export function compileAgent(
  name: string,
  { file, value, at, body }: ReadFile<z.output<typeof SCHEMAS.agent>>,
): Agent {
  return {
    name,
    path: file.path,
    bottles: value.bottle ?? [],
    skills: value.skills && { value: value.skills, at: at("skills") },
    gitUser: value["git-gate"]?.user ?? {},
    prompt: body,
  };
}
