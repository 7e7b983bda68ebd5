import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { usageFault } from "../base/fault.ts";
import { printable } from "../base/printable.ts";
import { RULE_FILE_BYTES } from "../dlp/patterns/limits.ts";
import { RuleFault } from "../dlp/patterns/rule-file/fault.ts";
import { type RuleFile, readRuleFile } from "../dlp/patterns/rule-file/read.ts";
import { expandTilde } from "./expand-tilde.ts";
import type { OperatorIo } from "./request.ts";

const WRITABLE_BY_OTHERS = 0o022;

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
  if ((stats.mode & WRITABLE_BY_OTHERS) !== 0)
    throw usageFault(`${what} can be changed by others`, `run: chmod go-w '${file}'`);
  if (stats.size > RULE_FILE_BYTES)
    throw usageFault(`${what} is over ${RULE_FILE_BYTES} bytes`, "shorten it");
  const text = readFileSync(file, "utf8");
  for (const notice of checked(text, what).notices) io.notice(`${what}: ${printable(notice)}`);
  return text;
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
