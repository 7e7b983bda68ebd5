import fc from "fast-check";
import { expect, it } from "vitest";
import { Secret } from "../../src/base/secret.ts";
import type { Finding } from "../../src/dlp/finding.ts";
import { builtinPatterns } from "../../src/dlp/patterns/builtin.ts";
import { Detectors } from "../../src/dlp/scanner.ts";
import { pieces } from "./spelled-texts.ts";

const VALUE = ["q7Rk2", "Zt9wLx4", "Vb8nMc3", "Yh6pDs1"].join("");
const TOKEN = ["ghp", "_", "tR7wXc2LmQ9vKz4JhB6nYd8PfS1gAe3UoV5i"].join("");
const detectors = new Detectors(
  [
    { name: "KEY", value: new Secret("KEY", VALUE), kind: "bottle" },
    { name: "TOKEN", value: new Secret("TOKEN", "tok-3Yw9Lm"), kind: "brokered" },
  ],
  builtinPatterns(),
);
const settings = { known: true, patterns: true, allow: new Set<string>() };

it("a whole text is found to hold what a scanner of it finds", () => {
  let held = 0;
  fc.assert(
    fc.property(fc.array(pieces(VALUE, TOKEN, "tok-3Yw9Lm"), { maxLength: 6 }), (parts) => {
      const text = Buffer.from(parts.join(""), "latin1");
      const scanned: Finding[] = [];
      detectors.scanner(settings, (finding) => scanned.push(finding)).write(text, true);
      expect(detectors.scanText(text, settings)).toEqual(scanned);
      const masked: Finding[] = [];
      detectors.maskScanner((finding) => masked.push(finding)).write(text, true);
      expect(detectors.maskFindings(text)).toEqual(masked);
      if (scanned.length > 0) held++;
    }),
    { seed: 7, numRuns: 1500 },
  );
  expect(held).toBeGreaterThan(300);
});

it("a text has nothing of the one before it", () => {
  const half = Math.ceil(VALUE.length / 2);
  const encoded = Buffer.from(VALUE).toString("base64");
  for (const text of [VALUE, encoded]) {
    expect(detectors.scanText(Buffer.from(text.slice(0, half - 4)), settings)).toEqual([]);
    expect(detectors.scanText(Buffer.from(text.slice(half - 4, half)), settings)).toEqual([]);
  }
});
