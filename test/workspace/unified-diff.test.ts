import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { unifiedHunks } from "../../src/workspace/unified-diff.ts";
import { Sandbox } from "./fixture.ts";

const line = fc.constantFrom("a", "b", "c", "dd", "", "- x", "+ y", "@@ -1 +1 @@", "\\ No newline");
const text = fc
  .tuple(fc.array(line, { maxLength: 30 }), fc.boolean())
  .map(([lines, newline]) => (lines.length === 0 ? "" : lines.join("\n") + (newline ? "\n" : "")));

describe("a unified diff", () => {
  it("is what patch(1) turns the old text into the new with", () => {
    using box = new Sandbox();
    fc.assert(
      fc.property(text, text, (before, after) => {
        const hunks = unifiedHunks(before, after);
        if (before === after) {
          expect(hunks).toEqual([]);
          return;
        }
        box.file("old", before);
        const patch = `--- a/f\n+++ b/f\n${hunks.join("\n")}\n`;
        const result = spawnSync("patch", ["-s", "-o", box.at("new"), box.at("old")], { input: patch });
        expect(result.status).toBe(0);
        expect(readFileSync(box.at("new"), "utf8")).toBe(after);
      }),
      { numRuns: 150 },
    );
  });

  it("of two texts with nothing in common is one whole replacement, however long they are", () => {
    const many = (word: string) => `${Array.from({ length: 5000 }, (_, at) => word + at).join("\n")}\n`;
    const hunks = unifiedHunks(many("a"), many("b"));
    expect(hunks[0]).toBe("@@ -1,5000 +1,5000 @@");
    expect(hunks).toHaveLength(10_001);
  });

  it("keeps changes far apart in hunks of their own", () => {
    const before = Array.from({ length: 40 }, (_, at) => `line ${at}`);
    const after = before.map((text, at) => (at === 5 || at === 30 ? "changed" : text));
    const hunks = unifiedHunks(`${before.join("\n")}\n`, `${after.join("\n")}\n`);
    expect(hunks.filter((text) => text.startsWith("@@"))).toEqual(["@@ -3,7 +3,7 @@", "@@ -28,7 +28,7 @@"]);
  });
});
