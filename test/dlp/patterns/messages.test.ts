import fc from "fast-check";
import { expect, it } from "vitest";
import { KeywordIndex, PatternMatcher } from "../../../src/dlp/pattern-matcher.ts";
import { PatternSet } from "../../../src/dlp/patterns/pattern-set.ts";
import { Detectors, type ScanSettings } from "../../../src/dlp/scanner.ts";
import { secret } from "../known/spellings.ts";
import { EXAMPLES, fill, numbers } from "./examples.ts";
import { BUILTIN } from "./find.ts";

const INDEX = new KeywordIndex(BUILTIN);

interface Find {
  readonly rule: string;
  readonly start: number;
  readonly end: number;
}

/** What is found in messages, in pieces of `step` bytes each. */
function found(messages: readonly string[], step = Number.POSITIVE_INFINITY, index = INDEX): Find[] {
  const finds: Find[] = [];
  const matcher = new PatternMatcher(index, (rule, start, end) => finds.push({ rule, start, end }));
  for (const message of messages) {
    const bytes = Buffer.from(message, "latin1");
    for (let at = 0; at < bytes.length; at += step) matcher.write(bytes.subarray(at, at + step));
    matcher.boundary();
  }
  return finds;
}

function credentialOf(template: string): string {
  const credentials = [11, 12, 13, 14].map((seed) => fill(template, numbers(seed)).replaceAll(/[{}]/g, ""));
  return credentials.find((text) => found([text]).length > 0) ?? "";
}

it.each(EXAMPLES)("%s is found as a message between messages of letters and digits", (_, template) => {
  const credential = credentialOf(template);
  const alone = found([credential]);
  expect(alone).not.toEqual([]);
  for (const beside of ["x", "0", "abc_", "a7".repeat(3000)])
    for (const step of [1, 7, Number.POSITIVE_INFINITY]) {
      const moved = alone.map(({ rule, start, end }) => ({
        rule,
        start: start + beside.length,
        end: end + beside.length,
      }));
      expect(found([beside, credential, beside], step)).toEqual(moved);
    }
});

/** A field of protobuf that holds a string of fewer than 128 bytes. */
function field(number: number, text: string): string {
  const tag = number * 8 + 2;
  const bytes = tag < 128 ? [tag, text.length] : [(tag & 127) | 128, tag >> 7, text.length];
  return String.fromCharCode(...bytes) + text;
}

/** What is a token without a name before it, and of such a length. */
const COUNTED = EXAMPLES.map(([id, template]) => [id, credentialOf(template)] as const).filter(
  ([, text]) => /^\w$/.test(String.fromCharCode(text.length)) && found([text])[0]?.start === 0,
);

it.each(COUNTED)("%s is found behind a length that is a letter or a digit", (_, credential) => {
  const rule = found([credential])[0]?.rule;
  for (const number of [1, 2, 4, 7, 9, 15, 16, 300])
    for (const [before, after] of [
      ["", ""],
      [field(3, "abc"), field(8, "abc")],
    ] as const) {
      const start = before.length + field(number, credential).length - credential.length;
      for (const step of [1, 7, Number.POSITIVE_INFINITY]) {
        const [find] = found([before + field(number, credential) + after], step);
        expect([number, find?.rule, find?.start]).toEqual([number, rule, start]);
        expect(find?.end).toBeGreaterThanOrEqual(start + credential.length);
      }
    }
});

it("a word is no tag and length of a token in it", () => {
  const token = credentialOf(EXAMPLES.find(([id]) => id === "groq-api-key")?.[1] ?? "");
  expect(found([`see ${token} there`])).toHaveLength(1);
  for (const word of ["Ra", "bz", "x9", "9z", "ab"]) expect(found([`see ${word}${token} there`])).toEqual([]);
});

it("finds in a row of messages what is in each of them, in whatever pieces they come", () => {
  const credential = fc
    .tuple(fc.constantFrom(...EXAMPLES), fc.nat(1000))
    .map(([[, template], seed]) => fill(template, numbers(seed)).replaceAll(/[{}]/g, ""));
  const message = fc
    .array(
      fc.oneof(
        credential,
        fc.tuple(credential, fc.nat(60)).map(([text, length]) => text.slice(0, length)),
        fc.constantFrom(...BUILTIN.keywords, "x", "9", " ", "\n", "=", "A".repeat(200)),
      ),
      { maxLength: 4 },
    )
    .map((parts) => parts.join(""));
  fc.assert(
    fc.property(fc.array(message, { minLength: 1, maxLength: 5 }), fc.nat(90), (messages, step) => {
      const finds = found(messages, step + 1);
      expect(finds).toEqual(found(messages));
      let before = 0;
      for (const text of messages) {
        for (const { start, end } of found([text]))
          expect(finds.some((find) => find.start < before + end && find.end > before + start)).toBe(true);
        before += text.length;
      }
    }),
    { numRuns: 500, seed: 20_261_124 },
  );
});

it("finds a token whose first letters end one message and whose rest is the next one", () => {
  const token = fill("ghp_<x36>", numbers(3));
  for (let cut = 1; cut < 4; cut++)
    expect(found([`say ${token.slice(0, cut)}`, token.slice(cut)])).toEqual([
      { rule: "github-pat", start: 4, end: 44 },
    ]);
});

it("takes what came before a message for an operator's rule too, whatever that is spelled like", () => {
  const rule = { description: "", keywords: ["acme"], allowlists: [], source: "", asWritten: true } as const;
  for (const regex of [
    String.raw`\bacme[0-9]{6}\b`,
    "^acme[0-9]{6}$",
    "(?:^|[^a-z])(acme([0-9]|[0-9]{2}){6})",
  ]) {
    const index = new KeywordIndex(new PatternSet([{ ...rule, id: "acme", regex }]));
    const expected = [{ rule: "acme", start: 3, end: 13 }];
    expect(found(["abc", "acme123456", "abc"], undefined, index), regex).toEqual(expected);
    expect(found(["abcacme123456"], undefined, index), regex).toEqual([]);
  }
});

it("still finds a known secret that goes over from one message to the next", () => {
  const token = fill("ghp_<x36>", numbers(3));
  const settings: ScanSettings = { known: true, patterns: true, allow: new Set() };
  const names: string[] = [];
  const detectors = new Detectors([secret("Vq83hZpLw0sKd72mXnRt", "bottle", "KEY")], BUILTIN);
  const scanner = detectors.scanner(settings, ({ name }) => names.push(name));
  for (const message of ["abc Vq83hZpLw0", "sKd72mXnRt", token, "abc"]) {
    scanner.write(Buffer.from(message));
    scanner.boundary();
  }
  expect(names).toEqual(["KEY", "github-pat"]);
});
