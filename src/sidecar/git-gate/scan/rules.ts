import { RE2JS } from "re2js";
import { BUILTIN_RULES } from "../../../dlp/patterns/builtin.ts";
import { PatternSet } from "../../../dlp/patterns/pattern-set.ts";
import type { Allowlist, Rule } from "../../../dlp/patterns/rule.ts";
import { RuleFault } from "../../../dlp/patterns/rule-file/fault.ts";
import { type RuleFile, readRuleFile } from "../../../dlp/patterns/rule-file/read.ts";
import type { GitFinding } from "./finding.ts";

/** Where a finding lies. */
export interface Place {
  /** undefined: in no commit that is known */
  readonly commit: string | undefined;
  /** undefined: at no path that is known */
  readonly path: string | undefined;
}

/** What an allowlist may look at but the place; undefined: not known. */
export interface FoundText {
  readonly secret: string;
  readonly line: string;
}

/** Whether a finding counts at a place. */
export type CountsAt = (place: Place) => boolean;

const NO_FILE: RuleFile = { rules: [], fileNames: [], disabled: [], allowlists: [], notices: [] };

/**
 * The rules that a push is scanned with: the built-in ones, those of the operator's file, and those of the upstream's
 * `.gitleaks.toml`. The upstream's may add, replace, turn off and spare as gitleaks lets them, but nothing of the
 * operator's. Unlike those for traffic they know paths and commits.
 */
export class ScanRules {
  readonly patterns: PatternSet;
  /** what in the upstream's file does nothing, or why it isn't followed; a sentence each, unprintable */
  readonly notices: readonly string[];
  readonly #byId: ReadonlyMap<string, PlacedRule>;
  readonly #fileNames: readonly { readonly id: string; readonly regex: RE2JS }[];
  readonly #anyRule: PlacedRule;

  private constructor(operator: RuleFile, upstream: RuleFile, problem: string | undefined) {
    const own = new Set(operator.rules.map(({ id }) => id));
    const gone = new Set([...operator.disabled, ...own]);
    const replaced = new Set([...gone, ...upstream.disabled, ...upstream.rules.map(({ id }) => id)]);
    const spared = (rule: Rule): Rule => ({
      ...rule,
      allowlists: [...rule.allowlists, ...upstream.allowlists, ...operator.allowlists],
    });
    const rules = [
      ...BUILTIN_RULES.filter(({ id }) => !replaced.has(id)).map(spared),
      ...upstream.rules.filter(({ id }) => !own.has(id)).map(spared),
      ...operator.rules.map((rule) => ({
        ...rule,
        allowlists: [...rule.allowlists, ...operator.allowlists],
      })),
    ];
    this.patterns = new PatternSet(rules.map(withoutPath));
    this.#byId = new Map(
      rules.filter(isPlaced).map((rule) => [rule.id, new PlacedRule(rule.path, rule.allowlists)]),
    );
    this.#anyRule = new PlacedRule(undefined, [...upstream.allowlists, ...operator.allowlists]);
    this.#fileNames = [...operator.fileNames, ...upstream.fileNames].map(({ id, path }) => ({
      id,
      regex: RE2JS.compile(path),
    }));
    this.notices = problem === undefined ? upstream.notices : [problem];
  }

  /**
   * `operator`: the text of the bottle's `dlp.rules`; throws `RuleFault` for a mistake in it. `upstream`: of the
   * `.gitleaks.toml` in the upstream's default branch; with a mistake it isn't followed, and spares nothing.
   */
  static read(operator: string | undefined, upstream: string | undefined): ScanRules {
    const own = operator === undefined ? NO_FILE : readRuleFile(operator);
    if (upstream === undefined) return new ScanRules(own, NO_FILE, undefined);
    try {
      return new ScanRules(own, readRuleFile(upstream), undefined);
    } catch (error) {
      if (!(error instanceof RuleFault)) throw error;
      return new ScanRules(own, NO_FILE, `the upstream's .gitleaks.toml isn't followed: ${error.message}`);
    }
  }

  /** Where a find of a rule counts. Undefined: everywhere. */
  countsAt(
    { detector, rule }: Pick<GitFinding, "detector" | "rule">,
    text?: FoundText,
  ): CountsAt | undefined {
    if (detector !== "token_patterns" && detector !== "gitleaks") return undefined;
    const placed = this.#byId.get(rule) ?? (detector === "gitleaks" ? this.#anyRule : undefined);
    return placed?.countsAt(text);
  }

  /** The rules that say of a path alone that such a file must not leave. `path`: latin1. */
  ofFileName(path: string): readonly string[] {
    return this.#fileNames.filter(({ regex }) => regex.test(path)).map(({ id }) => id);
  }
}

function isPlaced({ path, allowlists }: Rule): boolean {
  return path !== undefined || allowlists.some(hasPlace);
}

function hasPlace({ paths, commits }: Allowlist): boolean {
  return paths.length > 0 || commits.length > 0;
}

function withoutPath(rule: Rule): Rule {
  const { path, ...rest } = rule;
  return path === undefined ? rule : rest;
}

/** What a rule says of paths and commits. */
class PlacedRule {
  readonly #path: RE2JS | undefined;
  readonly #lists: readonly {
    readonly list: Allowlist;
    readonly paths: readonly RE2JS[];
    readonly regexes: readonly RE2JS[];
  }[];

  constructor(path: string | undefined, allowlists: readonly Allowlist[]) {
    this.#path = path === undefined ? undefined : RE2JS.compile(path);
    this.#lists = allowlists.filter(hasPlace).map((list) => ({
      list,
      paths: list.paths.map((regex) => RE2JS.compile(regex)),
      regexes: list.condition === "and" ? list.regexes.map((regex) => RE2JS.compile(regex)) : [],
    }));
  }

  countsAt(text: FoundText | undefined): CountsAt | undefined {
    const path = this.#path;
    // of a list that wants all that it says, the rest must hold; one that wants anything was asked for the rest before
    const lists = this.#lists.filter(({ list, regexes }) => {
      if (list.condition === "or") return true;
      if (regexes.length + list.stopwords.length === 0) return true;
      if (text === undefined) return false;
      const target = list.regexTarget === "line" ? text.line : text.secret;
      const secret = text.secret.toLowerCase();
      return (
        (regexes.length === 0 || regexes.some((regex) => regex.test(target))) &&
        (list.stopwords.length === 0 || list.stopwords.some((word) => secret.includes(word)))
      );
    });
    if (path === undefined && lists.length === 0) return undefined;
    return (place) => {
      if (path !== undefined && place.path !== undefined && !path.test(place.path)) return false;
      return !lists.some(({ list, paths }) => {
        const holds: boolean[] = [];
        if (paths.length > 0)
          holds.push(paths.some((regex) => place.path !== undefined && regex.test(place.path)));
        if (list.commits.length > 0)
          holds.push(place.commit !== undefined && list.commits.includes(place.commit));
        return list.condition === "and" ? holds.every(Boolean) : holds.some(Boolean);
      });
    };
  }
}
