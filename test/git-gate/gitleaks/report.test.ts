import { expect, test } from "vitest";
import { readReport } from "../../../src/sidecar/git-gate/gitleaks/report.ts";

const entry = (fields: Readonly<Record<string, unknown>>) =>
  JSON.stringify([{ RuleID: "a-rule", StartLine: 2, EndLine: 3, Match: "REDACTED", Tags: [], ...fields }]);

test.each([
  ['api_key = "REDACTED"', 'api_key = "[a-rule]'],
  ["export API_KEY=REDACTED", "API_KEY=[a-rule]"],
  ['{"api-key":"REDACTED"', '"api-key":"[a-rule]'],
  ["REDACTED", "[a-rule]"],
  ["no marker at all", "[a-rule]"],
  ["user:part-of-it:REDACTED", "[a-rule]"],
  ["AKIA2222 = REDACTED", "[a-rule]"],
  ["s3cr3t half REDACTED", "[a-rule]"],
  ["REDACTED other = REDACTED", "[a-rule]"],
  [`${"k".repeat(80)} = REDACTED`, "[a-rule]"],
])("of a match %j it shows %j", (match, snippet) => {
  expect(readReport(entry({ Match: match }))?.[0]?.snippet).toBe(snippet);
});

test("a rule's name comes printable and short", () => {
  const [found] = readReport(entry({ RuleID: `a\u001b]0;x\u0007${"b".repeat(500)}` })) ?? [];
  expect(found?.rule).not.toContain("\u001b");
  expect(found?.rule.length).toBeLessThan(150);
});

test("what was decoded says so, outermost first", () => {
  const tags = ["decoded:base64", "decode-depth:2", "decoded:percent", 7];
  expect(readReport(entry({ Tags: tags }))?.[0]?.encoding).toBe("base64 > percent");
  expect(readReport(entry({ Tags: null }))?.[0]?.encoding).toBe("raw");
});

test.each([
  "",
  "null",
  "{}",
  "[1]",
  "[null]",
  entry({ StartLine: 0 }),
  entry({ StartLine: 1.5 }),
  entry({ StartLine: "2" }),
  entry({ EndLine: 1 }),
  entry({ RuleID: 1 }),
  entry({ Match: null }),
  `${entry({})}[]`,
])("%j is no report", (json) => {
  expect(readReport(json)).toBeUndefined();
});
