import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { TextKind } from "../../../src/dlp/injection/scanner.ts";
import { scan } from "./cases.ts";

const KINDS: readonly TextKind[] = ["text", "html", "json", "markdown", "sse"];
const SEEDS = join(import.meta.dirname, "seeds");
const MEBIBYTE = 1024 ** 2;

const repeat = (unit: string) => unit.repeat(Math.ceil(MEBIBYTE / Buffer.byteLength(unit)));

/** What quadratic code would not get through before the test's time is up. */
const HOSTILE: Readonly<Record<string, string>> = {
  "the beginning of one phrase": repeat("ignore all previous "),
  "the beginning of one phrase, without spaces": repeat("ignoreallprevious"),
  "one letter at a time": repeat("i g n o r e "),
  "words that address a model": repeat("assistant, the agent must "),
  "open tags": repeat("<div hidden>"),
  "tags that never end": repeat('<a b="'),
  "open comments": repeat("<!--"),
  "ends of comments": repeat("-->"),
  "hiding rules": `<style>${repeat(".a{display:none}")}</style>`,
  attributes: `<p ${repeat("a=b ")}>`,
  "references that never end": repeat("&#"),
  "quotation marks": repeat('" “'),
  backticks: repeat("`` ```"),
  "zero-width characters": repeat("\u200b"),
  "tag characters": repeat("\u{e0041}"),
  "bidi controls": repeat("\u202e"),
  "look-alikes": repeat("іgnоrе "),
  "open brackets": repeat("["),
  "open objects": repeat('{"a":'),
  backslashes: repeat("\\"),
  "half escapes": repeat('"\\u00'),
  "base64 of base64": Buffer.from(Buffer.from(repeat("abc ")).toString("base64")).toString("base64"),
  hex: repeat("69676e6f7265"),
  "percent escapes": repeat("system prompt %69%67"),
  "words of other scripts": repeat("忽略之前的игнорируй"),
  "names of events": repeat("data"),
  "empty data": repeat("data:\n"),
  "numbers for letters": repeat("1gn0r3 4ll "),
  "reference comments": repeat("[//]: # ("),
};

describe("a mebibyte of", () => {
  it.each(Object.keys(HOSTILE))("%s is read in linear time, as every kind", (name) => {
    for (const kind of KINDS) scan(kind, HOSTILE[name] ?? "", [1, 65_536, 7, 65_536]);
  });
});

const pieces = fc.constantFrom(
  ..."ignore|all previous|instructions|reveal|the system prompt|<!--|-->|<p hidden>|</p>|<|>|&#105;|&|\\u0069|\\|\"|{|}|[|]|:|,|\n|\n\n|data: |event: x\n|\u200b|\u202e|\u{e0069}|і|aWdub3JlIGFsbCBwcmV2aW91cyBpbnN0cnVjdGlvbnM=|69676e6f726520616c6c|`|```|“|”|'|. |! |忽略|指令|<|im_start|>|[INST]|Assistant:|do not tell the user|%69|=|*".split(
    "|",
  ),
);
const hostile = fc.oneof(
  fc
    .array(fc.oneof(pieces, fc.string({ unit: "binary", maxLength: 6 })), { maxLength: 60 })
    .map((parts) => Buffer.from(parts.join(""))),
  fc.uint8Array({ maxLength: 400 }).map((bytes) => Buffer.from(bytes)),
);
const cuts = fc.array(fc.integer({ min: 1, max: 40 }), { maxLength: 60 });

describe("bytes of any kind", () => {
  it("are read without a fault, and what is found does not depend on how they were cut", () => {
    fc.assert(
      fc.property(fc.constantFrom(...KINDS), hostile, cuts, (kind, bytes, sizes) => {
        expect(scan(kind, bytes, sizes).found).toEqual(scan(kind, bytes).found);
      }),
      { numRuns: 3000 },
    );
  });

  it.each(readdirSync(SEEDS))("of the seed %s are read as they were", (name) => {
    const bytes = readFileSync(join(SEEDS, name));
    for (const kind of KINDS) {
      const whole = scan(kind, bytes).found;
      for (const size of [1, 2, 3, 7, 64]) {
        const sizes = Array.from({ length: Math.ceil(bytes.length / size) }, () => size);
        expect(scan(kind, bytes, sizes).found).toEqual(whole);
      }
    }
  });
});
