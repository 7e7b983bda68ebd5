import * as z from "zod/mini";
import { GIT_USER } from "./git-gate.ts";
import { list, oneOrMore, optional, stem, text } from "./key.ts";

const SKILL = /^(?!\.{1,2}$)[A-Za-z0-9._-]+$/;

const ignored = (name: string) =>
  optional(z.unknown(), {
    description: `Claude Code's sub-agent field \`${name}\`: accepted and ignored`,
    acts: "now",
    shape: "anything",
  });

/** The front matter of `agents/NAME.md`. */
export const agentSchema = () =>
  z.strictObject({
    bottle: optional(oneOrMore(stem()), {
      description: "Bottles it runs in; of a repo's agent only a suggestion",
      acts: "now",
      shape: "name or list of names",
    }),
    skills: optional(list(text((value) => (SKILL.test(value) ? undefined : "is no skill name"))), {
      description: "Skills of the home folder that the agent gets",
      acts: "later",
      shape: "list of names",
    }),
    "git-gate": optional(
      z.strictObject({
        user: optional(GIT_USER, {
          description: "Identity git uses; wins over the bottle's",
          acts: "now",
          shape: "map",
        }),
      }),
      { description: "Only `user`; `repos` is bottle-only", acts: "now", shape: "map" },
    ),
    name: ignored("name"),
    description: ignored("description"),
    model: ignored("model"),
    color: ignored("color"),
    memory: ignored("memory"),
  });
