import { expect, it } from "vitest";
import { Secret } from "../../../src/base/secret.ts";
import type { KnownSecret } from "../../../src/dlp/known/secret.ts";
import { PatternSet } from "../../../src/dlp/patterns/pattern-set.ts";
import { Detectors } from "../../../src/dlp/scanner.ts";
import { SplitIndex } from "../../../src/dlp/split/split-index.ts";

const VALUE = ["q7Rk2", "Zt9wLx4", "Vb8nMc3", "Yh6pDs1"].join("");
const SECRETS: readonly KnownSecret[] = [
  { name: "DEPLOY_TOKEN", value: new Secret("DEPLOY_TOKEN", VALUE), kind: "bottle" },
];
const ALL = { known: true, patterns: false, allow: new Set<string>() };

const detectors = new Detectors(SECRETS, new PatternSet([]));
const NOISE = Buffer.from(Array.from({ length: 200 }, (_, i) => (i * i * 31 + i * 7 + (i >> 3)) & 255));

/** What is found of a text that is sent as values of one key. */
function found(text: string): (string | undefined)[] {
  const split = new SplitIndex(detectors, SECRETS);
  const finds = (text.match(/.{1,48}/g) ?? []).map((value, now) =>
    split.observe({ host: "", target: `/?q=${encodeURIComponent(value)}`, fields: [] }, ALL, now),
  );
  return [...new Set(finds.map((find) => find?.name))];
}

it.each([
  ["7z", "377abcaf271c"],
  ["xz", "fd377a585a00"],
])("what the values of many requests make is no find where it can't be read: %s", (_, magic) => {
  const file = Buffer.concat([Buffer.from(magic, "hex"), NOISE]).toString("base64");
  expect(detectors.scanText(Buffer.from(file), ALL)).toMatchObject([{ detector: "unreadable" }]);
  expect(found(file)).toEqual([undefined]);
  expect(found(`${file}.${Buffer.from(`key = ${VALUE}\n`).toString("base64")}.`)).toContain("DEPLOY_TOKEN");
});
