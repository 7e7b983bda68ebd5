import fc from "fast-check";
import { expect, test } from "vitest";
import { Secret } from "../../../src/base/secret.ts";
import type { Finding } from "../../../src/dlp/finding.ts";
import { builtinPatterns } from "../../../src/dlp/patterns/builtin.ts";
import { Detectors } from "../../../src/dlp/scanner.ts";

const VALUE = ["x9Qv", "Lw27", "TzrB", "p4Ke"].join("");
const TOKEN = ["ghp", "_", "tR7wXc2LmQ9vKz4JhB6nYd8PfS1gAe3UoV5i"].join("");
const secrets = [{ name: "KEY", value: new Secret("KEY", VALUE), kind: "bottle" as const }];
const detectors = new Detectors(secrets, builtinPatterns());
const settings = { known: true, patterns: true, allow: new Set<string>() };

function scan(text: Buffer, size: number): Finding[] {
  const findings: Finding[] = [];
  const scanner = detectors.scanner(settings, (finding) => findings.push(finding));
  for (let at = 0; at < text.length; at += size) scanner.write(text.subarray(at, at + size));
  scanner.write(Buffer.alloc(0), true);
  return findings;
}

const base64 = (text: string) => Buffer.from(text).toString("base64");
const hex = (text: string) => Buffer.from(text).toString("hex");
/** What short runs say that is read, whether or not it is something. */
const HARMLESS = [
  base64("what a program says"),
  hex("and what it answers"),
  base64("a token_ that is no key-"),
];
const HARMFUL: readonly (readonly [run: string, name: string])[] = [
  // characters in upper case would be found in the text itself
  [hex(`key=${VALUE}`), "KEY"],
  [base64(`it's ${TOKEN}.`), "github-pat"],
  [base64(hex(`is ${TOKEN}`)), "github-pat"],
  [hex(base64(`;${TOKEN};`)), "github-pat"],
  [base64(`say %${hex(TOKEN).replaceAll(/..(?!$)/g, "$&%")} now`), "github-pat"],
];

test("a secret in one of hundreds of short runs is found where it stands, whatever stands around it", () => {
  const place = fc.record({
    before: fc.nat(300),
    behind: fc.nat(300),
    which: fc.nat(HARMFUL.length - 1),
    size: fc.integer({ min: 1, max: 70_000 }),
  });
  fc.assert(
    fc.property(place, ({ before, behind, which, size }) => {
      const [run, name] = HARMFUL[which] ?? ["", ""];
      const harmless = (count: number) => Array.from({ length: count }, (_, i) => HARMLESS[(i * 7) % 3]);
      const front = [...harmless(before), ""].join(" ");
      const text = Buffer.from(`${front}${run} ${harmless(behind).join(" ")}`);
      const found = scan(text, Math.max(size, text.length >> 6)).filter(({ start, end }) => {
        return start >= front.length && end <= front.length + run.length;
      });
      expect(found.map((finding) => finding.name)).toContain(name);
      expect(scan(Buffer.from(harmless(before).join(" ")), text.length)).toEqual([]);
    }),
    { numRuns: 60, seed: 11 },
  );
});

test("one secret in each of hundreds of short runs is found in each", () => {
  const run = hex(`key=${VALUE}`);
  const text = Buffer.from(`${run} `.repeat(700));
  const starts = new Set(scan(text, text.length).map(({ start }) => start));
  expect(starts.size).toBe(700);
});

test("what one run says and what the next one says are not read together", () => {
  const [front, back] = [TOKEN.slice(0, 20), TOKEN.slice(20)];
  expect(scan(Buffer.from(`${base64(`text: ${front}`)} ${base64(`${back} and text`)}`), 99)).toEqual([]);
});
