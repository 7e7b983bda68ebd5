import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { KeywordIndex, PatternMatcher } from "../../../src/dlp/pattern-matcher.ts";
import { PatternSet } from "../../../src/dlp/patterns/pattern-set.ts";
import { type Rule, token } from "../../../src/dlp/patterns/rule.ts";
import { windowOf } from "./find.ts";

const rule = (id: string, regex: string, keyword: string, entropy: number): Rule =>
  token(id, id, regex, [keyword], "of this test", { entropy });

/** Rules that begin alike, that differ in the case of a letter, that take what stands before. */
const RULES: readonly Rule[] = [
  rule("long", "(?i:word)[a-z.]{0,24}=([0-9a-f]{12})(?:[^0-9a-z]|$)", "word", 2.5),
  rule("short", "(?i:word)[a-z.]{0,24}=([0-9a-f]{8})(?:[^0-9a-z]|$)", "word", 2),
  rule("other", "(?i:word)[a-z.]{0,24}:([0-9a-f]{8})", "word", 2),
  rule("upper", "\\b(WORD_[a-zA-Z_]{10,20})", "word", 2),
  rule("mixed", "(?:\\b|_)(woRd(?:-|_)[a-z-]{8})", "word", 1),
  rule("within", "([a-z.]{3}[0-9]q~[a-zq~0-9.]{9,12})", "1q~", 2),
  rule("in a group", "(ab(key)-[a-zK-]{9})", "key-", 1),
  rule("either", "((?:NaM|nam)-[a-z]{6})", "nam-", 1),
  rule("joined", "(key-[a-zK-]{9,14})", "key-", 2),
];
const KEYWORDS = ["word", "1q~", "nam-", "key-"];

interface Find {
  readonly rule: string;
  readonly start: number;
  readonly end: number;
}

/** What sets of one rule each, new at every keyword, find. */
function plainly(text: string): Find[] {
  const lower = text.toLowerCase();
  const window = windowOf(text);
  const found: Find[] = [];
  for (let end = 1; end <= text.length; end++) {
    if (end <= (found.at(-1)?.end ?? 0)) continue;
    const keyword = KEYWORDS.find((word) => lower.slice(0, end).endsWith(word));
    if (keyword === undefined) continue;
    for (const one of RULES.filter(({ keywords }) => keywords.includes(keyword))) {
      const match = new PatternSet([one]).match(0, window, end, true);
      if (match === undefined || match === "more") continue;
      found.push({ rule: match.rule, start: match.start, end: match.end });
      break;
    }
  }
  return found;
}

const INDEX = new KeywordIndex(new PatternSet(RULES));

function matched(text: string, size: number): Find[] {
  const found: Find[] = [];
  const matcher = new PatternMatcher(INDEX, (name, start, end) => found.push({ rule: name, start, end }));
  const bytes = Buffer.from(text, "latin1");
  for (let from = 0; from < bytes.length; from += size) matcher.write(bytes.subarray(from, from + size));
  matcher.boundary();
  return found;
}

const pieces = fc.constantFrom(
  ...[
    "word=deadbeef",
    "word.a=0123456789ab ",
    "word:deadbeef",
    "nam-",
    "NaM-abcdef",
    "nam-abcdef",
    "nAm-abcdef",
  ],
  ...["abkey-abcdefghi", "key-abcdKfghi", "aaa1q~aa.a1q~0123", "WORD_abcdefghij"],
  ...["word", "WORD", "woRd", "Word", "woRd-aaaaaaaa", "key-", "KEY-", "abkey-", "aaa1q~", "1Q~", "a1q~"],
  ...["=", ":", "_", "-", ".", "a", " ", "%41", "deadbeef", "0123456789ab", "abcdefgh", "aaaaaaaaaaaaaaaa"],
);
const units = fc.array(pieces, { minLength: 1, maxLength: 4 }).map((parts) => parts.join(""));
/** Units again and again, as texts made to be slow are. */
const texts = fc
  .array(fc.tuple(units, fc.nat(12)), { maxLength: 5 })
  .map((parts) => parts.map(([unit, count]) => unit.repeat(count)).join(""));

describe("rules that share a keyword", () => {
  it("find in a text that says it again and again what each finds alone that knows of nothing before", () => {
    fc.assert(
      fc.property(texts, fc.integer({ min: 1, max: 300 }), (text, size) => {
        expect(matched(text, size)).toEqual(plainly(text));
      }),
      { numRuns: 120, seed: 20_261_125 },
    );
  });
});
