import { join } from "node:path";
import { printable } from "../base/printable.ts";
import type { Agent } from "./agent.ts";
import { checkAllowedSecrets } from "./allowed-secrets.ts";
import type { Bottle } from "./bottle.ts";
import { lineage, type NamedBottle } from "./lineage.ts";
import { mergeBottles } from "./merge.ts";
import type { Problems } from "./problem.ts";
import { type FoundAgent, type Listed, type ManifestOptions, ManifestReader, type Origin } from "./reader.ts";
import { checkServerTools } from "./server-tools.ts";
import type { Settings } from "./settings.ts";
import type { PatternCheck } from "./tree-checks.ts";

export interface LoadedAgent {
  readonly agent: Agent;
  /** `repo`: its `bottle` is only a suggestion, which `--bottle` or a yes on the terminal must confirm (SPEC §1) */
  readonly origin: Origin;
}

export interface LoadedBottle {
  /** all that take part, merged */
  readonly bottle: Bottle;
  /** names in the order they were merged, parents first */
  readonly sources: readonly string[];
  /** one line each: what the merge replaced, what looks wrong but is allowed */
  readonly notices: readonly string[];
}

/** What one launch needs. */
export interface LoadRequest {
  readonly agent?: string | undefined;
  /** `--bottle`, in order; empty: those the agent names */
  readonly bottles?: readonly string[] | undefined;
  /** `--settings`; undefined: the home folder's, which may be missing */
  readonly settings?: string | undefined;
}

export interface Loaded {
  readonly agent: LoadedAgent | undefined;
  /** undefined: neither `--bottle` nor the agent names one */
  readonly bottle: LoadedBottle | undefined;
  readonly settings: Settings;
  /** merge notices and warnings of all files */
  readonly notices: readonly string[];
}

/** Every manifest there is, for `validate`. */
export interface Validated {
  /** by name, each merged with what it extends */
  readonly bottles: ReadonlyMap<string, LoadedBottle>;
  readonly agents: readonly LoadedAgent[];
  readonly settings: Settings;
  readonly notices: readonly string[];
}

/**
 * The manifests of an operator and a repository. Every method that reads throws one `Fault` with exit code 2 whose
 * message holds every problem of every file it read.
 */
export interface Manifests {
  /** agent, bottles and settings at once, so that their problems are shown together */
  load(request: LoadRequest): Promise<Loaded>;
  loadAgent(name: string): Promise<LoadedAgent & { readonly notices: readonly string[] }>;
  /** `names` merged left to right; at least one */
  loadBottles(names: readonly string[]): Promise<LoadedBottle>;
  /** `path` undefined: the home folder's, everything default when it is missing */
  loadSettings(path?: string): Promise<Settings>;
  validateAll(settings?: string): Promise<Validated>;
  /** sorted; nothing is read */
  listBottles(): Listed[];
  /** sorted; the home folder's first, a repo's of the same name left out */
  listAgents(): Listed[];
}

/** Nothing is read until a method is called. */
export function loadManifests(options: ManifestOptions): Manifests {
  const read = <T>(pass: Pass<T>) => readAll(options, pass);
  return {
    load: (request) => read((reader) => load(reader, request)),
    loadAgent: (name) =>
      read((reader) => {
        const found = reader.agent(name);
        const loaded = found && loadedAgent(found);
        return loaded && { ...loaded, notices: reader.problems.warnings };
      }),
    loadBottles: (names) =>
      read((reader) => {
        const merged = mergeWhole(reader, fromCommandLine(names));
        return { ...merged, notices: [...merged.notices, ...reader.problems.warnings] };
      }),
    loadSettings: (path) => read((reader) => reader.settings(path)),
    validateAll: (settings) => read((reader) => validateAll(reader, settings)),
    listBottles: () =>
      new ManifestReader(options, noPatterns)
        .bottleNames()
        .map((name) => ({ name, path: join(options.home.bottles, `${name}.md`), origin: "home" })),
    listAgents: () => new ManifestReader(options, noPatterns).agents(),
  };
}

