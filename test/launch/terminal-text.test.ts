import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { TerminalText } from "../../src/launch/terminal-text.ts";

function filtered(...parts: readonly (string | Buffer)[]): string {
  const text = new TerminalText();
  return parts.map((part) => text.write(Buffer.from(part))).join("") + text.end();
}

describe("output for a terminal that is not the agent's", () => {
  test.each([
    ["text, lines and tabs", "naïve ☃\ta\r\nb\n", "naïve ☃\ta\r\nb\n"],
    ["colours, put off at the end", "\u001b[1;38:5:1mx", "\u001b[1;38:5:1mx\u001b[0m"],
    ["erasing a line", "\r\u001b[Kx", "\r\u001b[Kx"],
  ])("keeps %s", (_, given, kept) => {
    expect(filtered(given)).toBe(kept);
  });

  test.each([
    ["a question for the cursor's place", "\u001b[6nx"],
    ["the same in eight bits", "\u009b6nx"],
    ["a title", "\u001b]0;t\u0007x"],
    ["the clipboard", "\u001b]52;c;eA==\u001b\\x"],
    ["a device control string", "\u001bP$qm\u001b\\x"],
    ["modes", "\u001b[?1003h\u001b[>4;2mx"],
    ["cursor moves", "\u001b[2J\u001b[1;1H\u001b[5A\bx"],
    ["character sets and resets", "\u001b(0\u001bcx\u000e"],
    ["a sequence inside another", "\u001b]0;\u001b[6n\u001b\u001b[6nx"],
    ["colours longer than any are", `\u001b[${"1;".repeat(100)}mx`],
  ])("drops %s", (_, given) => {
    expect(filtered(given)).toBe("x");
  });

  test("is the same however the bytes are cut", () => {
    const pieces = fc.constantFrom(
      "\u001b",
      "[",
      "]",
      "6n",
      "31m",
      "\u0007",
      "\\",
      "☃",
      "\u009b",
      "P",
      "a",
      ";",
      "\u0018",
    );
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 20 }), (parts) => {
        const bytes = Buffer.from(parts.join(""));
        const whole = filtered(bytes);
        expect(filtered(...[...bytes].map((byte) => Buffer.from([byte])))).toBe(whole);
        // nothing but a colour begins with an escape
        for (const after of whole.split("\u001b").slice(1)) expect(after).toMatch(/^\[[0-9;:]*[mK]/);
        expect([...whole].filter((char) => char >= "\u0080" && char <= "\u009f")).toEqual([]);
      }),
    );
  });
});
