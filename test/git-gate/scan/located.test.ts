import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { GitleaksIgnore } from "../../../src/sidecar/git-gate/scan/gitleaks-ignore.ts";
import { KEPT_COUNT } from "../../../src/sidecar/git-gate/scan/limits.ts";
import type { LocatedFinding } from "../../../src/sidecar/git-gate/scan/locate.ts";
import { CANARY, KNOWN, ScannedRepo, said, TOKEN } from "./scanned-repo.ts";

const ACME = ["acme", "0123456789abcdef"].join("-");
const ACME_RULE = `[[rules]]\nid = "acme"\nregex = '''acme-[0-9a-f]{16}'''\nkeywords = ["acme-"]\n`;
const pathsOf = (findings: readonly LocatedFinding[]) => findings.map(({ path }) => path ?? "").sort(byName);
const byName = (a: string, b: string) => (a < b ? -1 : Number(a > b));
const spare = (list: string) => `[[allowlists]]\n${list}\n`;

describe("what is found is said", () => {
  let repo: ScannedRepo;
  beforeEach(() => {
    repo = new ScannedRepo();
  });
  afterEach(() => repo.close());

  test("with the oldest commit that brings it in, its path, its line, and what stands beside it", () => {
    const first = repo.commit({ "src/a.ts": `one\ntwo\nconst key = "${TOKEN}"; // mine\n` });
    repo.commit({ "src/a.ts": "gone\n" });
    repo.commit({ "src/a.ts": `one\ntwo\nconst key = "${TOKEN}"; // mine\n` });
    const oid = repo.git(["rev-parse", `${first}:src/a.ts`]);
    expect(repo.scan()).toEqual([
      {
        detector: "token_patterns",
        rule: "github-pat",
        surface: "blob",
        oid,
        line: 3,
        encoding: "raw",
        snippet: 'const key = "[github-pat]"; // mine',
        allowComment: false,
        commit: first,
        path: "src/a.ts",
      },
    ]);
  });

  test("with the line of a message", () => {
    const commit = repo.commit({ a: "" }, { message: `subject\n\nwhy\nsee ${TOKEN}\n` });
    expect(repo.scan()).toMatchObject([{ surface: "commit message", commit, line: 4, path: undefined }]);
  });

  test("without a neighbour's value, and without control characters", () => {
    repo.commit({ a: `\u001b[2J ${TOKEN} ${KNOWN} ${CANARY}\u202e\n` });
    const findings = repo.scan();
    expect(new Set(findings.map(({ rule }) => rule))).toEqual(
      new Set(["github-pat", "DEPLOY_KEY", "CANARY"]),
    );
    for (const { snippet, encoding } of findings) {
      if (encoding === "raw") expect(snippet).toContain("[github-pat] [DEPLOY_KEY] [CANARY]");
      expect(snippet).toMatch(/^[ -~]*$/);
    }
  });

  test("of a path without the secret in it", () => {
    repo.commit({ [`${KNOWN}/a.ts`]: `key = ${TOKEN}\n` });
    const findings = repo.scan();
    expect(said(findings)).toEqual([
      "known_secrets DEPLOY_KEY in path name",
      "token_patterns github-pat in blob",
    ]);
    expect(new Set(findings.map(({ path }) => path))).toEqual(new Set(["[DEPLOY_KEY]/a.ts"]));
  });

  test("beside a gitleaks:allow, which hides nothing", () => {
    repo.commit({ a: `x = "${TOKEN}" # gitleaks:allow\n`, b: `# gitleaks:allow\nx = "${TOKEN}"\n` });
    expect(repo.scan().map(({ path, allowComment }) => [path, allowComment])).toEqual([
      ["a", true],
      ["b", false],
    ]);
  });

  test("of a file that can't be looked into, and not of text that looks like one in base64", () => {
    const archive = Buffer.concat([Buffer.from("377abcaf271c0004", "hex"), Buffer.alloc(400, 0x5a)]);
    repo.commit({ "a.7z": archive, "a.txt": `${archive.toString("base64")}\n` });
    expect(repo.scan().map(({ detector, rule, path, snippet }) => [detector, rule, path, snippet])).toEqual([
      ["unreadable", "7z", "a.7z", ""],
    ]);
  });

  test("not of a name that the upstream has, when something beside it changes", () => {
    const oid = repo.blob("x\n");
    const base = repo.git(["commit-tree", repo.tree(["100644", oid, TOKEN])], "base\n");
    const tree = repo.tree(["100644", oid, TOKEN], ["100644", oid, "new"]);
    const next = repo.git(["commit-tree", tree, "-p", base], "next\n");
    repo.git(["update-ref", "refs/heads/main", next]);
    expect(repo.scan().map(({ surface, commit }) => [surface, commit])).toEqual([["path name", base]]);
  });

  test("of more than are kept", () => {
    const line = (at: number) => `acme-${at.toString(16).padStart(16, "0")}\n`;
    const text = Array.from({ length: KEPT_COUNT + 50 }, (_, at) => line(at)).join("");
    repo.commit({ a: text, b: `key = ${KNOWN}\n` });
    const rules = ACME_RULE + spare(`paths = ['''^a$''']`);
    // all that is kept of them is spared; that there are more is not
    expect(said(repo.scan({ upstreamRules: rules }))).toEqual([
      "known_secrets DEPLOY_KEY in blob",
      "token_patterns acme in blob, and more than are kept",
    ]);
  });
});

