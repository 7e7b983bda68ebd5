import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { KeywordIndex, PatternMatcher } from "../../../src/dlp/pattern-matcher.ts";
import { KeywordHits, KeywordSearch } from "../../../src/dlp/patterns/keyword-search.ts";
import { machine } from "../../../src/dlp/simd/machine.ts";
import { EXAMPLES, fill, numbers } from "./examples.ts";
import { BUILTIN, windowOf } from "./find.ts";

interface Find {
  readonly rule: string;
  readonly start: number;
  readonly end: number;
  readonly whole: boolean;
}

/** What a search of the whole text by `indexOf` finds, one keyword after the other as they end. */
function plainly(text: string): Find[] {
  const lower = text.toLowerCase();
  const keywords: { id: number; end: number }[] = [];
  for (const [id, keyword] of BUILTIN.keywords.entries())
    for (let at = lower.indexOf(keyword); at >= 0; at = lower.indexOf(keyword, at + 1))
      keywords.push({ id, end: at + keyword.length });
  keywords.sort((a, b) => a.end - b.end || a.id - b.id);
  const window = windowOf(text);
  const found: Find[] = [];
  for (const { id, end } of keywords) {
    if (end <= (found.at(-1)?.end ?? 0)) continue;
    const match = BUILTIN.match(id, window, end, true);
    if (match !== undefined && match !== "more") found.push(match);
  }
  return found;
}

const INDEX = new KeywordIndex(BUILTIN);

function matched(text: string, cuts: readonly number[]): Find[] {
  const bytes = Buffer.from(text, "latin1");
  const found: Find[] = [];
  const matcher = new PatternMatcher(INDEX, (rule, start, end, whole) =>
    found.push({ rule, start, end, whole }),
  );
  let from = 0;
  for (const to of [...new Set(cuts)].filter((cut) => cut < bytes.length).sort((a, b) => a - b)) {
    matcher.write(bytes.subarray(from, to));
    expect(matcher.open).toBeLessThanOrEqual(to);
    from = to;
  }
  matcher.write(bytes.subarray(from));
  matcher.boundary();
  return found;
}

const anyCase = fc.constantFrom(...BUILTIN.keywords).map((keyword) => keyword.toUpperCase());
const credentials = fc
  .tuple(fc.constantFrom(...EXAMPLES), fc.nat(1000))
  .map(([[, template], seed]) => fill(template, numbers(seed)).replaceAll(/[{}]/g, ""));
/** Credentials, cut-off ones and those that run into what is behind them, keywords again and again, noise. */
const texts = fc
  .array(
    fc.oneof(
      credentials,
      fc.tuple(credentials, fc.nat(60)).map(([credential, length]) => credential.slice(0, length)),
      fc
        .tuple(fc.constantFrom(...BUILTIN.keywords), fc.nat(30))
        .map(([keyword, count]) => keyword.repeat(count)),
      anyCase,
      fc.constantFrom(" ", "\n", "a0".repeat(40), "A".repeat(200), "%41", "\\n", "\\u0041", "="),
      fc.uint8Array({ maxLength: 30 }).map((bytes) => Buffer.from(bytes).toString("latin1")),
    ),
    { maxLength: 12 },
  )
  .map((parts) => parts.join(""));

describe("the matcher of patterns", () => {
  it("finds what a plain search of the whole text finds, in whatever chunks it comes", () => {
    fc.assert(
      fc.property(texts, fc.array(fc.nat(1500), { maxLength: 9 }), (text, cuts) => {
        expect(matched(text, cuts)).toEqual(plainly(text));
      }),
      { numRuns: 1500, seed: 20_261_124 },
    );
  });

  it.each(EXAMPLES)("%s is found wherever it is cut and at every place of a word", (_, template) => {
    // one in a hundred has too little entropy
    const credential = [11, 12, 13]
      .map((seed) => fill(template, numbers(seed)).replaceAll(/[{}]/g, ""))
      .find((text) => plainly(text).length > 0);
    for (let before = 0; before < 4; before++) {
      const text = `${"=".repeat(before)}${credential}\n`;
      const whole = plainly(text);
      expect(whole).not.toEqual([]);
      for (let cut = 0; cut < Math.min(text.length, 80); cut += 3)
        expect(matched(text, [cut])).toEqual(whole);
    }
  });

  it("finds what lies across two of the slices that a long text is read in", () => {
    const credential = fill("ghp_<x36>", numbers(4));
    for (let before = 65_536 - 41; before <= 65_536; before++) {
      const text = `${" ".repeat(before)}${credential}${" ".repeat(70_000)}`;
      expect(matched(text, [])).toEqual([
        { rule: "github-pat", start: before, end: before + 40, whole: true },
      ]);
    }
  });
});

describe("the search for keywords", () => {
  it("finds every one at every place, as indexOf does", () => {
    const keyword = fc.string({ unit: fc.constantFrom(..."abk-_9"), minLength: 3, maxLength: 7 });
    fc.assert(
      fc.property(
        fc.uniqueArray(keyword, { minLength: 1, maxLength: 40 }),
        fc.string({ unit: fc.constantFrom(..."abkABK-_9 "), maxLength: 300 }),
        fc.nat(300),
        (keywords, text, seen) => {
          machine().window.fill("k", 0, 400).write(text, "latin1");
          const hits = new KeywordHits();
          new KeywordSearch(keywords).search(seen, text.length, hits);
          hits.sort(0);
          const expected = keywords.flatMap((word, id) =>
            Array.from({ length: text.length }, (_, at) => at + word.length)
              .filter((end) => end > seen && text.toLowerCase().slice(end - word.length, end) === word)
              .filter((end) => end <= text.length)
              .map((end) => `${end} ${id}`),
          );
          const found = Array.from({ length: hits.count }, (_, i) => `${hits.ends[i]} ${hits.ids[i]}`);
          expect(new Set(found)).toEqual(new Set(expected));
          expect(found.length).toBe(expected.length);
        },
      ),
      { numRuns: 500, seed: 20_261_124 },
    );
  });
});
