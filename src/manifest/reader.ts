import { existsSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { printable } from "../base/printable.ts";
import { type Agent, compileAgent } from "./agent.ts";
import { compileBottle } from "./compile-bottle.ts";
import { decodeFile } from "./decode.ts";
import { TEMPLATES } from "./definitions/bottle.ts";
import { STEM } from "./definitions/key.ts";
import { manifestNames, missingText } from "./folder.ts";
import { nodeAt, placeOf } from "./issues.ts";
import type { BottleFile, BottleFinder, NamedBottle } from "./lineage.ts";
import { Problems } from "./problem.ts";
import { type ReadFile, readAgentFile, readBottleFile, readSettingsFile } from "./read.ts";
import { compileSettings, NO_SETTINGS, type Settings } from "./settings.ts";
import type { SourceFile } from "./source-file.ts";
import { closest } from "./suggest.ts";
import type { PatternCheck } from "./tree-checks.ts";
import { checkHomeFolder, type Owner, readHomeFile, readRepoFile } from "./trusted-file.ts";
import type { YamlNode } from "./yaml.ts";

/** The folders and files of the operator that manifests are read from. */
export interface ManifestPaths {
  readonly bottles: string;
  readonly agents: string;
  readonly settings: string;
  /** plug-in providers, by folder name */
  readonly contrib: string;
}

export interface ManifestOptions extends Owner {
  readonly home: ManifestPaths;
  /** the repository that may bring agents of its own; undefined: none is looked at */
  readonly cwd?: string | undefined;
}

export type Origin = "home" | "repo";

export interface Listed {
  readonly name: string;
  readonly path: string;
  readonly origin: Origin;
}

export interface FoundAgent {
  /** undefined: something is wrong with it, and reported */
  readonly agent: Agent | undefined;
  readonly origin: Origin;
  /** the bottles it names, with their places */
  readonly bottles: readonly NamedBottle[];
}

const REPO_FOLDER = ".bot-bottle";

/** Reads files, each once, into one collection of problems. */
export class ManifestReader implements BottleFinder {
  readonly problems = new Problems();
  readonly #options: ManifestOptions;
  readonly #checkPattern: PatternCheck;
  readonly #bottles = new Map<string, BottleFile | "missing" | "broken">();
  #foldersChecked = false;

  constructor(options: ManifestOptions, checkPattern: PatternCheck) {
    this.#options = options;
    this.#checkPattern = checkPattern;
  }

  /** Names of the home folder's bottles; wrong file names go to the problems. */
  bottleNames(): string[] {
    return manifestNames(this.#options.home.bottles, this.problems);
  }

  /** The agents of the home folder, then those of the repository that it does not hide. */
  agents(): Listed[] {
    const folders: { folder: string; origin: Origin }[] = [
      { folder: this.#options.home.agents, origin: "home" },
    ];
    const repo = this.#repo();
    if (repo !== undefined) folders.push({ folder: join(repo, REPO_FOLDER, "agents"), origin: "repo" });
    const listed = new Map<string, Listed>();
    for (const { folder, origin } of folders) {
      for (const name of manifestNames(folder, this.problems)) {
        if (!listed.has(name)) listed.set(name, { name, path: join(folder, `${name}.md`), origin });
      }
    }
    return [...listed.values()];
  }

  find(name: string): BottleFile | "missing" | "broken" {
    const known = this.#bottles.get(name);
    if (known !== undefined) return known;
    this.#checkFolders();
    const found = this.#readBottle(name);
    this.#bottles.set(name, found);
    return found;
  }

  missing(name: string): string {
    return missingText("bottle", name, this.#options.home.bottles, this.bottleNames());
  }

  /** The home folder's agent, else the repository's; undefined: reported. */
  agent(name: string): FoundAgent | undefined {
    this.#checkFolders();
    const { agents } = this.#options.home;
    const repo = this.#repo();
    const repoParts = [REPO_FOLDER, "agents", `${name}.md`];
    if (!STEM.test(name)) {
      this.problems.add({ file: agents, message: `\`${printable(name, 80)}\` is no manifest name` });
      return undefined;
    }
    const path = join(agents, `${name}.md`);
    const home = readHomeFile(path, this.#options, this.problems);
    if (home !== "missing") {
      const hidden = repo === undefined ? undefined : join(repo, ...repoParts);
      if (hidden !== undefined && existsSync(hidden)) {
        this.problems.warn(
          `agent ${name}: ${printable(path)} is used; ${printable(hidden)} of the same name is not`,
        );
      }
      return home === "unsafe" ? undefined : this.#parseAgent(name, path, home, "home");
    }
    const found = repo === undefined ? "missing" : readRepoFile(repo, repoParts, this.problems);
    if (found === "unsafe") return undefined;
    if (found !== "missing" && repo !== undefined) {
      return this.#parseAgent(name, join(repo, ...repoParts), found, "repo");
    }
    const known = this.agents().map((listed) => listed.name);
    this.problems.add({ file: "agent", message: missingText("agent", name, agents, known) });
    return undefined;
  }

  /** The home folder's settings, or those of `path`; undefined: reported. */
  settings(path?: string): Settings | undefined {
    const from = path ?? this.#options.home.settings;
    const bytes = readHomeFile(from, this.#options, this.problems);
    if (bytes === "missing") {
      if (path === undefined) return NO_SETTINGS;
      this.problems.add({ file: path, message: "there is no such file" });
      return undefined;
    }
    const file = bytes === "unsafe" ? undefined : decodeFile(from, bytes, this.problems);
    const read = file && readSettingsFile(file, this.problems);
    return read && compileSettings(read);
  }

  #readBottle(name: string): BottleFile | "missing" | "broken" {
    const { bottles } = this.#options.home;
    if (!STEM.test(name)) return "missing";
    const path = join(bottles, `${name}.md`);
    const bytes = readHomeFile(path, this.#options, this.problems);
    if (bytes === "missing" || bytes === "unsafe") return bytes === "missing" ? bytes : "broken";
    const file = decodeFile(path, bytes, this.problems);
    if (file === undefined) return "broken";
    const { root, read } = readBottleFile(file, this.problems, this.#checkPattern);
    if (read !== undefined) this.#checkTemplate(read);
    return {
      bottle: read && compileBottle(name, read),
      parents: root === undefined ? [] : named(file, root, "extends"),
    };
  }

  #parseAgent(name: string, path: string, bytes: Uint8Array, origin: Origin): FoundAgent | undefined {
    const file = decodeFile(path, bytes, this.problems);
    if (file === undefined) return undefined;
    const { root, read } = readAgentFile(file, this.problems);
    const bottles = root === undefined ? [] : named(file, root, "bottle");
    return { agent: read && compileAgent(name, read), origin, bottles };
  }

  /** A template that is neither ours nor a plug-in's folder. */
  #checkTemplate({
    file,
    root,
    value,
  }: ReadFile<{ agent_provider?: { template?: string | undefined } | undefined }>): void {
    const template = value.agent_provider?.template;
    const { contrib } = this.#options.home;
    if (template === undefined || TEMPLATES.some((known) => known === template)) return;
    if (existsSync(join(contrib, template))) return;
    const near = closest(template, TEMPLATES);
    this.problems.add({
      file,
      ...placeOf(root, ["agent_provider", "template"], false),
      message: `\`agent_provider.template\`: no provider \`${template}\`${near === undefined ? "" : `; did you mean \`${near}\`?`}`,
      mend: `one of ${TEMPLATES.join(", ")}, or a plug-in in ${printable(contrib)}`,
    });
  }

  /** What is said once, whatever is read. */
  #checkFolders(): void {
    if (this.#foldersChecked) return;
    this.#foldersChecked = true;
    const { home, cwd } = this.#options;
    for (const folder of [home.bottles, home.agents]) checkHomeFolder(folder, this.#options, this.problems);
    const repo = this.#repo();
    if (repo !== undefined && existsSync(join(repo, REPO_FOLDER, "bottles"))) {
      this.problems.warn(
        `${printable(join(repo, REPO_FOLDER, "bottles"))} is never read: bottles come from ${printable(home.bottles)} alone`,
      );
    }
    if (existsSync(home.bottles)) return;
    for (const folder of new Set([dirname(dirname(home.bottles)), cwd])) {
      if (folder === undefined || !existsSync(join(folder, "bot-bottle.json"))) continue;
      this.problems.add({
        file: join(folder, "bot-bottle.json"),
        message: "this format is no longer read",
        mend: `write each bottle as ${printable(home.bottles)}/NAME.md and each agent as ${printable(home.agents)}/NAME.md`,
      });
    }
  }

  /** The repository's folder; undefined where its `.bot-bottle` is the operator's own. */
  #repo(): string | undefined {
    const { cwd, home } = this.#options;
    if (cwd === undefined) return undefined;
    const theirs = statSync(join(cwd, REPO_FOLDER), { throwIfNoEntry: false });
    const ours = statSync(dirname(home.agents), { throwIfNoEntry: false });
    return theirs !== undefined && ours !== undefined && theirs.ino === ours.ino && theirs.dev === ours.dev
      ? undefined
      : cwd;
  }
}

/** Names of bottles that a key holds, one or a list, with the place of each. */
function named(file: SourceFile, root: YamlNode, key: string): NamedBottle[] {
  const node = nodeAt(root, [key]);
  const nodes = node?.items ?? (node === undefined ? [] : [node]);
  return nodes.flatMap(({ value, start, end }) =>
    typeof value === "string" && STEM.test(value) ? [{ name: value, place: { file, start, end } }] : [],
  );
}
