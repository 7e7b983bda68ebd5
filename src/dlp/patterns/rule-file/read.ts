import { parse, TomlError } from "smol-toml";
import { MIN_KEYWORD_LENGTH, RULE_COUNT, RULE_FILE_BYTES } from "../limits.ts";
import type { Allowlist, Rule } from "../rule.ts";
import { requiredLiteral } from "../shape/literal.ts";
import { RuleFault } from "./fault.ts";
import { Table } from "./table.ts";

/** What an operator's rule file says. */
export interface RuleFile {
  readonly rules: readonly Rule[];
  /** rules about the names of files alone: they find nothing in a text */
  readonly fileNames: readonly FileNameRule[];
  /** ids of built-in rules that it turns off (`[extend] disabledRules`) */
  readonly disabled: readonly string[];
  /** for every rule, built-in or not */
  readonly allowlists: readonly Allowlist[];
  /** what is in the file and does nothing, a sentence each */
  readonly notices: readonly string[];
}

/** A rule that finds files by their path. */
export interface FileNameRule {
  readonly id: string;
  /** RE2 syntax */
  readonly path: string;
}

/**
 * Reads a rule file in gitleaks' format (v8.25 and the older spelling of allowlists). Its rules come on top of the
 * built-in ones, whether it says `useDefault` or not. Throws `RuleFault`, with the line, for what gitleaks would refuse.
 */
export function readRuleFile(toml: string): RuleFile {
  if (Buffer.byteLength(toml) > RULE_FILE_BYTES)
    throw new RuleFault(`longer than ${RULE_FILE_BYTES} bytes`, undefined, "shorten it");
  const file = new Table(parseToml(toml), "file", undefined);
  const lines = linesOf(toml);
  const notices: string[] = [];
  for (const key of ["title", "description", "minVersion"]) file.value(key);
  const disabled = readExtend(file, notices);
  const tables = file.tables("rules");
  if (tables.length > RULE_COUNT)
    throw new RuleFault(`more than ${RULE_COUNT} rules`, undefined, "shorten it");
  const fileNames: FileNameRule[] = [];
  const rules = tables.flatMap((table, at) =>
    readRule(new Table(table, `rules[${at}]`, lines[at]), notices, fileNames),
  );
  const targeted: { readonly targets: readonly string[]; readonly allowlist: Allowlist }[] = [];
  const allowlists: Allowlist[] = [];
  for (const table of allowlistTables(file)) {
    const targets = table.list("targetRules");
    const allowlist = readAllowlist(table, notices);
    if (targets.length === 0) allowlists.push(allowlist);
    else targeted.push({ targets, allowlist });
  }
  for (const { targets } of targeted)
    for (const id of targets)
      if (!rules.some((rule) => rule.id === id))
        notices.push(`an allowlist is for the rule ${id}, which the file does not have`);
  notices.push(...file.unknown);
  return {
    fileNames,
    rules: rules.map((rule) => ({
      ...rule,
      allowlists: [
        ...rule.allowlists,
        ...targeted.flatMap(({ targets, allowlist }) => (targets.includes(rule.id) ? [allowlist] : [])),
      ],
    })),
    disabled,
    allowlists,
    notices,
  };
}

function parseToml(toml: string): unknown {
  try {
    return parse(toml);
  } catch (error) {
    if (!(error instanceof TomlError)) throw new RuleFault("is no TOML", undefined, "mend the file");
    const what = error.message.split("\n")[0] ?? "";
    throw new RuleFault(`is no TOML: ${what}`, error.line, "mend that line");
  }
}

/** The lines on which rules begin, in order. */
function linesOf(toml: string): readonly number[] {
  return toml
    .split("\n")
    .flatMap((line, at) => (/^[ \t]*\[\[[ \t]*rules[ \t]*\]\]/i.test(line) ? [at + 1] : []));
}

function readExtend(file: Table, notices: string[]): readonly string[] {
  const value = file.value("extend");
  if (value === undefined) return [];
  const extend = new Table(value, "extend", undefined);
  extend.flag("useDefault");
  for (const key of ["path", "url"])
    if (extend.text(key) !== undefined)
      notices.push(`extend.${key} is not followed: put the rules into this file`);
  const disabled = extend.list("disabledRules");
  notices.push(...extend.unknown);
  return disabled;
}

