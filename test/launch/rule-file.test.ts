import { chmodSync, chownSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { patternsWith } from "../../src/dlp/patterns/builtin.ts";
import { readRuleFile } from "../../src/dlp/patterns/rule-file/read.ts";
import { Detectors } from "../../src/dlp/scanner.ts";
import type { OperatorIo } from "../../src/launch/request.ts";
import { readRules } from "../../src/launch/rule-file.ts";

let folder: string;
const notices: string[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "bot-bottle-rules-"));
  notices.length = 0;
});
afterEach(() => rmSync(folder, { recursive: true }));

const RULES = `
[[rules]]
id = "house-token"
description = "Tokens of this house"
regex = '''\\bhouse_[a-z0-9]{16}\\b'''
keywords = ["house_"]
`;

function read(text: string, mode = 0o600): string | undefined {
  const path = join(folder, "rules.toml");
  writeFileSync(path, text);
  chmodSync(path, mode);
  const io = { env: { HOME: folder }, notice: (line: string) => notices.push(line) } as unknown as OperatorIo;
  return readRules("rules.toml", folder, io);
}

test("an operator's rule finds on top of the built-in ones", () => {
  const detectors = new Detectors([], patternsWith(readRuleFile(read(RULES) ?? "")));
  const settings = { known: false, patterns: true, allow: new Set<string>() };
  const found = detectors.scanText(Buffer.from("x = house_k3j9x2m7q1w8z5t0"), settings);
  expect(found).toMatchObject([{ detector: "token_patterns", name: "house-token" }]);
});

test("a path with a tilde starts from the operator's own home folder", () => {
  writeFileSync(join(folder, "own.toml"), RULES, { mode: 0o600 });
  const io = { env: { HOME: folder }, notice: () => undefined } as unknown as OperatorIo;
  expect(readRules("~/own.toml", join(folder, "elsewhere"), io)).toBe(RULES);
});

test("without a path there is no file", () => {
  expect(readRules(undefined, folder, {} as unknown as OperatorIo)).toBeUndefined();
});

test("a file that others may change is refused, with the line that mends it", () => {
  expect(() => read(RULES, 0o622)).toThrow(/can be changed by everyone/);
});

test("a file of a user's own group is believed, as a manifest is, and one of another group isn't", () => {
  const path = join(folder, "rules.toml");
  expect(statSync(folder).gid === statSync(folder).uid ? read(RULES, 0o660) : RULES).toBe(RULES);
  if (process.getuid?.() !== 0) return;
  writeFileSync(path, RULES);
  chownSync(path, 0, 12_345);
  expect(() => read(RULES, 0o660)).toThrow(/can be changed by its group/);
});

test("a rule that it turns off and that isn't there is said, with the one that was meant", () => {
  read(`[extend]\ndisabledRules = ["github-pad", "stripe-access-token", "nothing-like-any-other-rule"]\n`);
  expect(notices.map((line) => line.replace(/^.*rules\.toml: /, ""))).toEqual([
    "disabledRules turns off github-pad, which is no built-in rule; did you mean github-pat?",
    "disabledRules turns off nothing-like-any-other-rule, which is no built-in rule",
  ]);
});

test("a file that isn't there is named", () => {
  const io = { env: { HOME: folder }, notice: () => undefined } as unknown as OperatorIo;
  expect(() => readRules("nowhere.toml", folder, io)).toThrow(/nowhere\.toml is no file/);
});

test("a mistake is shown with its line", () => {
  const mistake = () => read(`[[rules]]\nid = "x"\nregex = '(unclosed'\nkeywords = ["abc"]\n`);
  expect(mistake).toThrow(/^dlp\.rules: .*rules\.toml, line \d+: /);
});
