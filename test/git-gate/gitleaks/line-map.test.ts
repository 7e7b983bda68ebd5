import fc from "fast-check";
import { expect, test } from "vitest";
import { GITLEAKS_ALLOW_LINES } from "../../../src/sidecar/git-gate/gitleaks/limits.ts";
import { LineMap } from "../../../src/sidecar/git-gate/gitleaks/line-map.ts";

const BETWEEN = "\n\n";

function sent(texts: readonly string[], piece: number): LineMap<number> {
  const map = new LineMap<number>();
  map.take(Buffer.from("\n   \n"));
  for (const [index, text] of texts.entries()) {
    map.begin(index);
    const bytes = Buffer.from(text, "latin1");
    for (let at = 0; at < bytes.length; at += piece) map.take(bytes.subarray(at, at + piece));
    map.take(Buffer.from(BETWEEN));
  }
  return map;
}

test("every line is found in its text, with the comment that stands on it, however the bytes are cut", () => {
  const word = fc.constantFrom(
    "a",
    "\n",
    "\r",
    "gitleaks:allow",
    "gitleaks:",
    "allow",
    "\u0000",
    "gitleaks:allo\n",
  );
  const text = fc.array(word, { maxLength: 12 }).map((words) => words.join(""));
  fc.assert(
    fc.property(
      fc.array(text, { minLength: 1, maxLength: 6 }),
      fc.integer({ min: 1, max: 40 }),
      (texts, piece) => {
        const map = sent(texts, piece);
        let line = 3;
        for (const [index, whole] of texts.entries()) {
          for (const [at, content] of whole.split("\n").entries()) {
            const expected = { text: index, line: at + 1, allowComment: content.includes("gitleaks:allow") };
            expect(map.find(line, line)).toEqual(expected);
            line++;
          }
          line++;
        }
        expect(map.line).toBe(line);
      },
    ),
  );
});

test("a match that begins with the line feeds before a text is on the text's first line", () => {
  const map = sent(["one", "two\nthree"], 10);
  expect(map.find(4, 5)).toEqual({ text: 1, line: 1, allowComment: false });
  expect(map.find(4, 6)).toEqual({ text: 1, line: 1, allowComment: false });
});

test("a line before the first text is nobody's", () => {
  expect(sent(["one"], 10).find(2, 2)).toBeUndefined();
});

test("of a match over several lines the comment on its first or its last line counts", () => {
  const map = sent(["key # gitleaks:allow\nmiddle\nend", "key\nmiddle\nend gitleaks:allow"], 5);
  expect(map.find(3, 5)?.allowComment).toBe(true);
  expect(map.find(7, 9)?.allowComment).toBe(true);
  expect(map.find(4, 5)?.allowComment).toBe(false);
});

test("comments beyond the bound are not remembered, lines are still right", () => {
  const map = sent(["gitleaks:allow\n".repeat(GITLEAKS_ALLOW_LINES + 1)], 1_000_000);
  expect(map.find(GITLEAKS_ALLOW_LINES + 2, GITLEAKS_ALLOW_LINES + 2)?.allowComment).toBe(true);
  const beyond = GITLEAKS_ALLOW_LINES + 3;
  expect(map.find(beyond, beyond)).toEqual({ text: 0, line: beyond - 2, allowComment: false });
});
