import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { coveredBy } from "../../../src/dlp/finding.ts";
import { PatternSet } from "../../../src/dlp/patterns/pattern-set.ts";
import { Detectors } from "../../../src/dlp/scanner.ts";
import { ALL, cutPlaces, detectors, noise, SPELLINGS, scan, secret, secretValues } from "./spellings.ts";

const VALUE = ["q7Rk2Zt9", "wLx4Vb8n", "Mc3Yh6pD", "s1Jf5Gg0"].join("");

describe("a known secret", () => {
  it.each(Object.entries(SPELLINGS))("is found in any text and chunks: %s", (_, spell) => {
    fc.assert(
      fc.property(secretValues, noise, noise, cutPlaces, (value, before, after, cuts) => {
        const spelled = Buffer.from(spell(Buffer.from(value)), "latin1");
        // letters and digits right beside it are other characters of the same run
        const text = Buffer.concat([before, Buffer.from("\n"), spelled, Buffer.from("\n"), after]);
        expect(scan(detectors(value), text, cuts).length).toBeGreaterThan(0);
      }),
      { numRuns: 60 },
    );
  });

  it.each(Object.entries(SPELLINGS))(
    "is found by a piece of twelve characters, wherever it begins: %s",
    (_, spell) => {
      const of = detectors(VALUE);
      for (let start = 0; start + 12 <= VALUE.length; start++) {
        const text = Buffer.from(spell(Buffer.from(VALUE.slice(start, start + 12))), "latin1");
        expect(scan(of, text), `piece at ${start}`).not.toEqual([]);
      }
    },
  );

  it("is not found by eleven characters", () => {
    const of = detectors(VALUE);
    for (let start = 0; start + 11 <= VALUE.length; start++)
      expect(scan(of, Buffer.from(`=${VALUE.slice(start, start + 11)}=`))).toEqual([]);
  });

  it("is found the same in whatever chunks it comes", () => {
    fc.assert(
      fc.property(
        secretValues,
        fc.constantFrom(...Object.values(SPELLINGS)),
        noise,
        cutPlaces,
        (value, spell, before, cuts) => {
          const text = Buffer.concat([
            before,
            Buffer.from(`\n${spell(Buffer.from(value))}\n`, "latin1"),
            before,
          ]);
          const of = detectors(value);
          // a value that repeats itself is told of as often as it is complete: what all of that covers is the same
          const seen = (chunks: readonly number[]) =>
            coveredBy(scan(of, text, chunks)).map(({ name, start, end }) => `${name} ${start} ${end}`);
          expect(seen(cuts)).toEqual(seen([]));
        },
      ),
      { numRuns: 300 },
    );
  });

  it("is found when its characters come one a message, with megabytes between", () => {
    const of = detectors(VALUE);
    const found: string[] = [];
    const scanner = of.scanner(ALL, ({ name }) => found.push(name));
    const between = Buffer.alloc(1 << 20, " ");
    for (const character of VALUE.slice(0, 12)) {
      expect(found).toEqual([]);
      scanner.write(Buffer.from(character));
      scanner.boundary();
      scanner.write(between);
      scanner.boundary();
    }
    expect(found).toEqual(["DEPLOY_TOKEN"]);
  });

  it("may be let through, but not when it is the sidecar's or the canary", () => {
    const text = Buffer.from(VALUE);
    const settings = { known: false, patterns: false, allow: new Set(["DEPLOY_TOKEN"]) };
    const found = (kind: "bottle" | "brokered" | "canary") =>
      new Detectors([secret(VALUE, kind)], new PatternSet([]))
        .scanText(text, settings)
        .map(({ detector }) => detector);
    expect(found("bottle")).toEqual([]);
    expect(found("brokered")).toEqual(["known_secrets"]);
    expect(found("canary")).toEqual(["canary"]);
  });

  it("is covered whole by what a find names, so that replacing it takes it out", () => {
    fc.assert(
      fc.property(secretValues, noise, cutPlaces, (value, before, cuts) => {
        const text = Buffer.concat([before, Buffer.from(`\n${value}\n`)]);
        const of = detectors(value);
        const found = scan(of, text, cuts);
        const left = Buffer.from(text);
        for (const { start, end } of coveredBy(found)) left.fill("*", start, end);
        expect(scan(of, left)).toEqual([]);
      }),
      { numRuns: 200 },
    );
  });

  it("with its vendor's prefix is not found by the prefix, but by what follows it", () => {
    const prefix = ["sk", "ant", "api03", ""].join("-");
    const of = detectors(`${prefix}${VALUE}`);
    expect(scan(of, Buffer.from(`${prefix}placeholder-000000000`))).toEqual([]);
    expect(scan(of, Buffer.from(VALUE.slice(0, 12)))).not.toEqual([]);
  });
});

describe("a clean text", () => {
  it("has no finds and may go to its last byte when it ends", () => {
    fc.assert(
      fc.property(fc.array(noise, { maxLength: 20 }), (chunks) => {
        const found: string[] = [];
        const scanner = detectors(VALUE).scanner(ALL, ({ name }) => found.push(name));
        let total = 0;
        for (const chunk of chunks) {
          scanner.write(chunk);
          total += chunk.length;
          expect(scanner.safe).toBeLessThanOrEqual(total);
        }
        scanner.boundary();
        expect(scanner.safe).toBe(total);
        expect(found).toEqual([]);
      }),
    );
  });

  it("is held back from the first byte of what could become a find", () => {
    const scanner = detectors(VALUE).scanner(ALL, () => {});
    scanner.write(Buffer.from(`hello, ${VALUE.slice(0, 8)}`));
    expect(scanner.safe).toBe(7);
    scanner.write(Buffer.from("!!?? and no more"));
    expect(scanner.safe).toBe(7 + 8 + "!!?? and no more".length);
  });
});
