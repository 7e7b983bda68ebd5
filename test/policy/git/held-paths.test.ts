import { describe, expect, test } from "vitest";
import { HELD_BY_DEFAULT, heldPaths } from "../../../src/policy/git/held-paths.ts";

/** As git prints a path: a character a byte. */
const bytes = (path: string) => Buffer.from(path).toString("latin1");
const held = (path: string, hold = HELD_BY_DEFAULT) => heldPaths(hold, [bytes(path)]).length > 0;

describe("what a forge or a hook manager runs is held", () => {
  test.each([
    ".github/workflows/ci.yml",
    ".github/actions/setup/action.yml",
    ".gitea/workflows/a/b.yaml",
    ".forgejo/workflows/x.yml",
    ".gitlab-ci.yml",
    "services/api/.gitlab-ci.yml",
    "ci/build.gitlab-ci.yml",
    ".circleci/config.yml",
    ".buildkite/hooks/pre-command",
    ".woodpecker.yaml",
    ".woodpecker/test.yml",
    ".drone.yml",
    ".travis.yml",
    "Jenkinsfile",
    "tools/Jenkinsfile",
    "azure-pipelines.yml",
    "bitbucket-pipelines.yml",
    ".husky/pre-commit",
    "web/.husky/pre-push",
    ".githooks/pre-commit",
    ".pre-commit-config.yaml",
    "lefthook.yml",
    ".gitmodules",
  ])("%s", (path) => expect(held(path)).toBe(true));

  test.each([
    "README.md",
    ".github/ISSUE_TEMPLATE/bug.md",
    "docs/.github/workflows/ci.yml",
    "src/workflows/ci.ts",
    ".gitignore",
    "Jenkinsfile.md",
    "husky/x",
    "gitmodules",
    "lefthook/x",
    "a~1",
    "notes~2.txt",
  ])("%s is not", (path) => expect(held(path)).toBe(false));
});

describe("what some file system takes for a held path is held", () => {
  test.each([
    [".GitHub/Workflows/CI.yml", "case"],
    ["jenkinsfile", "case"],
    [".github/wor\u200dkflows/ci.yml", "a character that HFS+ leaves out"],
    [".g\ufeffithub/workflows/ci.yml", "a character that HFS+ leaves out"],
    [".\uff47ithub/workflows/ci.yml", "a wide letter"],
    [".hus\u212ay/pre-commit", "the Kelvin sign"],
    [".github./workflows/ci.yml", "a dot at the end"],
    [".gitmodules ", "a blank at the end"],
    [".gitmodules. . ", "dots and blanks at the end"],
    [".gitmodules::$DATA", "a stream"],
    [".github::$INDEX_ALLOCATION/workflows/x", "a stream"],
    [".github\\workflows\\ci.yml", "Windows' slashes"],
    ["GITHUB~1/workflows/ci.yml", "a short name"],
    ["GITMOD~1", "a short name"],
    ["GI7EBA~1", "a hashed short name"],
    ["HUSKY~1/pre-commit", "a short name"],
  ])("%j: %s", (path) => expect(held(path)).toBe(true));

  test("a link or a submodule in the place of a held folder, or of one above it", () => {
    for (const path of [".github", ".github/workflows", ".husky", "web/.husky", ".GITHUB"])
      expect([path, held(path)]).toEqual([path, true]);
    expect(held("web")).toBe(false);
  });
});

test("bytes that are no UTF-8 hide nothing before or behind them", () => {
  expect(heldPaths(HELD_BY_DEFAULT, [".github/workflows/\xff.yml", "\xff/x"])).toEqual([
    ".github/workflows/\xff.yml",
  ]);
});

test("the paths come back as they came, in their order; an entry's own list takes the default's place", () => {
  const paths = ["b/.GITMODULES", "deploy/prod.yml", ".gitmodules", bytes("deploy/ü")];
  expect(heldPaths(["deploy/**"], paths)).toEqual(["deploy/prod.yml", bytes("deploy/ü")]);
  expect(heldPaths(HELD_BY_DEFAULT, paths)).toEqual([".gitmodules"]);
});

test("nothing is held by an empty list", () => {
  expect(heldPaths([], [".github/workflows/ci.yml"])).toEqual([]);
});

test("names made to be compared for long are compared once", () => {
  const dots = [...Array(20).keys()].map((n) => `${".".repeat(64_000)}x${n}/y:z`);
  const folders = [...Array(100).keys()].map((n) => `${"jenkinsfile/".repeat(5_000)}${n}`);
  expect(heldPaths(HELD_BY_DEFAULT, dots)).toEqual([]);
  // each has a folder where a Jenkinsfile could be; none is one
  expect(heldPaths(["**/Jenkinsfile"], folders)).toEqual([]);
  expect(heldPaths(HELD_BY_DEFAULT, [".github. . ./workflows::$DATA/x", ".husky.:x:y"])).toHaveLength(2);
});