/** Reads what it needs; undefined only when it reported why. */
type Pass<T> = (reader: ManifestReader) => T | undefined;

const noPatterns: PatternCheck = () => undefined;

/** Regular expressions are rare and their engine slow to load: a first pass finds out whether there are any. */
async function readAll<T>(options: ManifestOptions, pass: Pass<T>): Promise<T> {
  let patterns = false;
  let reader = new ManifestReader(options, () => {
    patterns = true;
    return undefined;
  });
  let value = pass(reader);
  if (patterns) {
    const { compilePattern } = await import("../policy/routes.ts");
    reader = new ManifestReader(options, (pattern) => problemOf(() => compilePattern(pattern)));
    value = pass(reader);
  }
  reader.problems.throwIfAny();
  if (value === undefined) throw new Error("a manifest was refused without a reason");
  return value;
}

function problemOf(compile: () => unknown): string | undefined {
  try {
    compile();
    return undefined;
  } catch (error) {
    return printable(error instanceof Error ? error.message : String(error), 200);
  }
}

function load(reader: ManifestReader, request: LoadRequest): Loaded | undefined {
  const agent = request.agent === undefined ? undefined : reader.agent(request.agent);
  const names =
    request.bottles === undefined || request.bottles.length === 0
      ? (agent?.bottles ?? [])
      : fromCommandLine(request.bottles);
  const bottle = names.length === 0 ? undefined : mergeWhole(reader, names);
  const settings = reader.settings(request.settings);
  if (settings === undefined) return undefined;
  return {
    agent: agent && loadedAgent(agent),
    bottle,
    settings,
    notices: [...(bottle?.notices ?? []), ...reader.problems.warnings],
  };
}

function validateAll(reader: ManifestReader, settingsPath: string | undefined): Validated | undefined {
  const names = reader.bottleNames();
  // All at once first, so that a cycle or a missing parent is reported at its place and not once for each child.
  lineage(fromCommandLine(names), reader, reader.problems);
  const agents = reader.agents().flatMap(({ name }) => reader.agent(name) ?? []);
  lineage(
    agents.flatMap((agent) => agent.bottles.filter(({ name }) => !names.includes(name))),
    reader,
    reader.problems,
  );
  const settings = reader.settings(settingsPath);
  if (reader.problems.count > 0 || settings === undefined) return undefined;
  const bottles = new Map(names.map((name) => [name, merge(reader, fromCommandLine([name]))]));
  // One that others build on may name what they add.
  const parents = new Set([...bottles.values()].flatMap(({ sources }) => sources.slice(0, -1)));
  for (const [name, { bottle }] of bottles) if (!parents.has(name)) checkWhole(bottle, reader.problems);
  return {
    bottles,
    agents: agents.flatMap((agent) => loadedAgent(agent) ?? []),
    settings,
    notices: reader.problems.warnings,
  };
}

function merge(reader: ManifestReader, names: readonly NamedBottle[]): LoadedBottle {
  const files = lineage(names, reader, reader.problems);
  return { ...mergeBottles(files), sources: files.map((bottle) => bottle.name) };
}

/** All that take part in one bottle, checked as a whole. */
function mergeWhole(reader: ManifestReader, names: readonly NamedBottle[]): LoadedBottle {
  const merged = merge(reader, names);
  // Of a bottle that isn't all there it can't be said what it lacks.
  if (reader.problems.count === 0) checkWhole(merged.bottle, reader.problems);
  return merged;
}

/** What can only be said of a bottle that is all there. */
function checkWhole(bottle: Bottle, problems: Problems): void {
  checkAllowedSecrets(bottle, problems);
  checkServerTools(bottle, problems);
}

function fromCommandLine(names: readonly string[]): NamedBottle[] {
  return names.map((name) => ({ name }));
}

function loadedAgent({ agent, origin }: FoundAgent): LoadedAgent | undefined {
  return agent && { agent, origin };
}
