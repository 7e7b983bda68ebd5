import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";

export const SECTIONS = [
  "requests",
  "latency",
  "tls",
  "download",
  "upload",
  "sse",
  "memory",
  "start",
  "rest",
] as const;
export type Section = (typeof SECTIONS)[number];
export const TARGETS = ["direct", "bot-bottle", "bot-bottle, DLP off", "squid", "mitmdump"] as const;
export type TargetName = (typeof TARGETS)[number];

export interface Options {
  readonly sections: readonly Section[];
  readonly targets: readonly TargetName[];
  /** each section runs this many times, its targets taking turns */
  readonly rounds: number;
  /** how long one load lasts, seconds */
  readonly seconds: number;
  /** MiB moved through each target by the `memory` section */
  readonly streamMib: number;
  /** the proxies' core and the core of everything else; undefined on a machine with one */
  readonly cores: { readonly proxy: number; readonly load: number } | undefined;
}

export const USAGE = `usage: npm run bench -- [--quick] [--rounds N] [--install] [--only NAME] [--target NAME]

  --quick         one short round
  --rounds N      N rounds (3)
  --only NAME     only this section, repeatable: ${SECTIONS.join(", ")}
  --target NAME   only this target, repeatable: ${TARGETS.join(", ")}
  --install       install the missing peers with apt first`;

/** Reads the command line; throws `TypeError` on what it doesn't know. */
export function parseOptions(argv: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      quick: { type: "boolean", default: false },
      rounds: { type: "string" },
      only: { type: "string", multiple: true, default: [] },
      target: { type: "string", multiple: true, default: [] },
    },
  });
  const rounds = Number(values.rounds ?? (values.quick ? 1 : 3));
  if (!Number.isInteger(rounds) || rounds < 1) throw new TypeError(`--rounds ${values.rounds}: not a count`);
  return {
    sections: chosen("--only", SECTIONS, values.only),
    targets: chosen("--target", TARGETS, values.target),
    rounds,
    seconds: values.quick ? 2 : 4,
    streamMib: values.quick ? 512 : 2048,
    cores: availableParallelism() > 1 ? { proxy: 0, load: 1 } : undefined,
  };
}

function chosen<T extends string>(flag: string, all: readonly T[], wanted: readonly string[]): readonly T[] {
  const unknown = wanted.find((name) => !all.some((known) => known === name));
  if (unknown !== undefined) throw new TypeError(`${flag} ${unknown}: one of ${all.join(", ")}`);
  return wanted.length === 0 ? all : all.filter((name) => wanted.includes(name));
}
