import { readdirSync, readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Fault } from "../../../src/base/fault.ts";
import { patternsWith } from "../../../src/dlp/patterns/builtin.ts";
import { PatternSet } from "../../../src/dlp/patterns/pattern-set.ts";
import { readRuleFile } from "../../../src/dlp/patterns/rule-file/read.ts";
import { fill, numbers } from "./examples.ts";
import { find, rules } from "./find.ts";

const found = (toml: string, text: string) => rules(text, patternsWith(readRuleFile(toml)));
const refusal = (toml: string): string => {
  try {
    readRuleFile(toml);
  } catch (error) {
    if (error instanceof Fault) return error.message;
    throw error;
  }
  return "read";
};
const ACME = `
[[rules]]
id = "acme-key"
description = "Acme"
regex = '''\\bacme_([a-f0-9]{16})\\b'''
entropy = 2.5
keywords = ["acme_"]
`;
const KEY = fill("acme_<h16>", numbers(4));

describe("a rule file", () => {
  it("adds its rules to the built-in ones", () => {
    expect(found(ACME, `x=${KEY};`)).toEqual(["acme-key"]);
    expect(found(ACME, fill("ghp_<x36>", numbers(1)))).toEqual(["github-pat"]);
    expect(found(ACME, `acme_${"0".repeat(16)}`)).toEqual([]);
  });

  it("may turn a built-in rule off, and replace one", () => {
    const token = fill("ghp_<x36>", numbers(1));
    expect(found('[extend]\nuseDefault = true\ndisabledRules = ["github-pat"]', token)).toEqual([]);
    expect(found("[[rules]]\nid = 'github-pat'\nregex = 'acme_[a-f0-9]{16}'", token)).toEqual([]);
  });

  it("takes gitleaks' own spelling of a value near a word, which only RE2 can search", () => {
    const toml = `[[rules]]
id = "acme-near"
regex = '''(?i)[\\w.-]{0,50}?(?:acme)(?:[ \\t\\w.-]{0,20})[\\s'"]{0,3}(?:=|>|:{1,3}=|\\|\\||:|=>|\\?=|,)[\\x60'"\\s=]{0,5}([a-z0-9]{32})(?:[\\x60'"\\s;]|\\\\[nr]|$)'''
keywords = ["acme"]`;
    const secret = fill("<h32>", numbers(2));
    const text = `${"acme ".repeat(4000)}\nACME_SECRET = "${secret}"\n${" ".repeat(9000)}`;
    const [match] = find(text, patternsWith(readRuleFile(toml)));
    expect(match !== undefined && match !== "more" && text.slice(match.start, match.end)).toBe(secret);
    expect(found(toml, `acme = "${secret.slice(1)}"`)).toEqual([]);
  });

  it("searches a rule without a keyword by what its regex must contain", () => {
    expect(found("[[rules]]\nid = 'k'\nregex = 'zz-(?:a|b)-acme-[0-9]{6}'", "zz-a-acme-123456")).toEqual([
      "k",
    ]);
    expect(refusal("[[rules]]\nid = 'k'\nregex = '[0-9]{16}'")).toContain("line 1: rules[0].keywords");
  });

  it.each([
    ["[[rules.allowlists]]\nstopwords = ['WORD']", "acme_", "x"],
    ["[rules.allowlist]\nregexTarget = 'line'\nregexes = ['^test ']", "test ", "x"],
    ["[rules.allowlist]\nregexTarget = 'match'\nregexes = ['^acme_']", "", ""],
    [
      "[[rules.allowlists]]\ncondition = 'AND'\nregexTarget = 'line'\nregexes = ['test']\nstopwords = ['SECRET']",
      "test ",
      "",
    ],
    ["[allowlist]\nregexes = ['^SECRET$']", "", ""],
    ["[[allowlists]]\ntargetRules = ['acme-key']\nregexes = ['^SECRET$']", "", ""],
  ])("spares what an allowlist names: %s", (list, prefix) => {
    const secret = KEY.slice(5);
    const toml = `${ACME}${list.replaceAll("SECRET", secret).replaceAll("WORD", secret.slice(3, 9))}`;
    const text = `${prefix === "acme_" ? "" : prefix}${KEY}\n`;
    expect(found(ACME, text)).toEqual(["acme-key"]);
    expect(found(toml, text)).toEqual([]);
  });

  it("spares nothing by a path or a commit, which traffic does not have", () => {
    expect(found(`${ACME}[[rules.allowlists]]\npaths = ['.*']\ncommits = ['abc']`, KEY)).toEqual([
      "acme-key",
    ]);
  });

  it("says what has no effect", () => {
    const { notices } = readRuleFile(`${ACME}colour = 1\n[[rules]]\nid = "p"\npath = '\\.p12$'\n`);
    expect(notices).toHaveLength(2);
    expect(notices.join()).toContain("colour");
    expect(notices.join()).toContain("file names only");
  });

  it.each([
    ["[[rules]]\nid = 'a'\nregex = '('\nkeywords=['abc']", "line 1: rules[0].regex is no regular expression"],
    ["\n\n[[rules]]\nregex = 'abc'", "line 3: rules[0].id"],
    ["[[rules]]\nid = 'a'", "regex and path are missing"],
    ["[[rules]]\nid = 'a'\nregex = 'abc'\nsecretGroup = 2", "secretGroup is 2; the regex has 0 groups"],
    ["[[rules]]\nid = 'a'\nregex = 'abc'\nentropy = 'x'", "entropy is no number"],
    ["[[rules]]\nid = 'a'\nregex = 'abc'\nkeywords = 'x'", "keywords is no list"],
    ["a = ", "line 1: is no TOML"],
    ["rules = 3", "rules[0] is no table"],
    ["[[rules]]\nid = 'a'\nregex = 'abc'\n[[rules.allowlists]]\ncondition = 'xor'", "condition is xor"],
    ["[[rules]]\nid = 'a'\nregex = '(?=a)abc'\nkeywords=['abc']", "no regular expression"],
  ])("refuses %j by line and key", (toml, message) => {
    expect(refusal(toml)).toContain(message);
  });

  it("refuses a file past its bound", () => {
    expect(refusal(`x = "${"a".repeat(2 ** 20)}"`)).toContain("longer than");
  });

  it("reads or refuses the kept seeds", () => {
    const folder = new URL("seeds/", import.meta.url);
    for (const name of readdirSync(folder))
      expect(refusal(readFileSync(new URL(name, folder), "utf8")), name).not.toBe("");
  });

  it("is read or refused, whatever it holds", () => {
    const key = fc.constantFrom(
      "id",
      "regex",
      "path",
      "keywords",
      "entropy",
      "secretGroup",
      "allowlist",
      "allowlists",
      "tags",
      "__proto__",
    );
    const value = fc.oneof(
      fc.constantFrom(
        "'abc'",
        "['abc']",
        "3",
        "-1",
        "true",
        "[[1]]",
        "{regexes=['a']}",
        "{}",
        "'''(a|b){9}{9}'''",
        "'(((('",
      ),
      fc.string({ maxLength: 30 }),
    );
    fc.assert(
      fc.property(fc.array(fc.tuple(key, value), { maxLength: 8 }), fc.boolean(), (pairs, extended) => {
        const toml = `${extended ? "[extend]\nuseDefault=true\n" : ""}[[rules]]\n${pairs.map(([k, v]) => `${k} = ${v}`).join("\n")}`;
        const result = refusal(toml);
        expect(typeof result).toBe("string");
        if (result === "read") find("abc aaaa abc", new PatternSet(readRuleFile(toml).rules));
      }),
      { numRuns: 200 },
    );
  });
});
