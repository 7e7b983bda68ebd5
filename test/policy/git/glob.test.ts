import * as fc from "fast-check";
import { expect, test } from "vitest";
import { globProblem, matchesGlob, parseGlob, refGlob } from "../../../src/policy/git/glob.ts";
import { runs } from "../../support/runs.ts";

const matches = (glob: string, name: string) => matchesGlob(parseGlob(glob), name.split("/"));

test.each([
  ["refs/heads/main", "refs/heads/main"],
  ["refs/heads/*", "refs/heads/main"],
  ["refs/heads/agent-*", "refs/heads/agent-1"],
  ["refs/heads/**", "refs/heads/a/b/c"],
  ["refs/**/x", "refs/heads/a/x"],
  ["refs/**/x", "refs/x"],
  ["**/Jenkinsfile", "Jenkinsfile"],
  ["**/Jenkinsfile", "a/b/Jenkinsfile"],
  ["**/x/**", "a/x/b"],
  ["a/**/b/**/c", "a/b/x/c"],
  ["v?.?", "v1.2"],
  ["*a*b*c", "xaybzabc"],
])("%s is about %s", (glob, name) => expect(matches(glob, name)).toBe(true));

test.each([
  ["refs/heads/*", "refs/heads/a/b"],
  ["refs/heads/**", "refs/heads"],
  ["refs/heads/**", "refs/tags/v1"],
  ["refs/heads/main", "refs/heads/main2"],
  ["refs/heads/main", "refs/heads/Main"],
  ["**/x/**", "a/x"],
  ["v?", "v"],
  ["a/**/b", "a/c"],
  ["*.yml", "a.yaml"],
])("%s is not about %s", (glob, name) => expect(matches(glob, name)).toBe(false));

test("agrees with the regular expression that says the same", () => {
  const segment = fc.stringMatching(/^[ab*?]{1,3}$/).filter((text) => !text.includes("**"));
  const glob = fc.array(fc.oneof(segment, fc.constant("**")), { minLength: 1, maxLength: 5 });
  const name = fc.array(fc.stringMatching(/^[ab]{1,3}$/), { minLength: 1, maxLength: 6 });
  fc.assert(
    fc.property(glob, name, (pattern, segments) => {
      const source = pattern
        .map((part, at) => {
          if (part === "**") return at === pattern.length - 1 ? "(?:[^/]+/)+" : "(?:[^/]+/)*";
          return `${part.replaceAll("*", "[^/]*").replaceAll("?", "[^/]")}/`;
        })
        .join("");
      const expected = new RegExp(`^${source}$`).test(`${segments.join("/")}/`);
      expect(matches(pattern.join("/"), segments.join("/"))).toBe(expected);
    }),
    runs(3000),
  );
});

test("no glob takes long: stars by the hundred against a name of nothing but the same letter", () => {
  expect(matches(`${"*a".repeat(300)}b`, "a".repeat(1000))).toBe(false);
  expect(matches(`${"**/a/".repeat(100)}b`, "a/".repeat(300).slice(0, -1))).toBe(false);
});

test.each([
  ["a//b", "empty"],
  ["/a", "empty"],
  ["a/../b", "`..`"],
  ["a[bc]", "only `*`"],
  ["a{b,c}", "only `*`"],
  ["!a", "only `*`"],
  ["a\\*", "only `*`"],
  ["a**", "whole segments"],
])("%s is no glob", (glob, problem) => expect(globProblem(glob)).toContain(problem));

test("a glob without refs/ is about branches", () => {
  expect(refGlob("agent/*")).toBe("refs/heads/agent/*");
  expect(refGlob("refs/tags/*")).toBe("refs/tags/*");
});
