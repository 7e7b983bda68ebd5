import { describe, expect, it } from "vitest";
import { globMatcher } from "../../src/workspace/glob.ts";

describe("a workspace glob", () => {
  it.each([
    ["*.ts", "a.ts", true],
    ["*.ts", "deep/er/a.ts", true],
    ["*.ts", "a.tsx", false],
    ["/*.ts", "a.ts", true],
    ["/*.ts", "deep/a.ts", false],
    ["src/*.ts", "src/a.ts", true],
    ["src/*.ts", "x/src/a.ts", false],
    ["src/*.ts", "src/deep/a.ts", false],
    ["src/**/*.ts", "src/a.ts", true],
    ["src/**/*.ts", "src/x/y/a.ts", true],
    ["src/**", "src/x/y", true],
    ["**/build", "a/b/build", true],
    ["node_modules/", "node_modules", true],
    ["node_modules", "a/node_modules", true],
    ["?.md", "a.md", true],
    ["?.md", "ab.md", false],
    ["[ab].md", "b.md", true],
    ["[!ab].md", "b.md", false],
    ["[a-c].md", "b.md", true],
    ["*.{js,mjs}", "x.mjs", true],
    ["*.{js,mjs}", "x.cjs", false],
    ["a+b(c).txt", "a+b(c).txt", true],
    ["{open", "{open", true],
    ["a.b", "axb", false],
    ["x*", "x\nY", true],
  ])("%j on %j: %s", (pattern, path, matches) => {
    expect(globMatcher([pattern])(path)).toBe(matches);
  });

  it("without patterns matches nothing", () => {
    expect(globMatcher([])("a")).toBe(false);
  });
});
