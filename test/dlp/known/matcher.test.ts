import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Secret } from "../../../src/base/secret.ts";
import { type Form, formsOf } from "../../../src/dlp/known/forms.ts";
import { indexSecrets, type SecretForm } from "../../../src/dlp/known/known-index.ts";
import { MASKED_CHARS, SECRET_CHARS } from "../../../src/dlp/known/limits.ts";
import { KnownMatcher } from "../../../src/dlp/known/matcher.ts";
import { symbolsOf } from "../../../src/dlp/known/symbols.ts";

/** Values that have been hard, one a line of JSON; a value that fails is added. */
const SEEDS: readonly string[] = readFileSync(join(import.meta.dirname, "seeds/values.jsonl"), "utf8")
  .trim()
  .split("\n")
  .map((line) => String(JSON.parse(line)));

const characters = (...all: readonly string[]) => fc.constantFrom(...all.flatMap((part) => [...part]));
const values = fc.oneof(
  fc.string({
    unit: characters("abcdefghijklmnopqrstuvwxyzABCXYZ0123456789-_+/="),
    minLength: 3,
    maxLength: 60,
  }),
  fc.string({ unit: characters("ab01-"), minLength: 3, maxLength: 40 }),
  fc.string({ unit: characters("ab"), minLength: 2, maxLength: 5 }).map((part) => `${part.repeat(30)}zq19`),
  fc.constantFrom(...SEEDS),
);

/** Of a text: parts of spellings, whole or short by a little, with and without something between their symbols. */
const parts = fc.array(
  fc.record({
    form: fc.nat(),
    from: fc.nat(90),
    length: fc.nat(60),
    between: fc.constantFrom("", "", "-", "\u00e2\u0080\u008b"),
    noise: fc.oneof(
      fc.constantFrom("", " ", "\n", "aaaa", "0000000000000000000000", "ab01ab01"),
      fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes).toString("latin1")),
      fc.constantFrom(5, 40, 700).map((length) => "xY".repeat(length)),
    ),
  }),
  { maxLength: 8 },
);

interface Part {
  readonly form: number;
  readonly from: number;
  readonly length: number;
  readonly between: string;
  readonly noise: string;
}

const LETTERS = "?0123456789abcdefghijklmnopqrstuvwxyz";

function written(forms: readonly Form[], all: readonly Part[]): Buffer {
  const text = all.map(({ form, from, length, between, noise }) => {
    const symbols = forms[form % Math.max(1, forms.length)]?.symbols ?? new Uint8Array();
    const start = from % Math.max(1, symbols.length);
    return (
      [...symbols.subarray(start, start + length)].map((symbol) => LETTERS[symbol]).join(between) + noise
    );
  });
  return Buffer.from(text.join(""), "latin1");
}

/** The spellings of which a text holds enough, by comparing every place with every other. */
function plainly(forms: readonly Form[], text: Buffer): Set<string> {
  const seen = Buffer.from(symbolsOf(text.toString("latin1"))).toString("latin1");
  const found = new Set<string>();
  for (const { encoding, symbols, need, from, to } of forms) {
    const spelled = Buffer.from(symbols).toString("latin1");
    for (let at = from; at + need <= to; at++)
      if (seen.includes(spelled.slice(at, at + need))) found.add(`${encoding} ${spelled}`);
  }
  return found;
}

function matched(value: string, least: number, text: Buffer, cuts: readonly number[]): Set<string> {
  const secret = { name: "TOKEN", value: new Secret("TOKEN", value), kind: "bottle" } as const;
  const found = new Set<string>();
  const matcher = new KnownMatcher(indexSecrets([secret], least), (form, start, end) => {
    expect(spans(form, text.subarray(start, end))).toBe(true);
    found.add(`${form.encoding} ${Buffer.from(form.symbols).toString("latin1")}`);
  });
  let from = 0;
  for (const to of [...new Set(cuts)].filter((cut) => cut > 0 && cut < text.length).sort((a, b) => a - b)) {
    matcher.write(text.subarray(from, to));
    expect(matcher.open).toBeLessThanOrEqual(to);
    from = to;
  }
  matcher.write(text.subarray(from), true);
  return found;
}

