import fc from "fast-check";
import { expect, it } from "vitest";
import { Secret } from "../../../src/base/secret.ts";
import { isUnsearched } from "../../../src/dlp/finding.ts";
import type { KnownSecret } from "../../../src/dlp/known/secret.ts";
import { PatternSet } from "../../../src/dlp/patterns/pattern-set.ts";
import { Detectors } from "../../../src/dlp/scanner.ts";
import { SplitIndex } from "../../../src/dlp/split/split-index.ts";
import { pieces } from "../spelled-texts.ts";

const VALUE = ["q7Rk2", "Zt9wLx4", "Vb8nMc3", "Yh6pDs1"].join("");
const SECRETS: readonly KnownSecret[] = [
  { name: "DEPLOY_TOKEN", value: new Secret("DEPLOY_TOKEN", VALUE), kind: "bottle" },
];
const ALL = { known: true, patterns: false, allow: new Set<string>() };

const scanners = new Detectors(SECRETS, new PatternSet([]));

/** Which of the values completes something in the text that all of them make, as a scanner reads it; -1: none. */
function scanned(values: readonly string[]): number {
  return values.findIndex((_, number) => {
    const text = Buffer.from(values.slice(0, number + 1).join(""), "latin1");
    return scanners.scanText(text, ALL).some((finding) => !isUnsearched(finding));
  });
}

it("finds a secret with the value that completes it in the text that all of them make", () => {
  const values = fc
    .tuple(fc.array(pieces(VALUE), { maxLength: 6 }), fc.infiniteStream(fc.integer({ min: 1, max: 30 })))
    .map(([parts, sizes]) => cut(parts.join("").slice(0, 1500), sizes))
    // a value of some length that is sent again says nothing
    .filter((sent) => sent.every((value, number) => value !== sent[number - 1]));
  let held = 0;
  fc.assert(
    fc.property(values, (sent) => {
      const split = new SplitIndex(scanners, SECRETS);
      const found = sent.findIndex((value, number) =>
        split.observe({ host: "", target: "/", fields: ["x-n", value] }, ALL, number),
      );
      const expected = scanned(sent);
      if (expected < 0) return;
      held++;
      expect(found).toBeGreaterThanOrEqual(0);
      expect(found).toBeLessThanOrEqual(expected);
    }),
    { seed: 11, numRuns: 600 },
  );
  expect(held).toBeGreaterThan(200);
});

function cut(text: string, sizes: Iterator<number>): readonly string[] {
  const values: string[] = [];
  for (let at = 0; at < text.length; ) {
    const size = sizes.next().value as number;
    values.push(text.slice(at, at + size));
    at += size;
  }
  return values;
}

it("finds a secret one letter at a time between forty dashes", () => {
  const split = new SplitIndex(scanners, SECRETS);
  const found = [...VALUE].findIndex((letter, number) => {
    const value = `${"-".repeat(20)}${letter}${"-".repeat(20)}`;
    return split.observe({ host: "", target: "/", fields: ["x-n", value] }, ALL, number);
  });
  expect(found).toBe(11);
});