describe("the upstream's .gitleaks.toml", () => {
  let repo: ScannedRepo;
  beforeEach(() => {
    repo = new ScannedRepo();
    repo.commit({ "src/a.ts": `key = ${ACME}\n`, "test/a.ts": `key = ${ACME} \n`, b: `key = ${KNOWN}\n` });
  });
  afterEach(() => repo.close());
  const paths = (upstreamRules: string) => pathsOf(repo.scan({ upstreamRules }));

  test("adds rules", () => {
    expect(repo.scan().map(({ path }) => path)).toEqual(["b"]);
    expect(paths(ACME_RULE)).toEqual(["b", "src/a.ts", "test/a.ts"]);
  });

  test("has rules for some paths, and for paths alone", () => {
    expect(paths(`${ACME_RULE}path = '''^src/'''\n`)).toEqual(["b", "src/a.ts"]);
    const findings = repo.scan({ upstreamRules: `[[rules]]\nid = "no-tests"\npath = '''^test/'''\n` });
    expect(findings).toMatchObject([{ rule: "DEPLOY_KEY" }, { rule: "no-tests", path: "test/a.ts" }]);
  });

  test("spares by path, by commit, and by both", () => {
    const commit = repo.git(["rev-parse", "main"]);
    expect(paths(ACME_RULE + spare(`paths = ['''^test/''']`))).toEqual(["b", "src/a.ts"]);
    expect(paths(ACME_RULE + spare(`commits = ["${commit}"]`))).toEqual(["b"]);
    expect(paths(ACME_RULE + spare(`commits = ["${commit.slice(0, 12)}"]`))).toEqual([
      "b",
      "src/a.ts",
      "test/a.ts",
    ]);
    const both = `condition = "and"\npaths = ['''^test/''']\n`;
    expect(paths(ACME_RULE + spare(`${both}regexes = ['''^acme-0''']`))).toEqual(["b", "src/a.ts"]);
    expect(paths(ACME_RULE + spare(`${both}regexes = ['''^acme-1''']`))).toEqual([
      "b",
      "src/a.ts",
      "test/a.ts",
    ]);
    expect(paths(ACME_RULE + spare(`${both}stopwords = ["0123"]`))).toEqual(["b", "src/a.ts"]);
    expect(paths(ACME_RULE + spare(`${both}commits = ["${"1".repeat(40)}"]`))).toEqual([
      "b",
      "src/a.ts",
      "test/a.ts",
    ]);
  });

  test("spares no known secret, and nothing of a rule of the operator's", () => {
    const everything = spare(`paths = ['''.*''']`) + spare(`regexes = ['''.*''']\nregexTarget = "line"`);
    expect(paths(ACME_RULE + everything)).toEqual(["b"]);
    const findings = repo.scan({ operatorRules: ACME_RULE, upstreamRules: ACME_RULE + everything });
    expect(pathsOf(findings)).toEqual(["b", "src/a.ts", "test/a.ts"]);
  });

  test("with a mistake is not followed, and says so", () => {
    repo.commit({ c: `key = ${TOKEN}\n` });
    const { findings, notices } = repo.look({
      upstreamRules: `${spare(`paths = ['''.*''']`)}[[rules]]\nid = 1`,
    });
    expect(said(findings)).toEqual(["known_secrets DEPLOY_KEY in blob", "token_patterns github-pat in blob"]);
    expect(notices).toMatchObject([
      expect.stringMatching(/^the upstream's \.gitleaks\.toml isn't followed: .*line/),
    ]);
  });
});

describe("the upstream's .gitleaksignore", () => {
  test("spares what its fingerprints name, at every place where it lies, and no known secret", () => {
    const repo = new ScannedRepo();
    const commit = repo.commit({ "src/a.ts": `\nkey = ${TOKEN}\n`, b: `key = ${KNOWN}\n` });
    const paths = (ignore: string) => pathsOf(repo.scan({ ignore }));
    expect(paths("src/a.ts:github-pat:2\n")).toEqual(["b"]);
    expect(paths(`# why\r\n\r\n${commit}:src/a.ts:github-pat:2\r\n`)).toEqual(["b"]);
    expect(paths("b:DEPLOY_KEY:1\n")).toEqual(["b", "src/a.ts"]);
    for (const other of [
      "src/a.ts:github-pat:1",
      "a.ts:github-pat:2",
      "src/a.ts:other:2",
      `${"1".repeat(40)}:src/a.ts:github-pat:2`,
    ])
      expect(paths(other)).toEqual(["b", "src/a.ts"]);
    repo.commit({ "src/a.ts": "", copy: `\nkey = ${TOKEN}\n` });
    expect(paths("src/a.ts:github-pat:2\n")).toEqual(["b", "copy"]);
    expect(paths("src/a.ts:github-pat:2\ncopy:github-pat:2\n")).toEqual(["b"]);
    repo.close();
  });

  test("may name a path with backslashes, and is nothing where it is too long", () => {
    const found = { commit: undefined, path: "src/a.ts", rule: "x", line: 2 };
    expect(new GitleaksIgnore("src\\a.ts:x:2").ignores(found)).toBe(true);
    expect(new GitleaksIgnore(`src/a.ts:x:2\n${"#".repeat(2 * 1024 * 1024)}`).ignores(found)).toBe(false);
    expect(new GitleaksIgnore(undefined).ignores(found)).toBe(false);
  });
});