/** Whether those bytes are a part of the spelling, from a symbol of it to a symbol of it, and enough of it. */
function spans(form: SecretForm, bytes: Buffer): boolean {
  const seen = symbolsOf(bytes.toString("latin1"));
  const ends = [bytes.subarray(0, 1), bytes.subarray(-1)].every(
    (end) => symbolsOf(end.toString("latin1")).length === 1,
  );
  return ends && seen.length >= form.need && Buffer.from(form.symbols).includes(Buffer.from(seen));
}

describe("the matcher of known secrets", () => {
  it.each([SECRET_CHARS, MASKED_CHARS])(
    "finds what comparing every place finds, in whatever chunks it comes, from %d characters on",
    (least) => {
      fc.assert(
        fc.property(values, parts, fc.array(fc.nat(2000), { maxLength: 9 }), (value, all, cuts) => {
          const forms = formsOf(value, least);
          const text = written(forms, all);
          expect(matched(value, least, text, cuts)).toEqual(plainly(forms, text));
        }),
        { numRuns: 200, seed: 20_261_124 },
      );
    },
  );

  it.each(["q7Rk2Zt9wLx4Vb8nMc3Yh6pD", "k9x2m4p7"])(
    "finds as much of %s as is needed and no more, in every spelling, at every place, wherever it is cut",
    (value) => {
      const secret = { name: "TOKEN", value: new Secret("TOKEN", value), kind: "bottle" } as const;
      const index = indexSecrets([secret], SECRET_CHARS);
      for (const { encoding, symbols, from, to, need } of formsOf(value, SECRET_CHARS))
        for (let start = from; start + need <= to; start++)
          for (let before = 0; before < 8; before++) {
            const piece = [...symbols.subarray(start, start + need)]
              .map((symbol) => LETTERS[symbol])
              .join("");
            const text = Buffer.from(`${"!j".repeat(before)}${piece}`);
            const found: string[] = [];
            const matcher = new KnownMatcher(index, (form) => found.push(form.encoding));
            const cut = text.length - ((start + 5 * before) % (need + 1));
            // as much as is remembered, so that it moves on with every call
            if (before % 2 === 1) matcher.write(Buffer.alloc(600, "j"));
            matcher.write(text.subarray(0, cut));
            matcher.write(text.subarray(cut), true);
            expect(found, `${encoding} from ${start}, ${before} before it, cut at ${cut}`).toContain(
              encoding,
            );
          }
    },
  );

  it("finds a piece that lies across two of the slices that a long text is read in", () => {
    const value = SEEDS[0] ?? "";
    const piece = value.slice(3, 15);
    for (let before = 65_536 - 14; before <= 65_536 + 2; before += 3) {
      const text = Buffer.concat([Buffer.alloc(before, "."), Buffer.from(piece), Buffer.alloc(70_000, ".")]);
      expect(matched(value, SECRET_CHARS, text, [])).toEqual(plainly(formsOf(value, SECRET_CHARS), text));
    }
  });

  it("holds back what may become a find, whatever part of a secret it is", () => {
    const value = SEEDS[0] ?? "";
    const secret = { name: "TOKEN", value: new Secret("TOKEN", value), kind: "bottle" } as const;
    const index = indexSecrets([secret], SECRET_CHARS);
    for (let start = 0; start + 12 <= value.length; start++)
      for (let length = 4; length < 12; length++) {
        const matcher = new KnownMatcher(index, () => {});
        matcher.write(Buffer.from(`... ${value.slice(start, start + length)}`));
        expect(matcher.open).toBe(4);
      }
  });
});
