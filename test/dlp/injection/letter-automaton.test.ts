import * as fc from "fast-check";
import { expect, it } from "vitest";
import { runLetters } from "../../../src/dlp/injection/letter-automaton.ts";
import { latinTriggers } from "../../../src/dlp/injection/trigger-words.ts";

const { automaton } = latinTriggers();

/** Every place where a word ends, each once. */
function ends(bytes: Buffer, piece: number): number[] {
  const found = new Set<number>();
  let state = 0;
  for (let from = 0; from < bytes.length; from += piece)
    state = runLetters(automaton, bytes.subarray(from, from + piece), state, (_, at) => {
      // a byte that is passed over stays at a word's end
      if ((automaton.classes[bytes[from + at - 1] ?? 0] ?? 0) !== 0) found.add(from + at);
    });
  return [...found].sort((a, b) => a - b);
}

it("finds a word wherever it lies across the four stretches that are run at once", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 2048, max: 2100 }),
      fc.constantFrom("system prompt", "d-i-s-r-e-g-a-r-d", "unrestricted"),
      fc.integer({ min: 0, max: 2040 }),
      (length, word, at) => {
        const bytes = Buffer.from(".".repeat(at) + word + " tea ".repeat(420)).subarray(0, length);
        expect(ends(bytes, length)).toEqual(ends(bytes, 1000));
      },
    ),
    { numRuns: 3000 },
  );
});
