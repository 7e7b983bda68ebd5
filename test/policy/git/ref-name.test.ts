import { spawnSync } from "node:child_process";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { findClash, foldRef, refNameProblem } from "../../../src/policy/git/ref-name.ts";
import { runs } from "../../support/runs.ts";

const HEX = "0123456789".repeat(4);

test.each([
  "refs/heads/main",
  "refs/heads/agent/fix-1",
  "refs/heads/ä/日本",
  "refs/tags/v1.0",
  "refs/notes/commits",
  "refs/heads/a@b",
  "refs/heads/x/HEAD",
  "refs/heads/'$(id)'",
])("%s is a ref's name", (ref) => expect(refNameProblem(ref)).toBeUndefined());

test.each([
  ["HEAD", "does not begin with refs/"],
  ["main", "does not begin with refs/"],
  ["refs/heads", "no name below"],
  ["refs/heads/", "empty component"],
  ["refs//main", "empty component"],
  ["refs/heads/../x", "git allows in no ref"],
  ["refs/heads/a b", "git allows in no ref"],
  ["refs/heads/a~1", "git allows in no ref"],
  ["refs/heads/a@{1}", "git allows in no ref"],
  ["refs/heads/a\\b", "git allows in no ref"],
  ["refs/heads/a:refs/heads/b", "git allows in no ref"],
  ["refs/heads/--mirror", "as an option does"],
  ["refs/heads/-oProxyCommand=touch", "as an option does"],
  ["refs/heads/x/-y", "as an option does"],
  ["refs/heads/.git", "a dot"],
  ["refs/heads/a./b", "a dot"],
  ["refs/heads/a.lock", ".lock"],
  ["refs/heads/a.LOCK/b", ".lock"],
  ["refs/heads/HEAD", "HEAD"],
  ["refs/heads/head", "HEAD"],
  ["refs/tags/@", "HEAD"],
  [`refs/heads/${HEX}`, "object's id"],
  ["refs/replace/x", "one repository's own"],
  ["refs/Replace/x", "one repository's own"],
  ["refs/worktree/x", "one repository's own"],
  ["refs/heads/a\nb", "control or invisible"],
  ["refs/heads/a\u001b[2J", "control or invisible"],
  ["refs/heads/a\u202eb", "control or invisible"],
  ["refs/heads/a\u200db", "control or invisible"],
  ["refs/heads/a\ufffdb", "UTF-8"],
  ["refs/heads/a\ud800", "UTF-8"],
  [`refs/heads/${"a".repeat(1100)}`, "longer than"],
])("%j is refused", (ref, problem) => expect(refNameProblem(ref)).toContain(problem));

test("whatever passes is a ref to git too", () => {
  const piece = fc.constantFrom(
    ..."aA0.-/@{}~^:?*[\\ \t\u007f_+,;=!$&'()<>|\"#%é".split(""),
    "..",
    "@{",
    ".lock",
    "HEAD",
    "//",
  );
  const names = fc
    .sample(fc.array(piece, { minLength: 1, maxLength: 6 }), runs(3000))
    .map((pieces) => `refs/heads/${pieces.join("")}`);
  const passed = [...new Set(names)].filter((name) => refNameProblem(name) === undefined);
  expect(passed.length).toBeGreaterThan(100);
  const refused = passed
    .slice(0, 40)
    .filter((name) => spawnSync("git", ["check-ref-format", name]).status !== 0);
  expect(refused).toEqual([]);
});

describe("two refs clash where case does not count", () => {
  test.each([
    ["refs/heads/Main", "refs/heads/main"],
    ["refs/heads/e\u0301", "refs/heads/\u00e9"],
    ["refs/heads/É", "refs/heads/é"],
    ["refs/heads/STRASSE", "refs/heads/straße"],
    ["refs/heads/\u212aey", "refs/heads/key"],
    ["refs/heads/Feature/x", "refs/heads/feature"],
    ["refs/heads/feature", "refs/heads/Feature/x"],
    ["refs/heads/a/b/c", "refs/heads/A"],
  ])("%s and %s", (ref, other) => {
    expect(findClash([ref], [other])).toEqual({ ref, other });
    expect(findClash([ref, other], [])).toEqual({ ref: other, other: ref });
  });

  test.each([
    ["refs/heads/a", "refs/heads/b"],
    ["refs/heads/a/b", "refs/heads/a/c"],
    ["refs/heads/Team/b", "refs/heads/team/c"],
    ["refs/heads/a", "refs/tags/A"],
    ["refs/heads/ab", "refs/heads/a"],
  ])("%s and %s don't", (ref, other) => {
    expect(findClash([ref, other], [])).toBeUndefined();
    expect(findClash([ref], [other, ref])).toBeUndefined();
  });

  test("what is there already may clash with what is there: only new refs are asked about", () => {
    expect(findClash([], ["refs/heads/a", "refs/heads/A"])).toBeUndefined();
    expect(findClash(["refs/heads/c"], ["refs/heads/a", "refs/heads/A"])).toBeUndefined();
  });

  test("a fold is a fold's fold", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        expect(foldRef(foldRef(text))).toBe(foldRef(text));
        expect(foldRef(text.toUpperCase())).toBe(foldRef(text.toUpperCase().toLowerCase()));
      }),
      runs(100),
    );
  });
});
