/**
 * Makes the limits table of SECURITY.md from every `limits.ts`, so that a bound is written down once.
 * `node scripts/limits.ts` writes it; `--check` only compares, and exits 1 when it is not current.
 */
import { globSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";

const PAGE = "SECURITY.md";
const BEGIN = "<!-- limits: made by scripts/limits.ts -->";
const END = "<!-- /limits -->";
const LIMIT =
  /\/\*\*\s*((?:[^*]|\*(?!\/))*?)\s*\*\/\s*export const ([A-Z][A-Z0-9_]*)(?::[^=]+)? =\s*([^;]+);/g;

/** Sums of products of powers, as limits are written: `8 * 1024 ** 2 + 1`. Anything else is shown as it stands. */
function value(expression: string): string {
  const text = expression.replaceAll(/[\s_]+/g, "");
  if (!/^\d+(?:(?:\*\*|\*|\+)\d+)*$/.test(text)) return `\`${expression.replaceAll(/\s+/g, " ")}\``;
  const power = (factor: string) =>
    factor.split("^").reduceRight((exponent, base) => Number(base) ** exponent, 1);
  const product = (term: string) => term.split("*").reduce((result, factor) => result * power(factor), 1);
  const sum = text
    .replaceAll("**", "^")
    .split("+")
    .reduce((total, term) => total + product(term), 0);
  return sum.toLocaleString("en-US");
}

/** The table, a section a room. */
export function limitsTable(): string {
  const sections: string[] = [];
  for (const path of globSync("src/**/limits.ts").sort()) {
    const rows: string[] = [];
    for (const [, comment = "", name = "", expression = ""] of readFileSync(path, "utf8").matchAll(LIMIT)) {
      const text = comment.replaceAll(/\s*\n\s*\*?\s*/g, " ").replaceAll("|", "\\|");
      rows.push(`| \`${name}\` | ${value(expression)} | ${text} |`);
    }
    const room = dirname(path).replace(/^src\//, "");
    sections.push(
      `**${room}**\n\n| limit | value | unit, and what happens at it |\n|---|---|---|\n${rows.join("\n")}`,
    );
  }
  return sections.join("\n\n");
}

const page = readFileSync(PAGE, "utf8");
const begin = page.indexOf(BEGIN);
const end = page.indexOf(END);
if (begin < 0 || end < begin) throw new Error(`${PAGE} has no place for the limits table`);
const current = `${page.slice(0, begin + BEGIN.length)}\n\n${limitsTable()}\n\n${page.slice(end)}`;
if (process.argv.includes("--check")) {
  if (current !== page) {
    process.stderr.write(`${PAGE}: the limits table is not current; run: node scripts/limits.ts\n`);
    process.exit(1);
  }
} else writeFileSync(PAGE, current);
