import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { problemJson } from "../src/policy/refusal.ts";
import { CODES, type Code, refuse } from "../src/policy/verdict.ts";

export const CODES_PAGE = fileURLToPath(new URL("../docs/codes.md", import.meta.url));

/** The page that lists every refusal code, made from the table that the program uses. */
export function codesPage(): string {
  const rows = Object.keys(CODES)
    .filter(isCode)
    .map((code) => {
      const { status } = problemJson(refuse(code, "", ""), { id: "" });
      return `| \`${code}\` | ${status} | ${CODES[code]} |`;
    });
  return [
    "# Codes of refusals",
    "",
    "Made by `node scripts/codes.ts` from `src/policy/verdict.ts`; a test fails when it is not current.",
    "",
    "Every refusal carries one of these codes: in the header `x-bot-bottle-verdict`, in the `code` of its",
    "`application/problem+json` body (RFC 9457), and in the journal. Codes are stable: scripts and agents may match on them.",
    "",
    "| code | status | meaning |",
    "|---|---|---|",
    ...rows,
    "",
    "The body also says `detail` (what was refused, in a sentence), `rule` (the rule that decided), `needed` (the YAML that",
    "would allow it, where any can), `ask` (how to get it), `retryable` (whether the same request can succeed later as things",
    "are) and `id` (the refusal's name in the journal).",
    "",
  ].join("\n");
}

function isCode(text: string): text is Code {
  return text in CODES;
}

/** Whether the page on disk is the one the table makes. */
export function isCurrent(): boolean {
  return readFileSync(CODES_PAGE, "utf8") === codesPage();
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(CODES_PAGE, codesPage());