function readRule(table: Table, notices: string[], fileNames: FileNameRule[]): Rule[] {
  const id = table.text("id")?.trim() ?? "";
  if (!/^[\w.-]{1,120}$/.test(id))
    throw table.fault("id", "is missing or no name", 'give the rule a name: id = "my-rule"');
  const regex = table.text("regex");
  const path = table.text("path");
  const description = table.text("description") ?? id;
  const secretGroup = table.number("secretGroup");
  const entropy = table.number("entropy");
  const stated = table.list("keywords").map((keyword) => keyword.toLowerCase());
  table.value("tags");
  for (const key of ["required", "skipReport"])
    if (table.value(key) !== undefined) notices.push(`rule ${id}: ${key} is not known and has no effect`);
  const allowlists = allowlistTables(table).map((allowlist) => readAllowlist(allowlist, notices));
  notices.push(...table.unknown);
  if (path !== undefined) {
    table.regex("path", path);
    if (regex !== undefined)
      notices.push(`rule ${id} is for files of some path and finds nothing in traffic`);
  }
  if (regex === undefined) {
    if (path === undefined) throw table.fault("regex", "and path are missing", "say what the rule finds");
    notices.push(`rule ${id} is about file names only and finds nothing in traffic`);
    fileNames.push({ id, path });
    return [];
  }
  const groups = table.regex("regex", regex).groupCount();
  if (secretGroup !== undefined && secretGroup > groups)
    throw table.fault("secretGroup", `is ${secretGroup}; the regex has ${groups} groups`, "name one of them");
  const usable = stated.filter((keyword) => searchable(keyword) === keyword);
  // a rule of which one keyword can't be searched for is searched by what its regex must contain
  const keywords = usable.length > 0 && usable.length === stated.length ? usable : literalOf(regex);
  if (keywords.length === 0)
    throw table.fault(
      "keywords",
      "are missing or shorter than three characters, and the regex has no fixed text to search for",
      'name words that stand near every match: keywords = ["acme"]',
    );
  return [
    {
      id,
      description,
      regex,
      keywords: [...new Set(keywords)],
      allowlists,
      source: "the operator's rule file",
      asWritten: true,
      ...(secretGroup !== undefined && secretGroup > 0 && { secretGroup }),
      ...(entropy !== undefined && entropy > 0 && { entropy }),
      ...(path !== undefined && { path }),
    },
  ];
}

function literalOf(regex: string): readonly string[] {
  const literal = searchable(requiredLiteral(regex) ?? "");
  return literal === undefined ? [] : [literal];
}

/** The longest part of a keyword that the scanner's alphabet has; undefined when that is too short. */
function searchable(keyword: string): string | undefined {
  const parts = keyword.match(/[a-z0-9 _.:/=+$~@<"'#%&?!|;,-]+/g) ?? [];
  const longest = parts.reduce((best, part) => (part.length > best.length ? part : best), "");
  return longest.length >= MIN_KEYWORD_LENGTH ? longest : undefined;
}

function allowlistTables(table: Table): Table[] {
  const older = table.tables("allowlist");
  const newer = table.tables("allowlists");
  if (older.length > 0 && newer.length > 0)
    throw table.fault("allowlist", "stands beside allowlists", "use [[allowlists]] alone");
  return [...older, ...newer].map((value, at) => new Table(value, `allowlists[${at}]`, undefined));
}

function readAllowlist(table: Table, notices: string[]): Allowlist {
  table.text("description");
  const condition = (table.text("condition") ?? "or").toLowerCase();
  if (!["or", "||", "", "and", "&&"].includes(condition))
    throw table.fault("condition", `is ${condition}`, 'write "and" or "or"');
  const regexTarget = table.text("regexTarget") ?? "secret";
  if (regexTarget !== "secret" && regexTarget !== "match" && regexTarget !== "line" && regexTarget !== "")
    throw table.fault("regexTarget", `is ${regexTarget}`, 'write "match" or "line"');
  const regexes = table.list("regexes");
  const paths = table.list("paths");
  const stopwords = table.list("stopwords").map((word) => word.toLowerCase());
  const commits = table.list("commits").map((id) => id.toLowerCase());
  for (const regex of regexes) table.regex("regexes", regex);
  for (const path of paths) table.regex("paths", path);
  if (regexes.length + paths.length + stopwords.length + commits.length === 0)
    throw table.fault("regexes", "and paths, commits and stopwords are missing", "say what is allowed");
  notices.push(...table.unknown);
  return {
    condition: condition === "and" || condition === "&&" ? "and" : "or",
    regexTarget: regexTarget === "" ? "secret" : regexTarget,
    regexes,
    stopwords: stopwords.filter((word) => word !== ""),
    paths,
    commits: commits.filter((id) => id !== ""),
  };
}
