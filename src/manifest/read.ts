import type * as z from "zod/mini";
import { splitFrontMatter } from "./front-matter.ts";
import { hideSecrets, IssueReporter, placeOf } from "./issues.ts";
import type { Problems } from "./problem.ts";
import { SCHEMAS } from "./schemas.ts";
import type { SourceFile } from "./source-file.ts";
import { checkRoutes, type PatternCheck, warnOfLiterals } from "./tree-checks.ts";
import { parseYaml, type YamlNode } from "./yaml.ts";

export interface ReadFile<T> {
  readonly file: SourceFile;
  /** the validated front matter */
  readonly value: T;
  /** the tree it was read from, for places */
  readonly root: YamlNode;
  /** Markdown below the front matter; empty in settings */
  readonly body: string;
  /** Where the value at a path was written: `dev.md:12`. */
  readonly at: (...path: PropertyKey[]) => string;
}

/** What could be read of a file with front matter. */
export interface ReadMatter<T> {
  /** undefined: not even the YAML is right */
  readonly root: YamlNode | undefined;
  /** undefined: something is wrong, and reported */
  readonly read: ReadFile<T> | undefined;
}

/** A bottle's file -> its keys, checked. What is wrong goes to `problems`. */
export function readBottleFile(
  file: SourceFile,
  problems: Problems,
  checkPattern: PatternCheck,
): ReadMatter<z.output<typeof SCHEMAS.bottle>> {
  const front = splitFrontMatter(file, problems);
  const root = front && parseYaml(file, front.start, front.end, problems);
  if (root === undefined) return { root, read: undefined };
  hideSecrets(root, file);
  const before = problems.count;
  const parsed = SCHEMAS.bottle.safeParse(root.value);
  const reporter = new IssueReporter("bottle", SCHEMAS.bottle, file, root, problems);
  if (!parsed.success) reporter.report(parsed.error.issues);
  checkRoutes(root, file, problems, checkPattern);
  warnOfLiterals(root, file, problems);
  const good = parsed.success && problems.count === before;
  return { root, read: good ? finish(file, parsed.data, root, front?.body ?? "") : undefined };
}

/** An agent's file, likewise. */
export function readAgentFile(
  file: SourceFile,
  problems: Problems,
): ReadMatter<z.output<typeof SCHEMAS.agent>> {
  const front = splitFrontMatter(file, problems);
  const root = front && parseYaml(file, front.start, front.end, problems);
  if (root === undefined) return { root, read: undefined };
  const parsed = SCHEMAS.agent.safeParse(root.value);
  if (parsed.success) return { root, read: finish(file, parsed.data, root, front?.body ?? "") };
  new IssueReporter("agent", SCHEMAS.agent, file, root, problems).report(parsed.error.issues);
  return { root, read: undefined };
}

/** `settings.yml`, which is YAML alone; undefined when something is wrong. */
export function readSettingsFile(
  file: SourceFile,
  problems: Problems,
): ReadFile<z.output<typeof SCHEMAS.settings>> | undefined {
  const root = parseYaml(file, 0, file.text.length, problems);
  if (root === undefined) return undefined;
  const parsed = SCHEMAS.settings.safeParse(root.value);
  if (parsed.success) return finish(file, parsed.data, root, "");
  new IssueReporter("settings", SCHEMAS.settings, file, root, problems).report(parsed.error.issues);
  return undefined;
}

function finish<T>(file: SourceFile, value: T, root: YamlNode, body: string): ReadFile<T> {
  return { file, value, root, body, at: (...path) => file.at(placeOf(root, path, true).start) };
}
