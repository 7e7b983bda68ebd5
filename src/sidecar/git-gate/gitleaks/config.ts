import { GITLEAKS_CONFIG_BYTES } from "./limits.ts";

/**
 * The last line that gitleaks is given. It has a rule of its own, so a report without it, or with it on another line,
 * is not about all that was sent: gitleaks passes over a stream that it takes for a binary file, and says so nowhere.
 */
export const LAST_LINE = "bot-bottle sent gitleaks everything";
export const LAST_LINE_RULE = "bot-bottle-last-line";

const LAST_LINE_TABLE = `
[[rules]]
id = "${LAST_LINE_RULE}"
description = "the end of what is scanned"
regex = '''${LAST_LINE}'''
keywords = ["${LAST_LINE}"]
`;

/**
 * The configuration of one run: the text of the upstream's `.gitleaks.toml` where there is one, else gitleaks' own rules,
 * and the rule for the last line. Undefined: the upstream's file is longer than `GITLEAKS_CONFIG_BYTES`.
 */
export function gitleaksConfig(upstream: string | undefined): string | undefined {
  if (upstream === undefined) return `[extend]\nuseDefault = true\n${LAST_LINE_TABLE}`;
  // tables of `rules` may stand anywhere in a file, so after its end too
  return Buffer.byteLength(upstream) > GITLEAKS_CONFIG_BYTES ? undefined : `${upstream}\n${LAST_LINE_TABLE}`;
}
