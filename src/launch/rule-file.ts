import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { usageFault } from "../base/fault.ts";
import { printable } from "../base/printable.ts";
import { BUILTIN_RULES } from "../dlp/patterns/builtin.ts";
import { RULE_FILE_BYTES } from "../dlp/patterns/limits.ts";
import { RuleFault } from "../dlp/patterns/rule-file/fault.ts";
import { type RuleFile, readRuleFile } from "../dlp/patterns/rule-file/read.ts";
import { closest } from "../manifest/suggest.ts";
import { writableByOthers } from "../manifest/trusted-file.ts";
import { expandTilde } from "./expand-tilde.ts";
import type { OperatorIo } from "./request.ts";

/**
 * The text of a bottle's `dlp.rules` file, checked; what in it does nothing is said. `home`: `~/.bot-bottle`, which `path`
 * starts from: the current folder may be a repository's. Throws `Fault` (exit 2) when it can't be read, may be changed by
 * others, or holds a mistake.
 */
export function readRules(path: string | undefined, home: string, io: OperatorIo): string | undefined {
  if (path === undefined) return undefined;
  const file = path.startsWith("~/") ? expandTilde(path, io.env) : join(home, path);
  const what = `dlp.rules: ${printable(file)}`;
  const stats = statSync(file, { throwIfNoEntry: false });
  if (!stats?.isFile()) throw usageFault(`${what} is no file`, "name a file in gitleaks' TOML format");
  const who = writableByOthers(stats);
  if (who !== undefined) throw usageFault(`${what} can be changed by ${who}`, `run: chmod go-w '${file}'`);
  if (stats.size > RULE_FILE_BYTES)
    throw usageFault(`${what} is over ${RULE_FILE_BYTES} bytes`, "shorten it");
  const text = readFileSync(file, "utf8");
  const { notices, disabled } = checked(text, what);
  for (const notice of [...notices, ...unknownRules(disabled)]) io.notice(`${what}: ${printable(notice)}`);
  return text;
}

/** Of the rules that it turns off those that there are none of: gitleaks has others, or the name is misspelt. */
function unknownRules(disabled: readonly string[]): readonly string[] {
  const known = new Set(BUILTIN_RULES.map(({ id }) => id));
  return disabled
    .filter((id) => !known.has(id))
    .map((id) => {
      const near = closest(id, known);
      const meant = near === undefined ? "" : `; did you mean ${near}?`;
      return `disabledRules turns off ${id}, which is no built-in rule${meant}`;
    });
}

function checked(text: string, what: string): RuleFile {
  try {
    return readRuleFile(text);
  } catch (error) {
    if (!(error instanceof RuleFault)) throw error;
    throw usageFault(
      error.message.replace("rule file", () => what),
      error.mend,
    );
  }
}
