import { expect, it } from "vitest";
import { printableJson } from "../../src/base/printable.ts";

it("prints JSON that can't move a cursor or reorder a line, and means the same", () => {
  const hostile = { "a\u009b31m": "x\u202ey\u007f\n\u{e0041}", list: [1, null] };
  const text = printableJson(hostile);
  expect(JSON.parse(text)).toEqual(hostile);
  expect([...text].filter((char) => char !== "\n" && (char < " " || char > "~"))).toEqual([]);
});
