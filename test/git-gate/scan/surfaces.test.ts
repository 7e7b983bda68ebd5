import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { CANARY, KNOWN, nameScanner, ScannedRepo, said, TOKEN } from "./scanned-repo.ts";

const UTF16 = Buffer.from(`\ufeffkey = ${TOKEN}\n`, "utf16le");

describe("a secret is found", () => {
  let repo: ScannedRepo;
  beforeEach(() => {
    repo = new ScannedRepo();
  });
  afterEach(() => repo.close());

  let count = 0;
  const zeros = "0".repeat(40);
  const table: readonly (readonly [what: string, surface: string, make: (secret: string) => unknown])[] = [
    ["a file", "blob", (secret) => repo.commit({ "src/a.ts": `key = ${secret}\n` })],
    [
      "a file of a commit in the middle",
      "blob",
      (secret) => {
        repo.commit({ a: "one\n" });
        repo.commit({ a: `key = ${secret}\n` });
        repo.commit({ a: "three\n" });
      },
    ],
    [
      "a file that a later commit deletes",
      "blob",
      (secret) => {
        repo.commit({ a: "one\n", b: `key = ${secret}\n` });
        repo.commit({ a: "one\n" });
      },
    ],
    [
      "a commit's message",
      "commit message",
      (secret) => repo.commit({ a: "" }, { message: `x\n\nsee ${secret}\n` }),
    ],
    [
      "a commit's first line",
      "commit message",
      (secret) => repo.commit({ a: "" }, { message: `x ${secret}\n` }),
    ],
    [
      "an author's address",
      "commit author",
      (secret) => repo.commit({ a: "" }, { env: { GIT_AUTHOR_EMAIL: `${secret}@example.com` } }),
    ],
    [
      "an author's name",
      "commit author",
      (secret) => repo.commit({ a: "" }, { env: { GIT_AUTHOR_NAME: secret } }),
    ],
    [
      "a committer's name",
      "commit committer",
      (secret) => repo.commit({ a: "" }, { env: { GIT_COMMITTER_NAME: secret } }),
    ],
    [
      "a trailer",
      "trailer Reviewed-by",
      (secret) => repo.commit({ a: "" }, { message: `x\n\nwhy\n\nFixes: #1\nReviewed-by: ${secret}\n` }),
    ],
    ["a tag's message", "tag message", (secret) => tag(`see ${secret}\n`)],
    ["the name of who tagged", "tagger", (secret) => tag("v1\n", secret)],
    ["a tag's own name", "tag name", (secret) => tag("v1\n", "Ada", secret)],
    [
      "a tag of a tag",
      "tag message",
      (secret) => {
        const inner = tag(`see ${secret}\n`);
        return repo.literally(
          "tag",
          `object ${inner}\ntype tag\ntag outer\ntagger A <a@b> 1 +0000\n\nouter\n`,
        );
      },
    ],
    ["the name of a file", "path name", (secret) => repo.commit({ [`src/${secret}.ts`]: "x\n" })],
    ["the name of a folder", "path name", (secret) => repo.commit({ [`src/${secret}/a.ts`]: "x\n" })],
    [
      "the name of an empty folder",
      "path name",
      (secret) => {
        const inner = repo.tree(["040000", repo.literally("tree", ""), "deep"]);
        const tree = repo.tree(["040000", inner, secret]);
        return repo.literally(
          "commit",
          `tree ${tree}\nauthor A <a@b> 1 +0000\ncommitter A <a@b> 1 +0000\n\nx\n`,
        );
      },
    ],
    [
      "the name of a file that only a tag leads to",
      "path name",
      (secret) => {
        const tree = repo.tree(["100644", repo.blob("x\n"), secret]);
        const body = `object ${tree}\ntype tree\ntag ${count++}\ntagger A <a@b> 1 +0000\n\nx\n`;
        repo.git(["update-ref", `refs/tags/${count}`, repo.literally("tag", body)]);
      },
    ],
    [
      "where a symlink leads",
      "symlink target",
      (secret) => repo.commit({ link: `../${secret}` }, { mode: "120000" }),
    ],
    [
      "a submodule's URL",
      "submodule",
      (secret) =>
        repo.commit({ ".gitmodules": `[submodule "a"]\n\turl = https://x:${secret}@example.com/a.git\n` }),
    ],
    [
      "an LFS pointer",
      "LFS pointer",
      (secret) =>
        repo.commit({
          big: `version https://git-lfs.github.com/spec/v1\next-0-${secret} sha256:${"a".repeat(64)}\nsize 3\n`,
        }),
    ],
    [
      "a note",
      "blob",
      (secret) => {
        const commit = repo.commit({ a: "" });
        repo.git(["notes", "add", "-m", `see ${secret}`, commit]);
      },
    ],
    [
      "a file in UTF-16",
      "blob",
      (secret) => repo.commit({ a: Buffer.from(`\ufeffkey = ${secret}\n`, "utf16le") }),
    ],
    [
      "a file that .gitattributes calls binary",
      "blob",
      (secret) => repo.commit({ ".gitattributes": "*.dat binary\n", "a.dat": `\0\u0001\u0002${secret}\0` }),
    ],
    ["a gzip file", "blob", (secret) => repo.commit({ "a.gz": gzipSync(`key = ${secret}\n`) })],
    [
      "base64 in a file",
      "blob",
      (secret) => repo.commit({ a: `x: ${Buffer.from(`key = ${secret}\n`).toString("base64")}\n` }),
    ],
    [
      "an object that nothing leads to",
      "blob that no new commit brings in",
      (secret) => repo.blob(`key = ${secret}\n`),
    ],
    [
      "a header of a commit",
      "commit header x-note",
      (secret) =>
        repo.literally(
          "commit",
          `tree ${repo.tree()}\nauthor A <a@b> 1 +0000\ncommitter A <a@b> 1 +0000\nx-note ${secret}\n\nx\n`,
        ),
    ],
    [
      "the tag that a merge carries",
      "commit header mergetag",
      (secret) =>
        repo.literally(
          "commit",
          [
            `tree ${repo.tree()}`,
            "author A <a@b> 1 +0000",
            "committer A <a@b> 1 +0000",
            `mergetag object ${zeros}`,
            " type commit",
            " tag v1",
            " tagger A <a@b> 1 +0000",
            " ",
            ` see ${secret}`,
            "",
            "x\n",
          ].join("\n"),
        ),
    ],
    [
      "a file of 3 MiB",
      "blob",
      (secret) => repo.commit({ a: `${"a line of text\n".repeat(200_000)}key = ${secret}\n` }),
    ],
  ];

  function tag(message: string, tagger = "Ada", name = "v1"): string {
    const commit = repo.commit({ a: "one\n" });
    return repo.literally(
      "tag",
      `object ${commit}\ntype commit\ntag ${name}\ntagger ${tagger} <a@b> 1700000000 +0000\n\n${message}`,
    );
  }

  const secrets: readonly (readonly [string, string, string])[] = [
    ["token_patterns", "github-pat", TOKEN],
    ["known_secrets", "DEPLOY_KEY", KNOWN],
    ["canary", "CANARY", CANARY],
  ];
  for (const [what, surface, make] of table)
    test(`in ${what}`, () => {
      for (const [, , secret] of secrets) make(secret);
      const findings = repo.scan();
      expect(said(findings)).toEqual(
        secrets.map(([detector, name]) => `${detector} ${name} in ${surface}`).sort(),
      );
      for (const [, , secret] of secrets) expect(JSON.stringify(findings)).not.toContain(secret.slice(0, 12));
    });

  test("in the name of a ref, an option of a push", () => {
    const scanner = nameScanner();
    scanner.scanName("ref name", `refs/heads/${TOKEN}`);
    scanner.scanName("push option", `ci.variable=KEY=${KNOWN}`);
    scanner.scanName("ref name", "refs/heads/main");
    expect(scanner.found.map(({ finding: { rule, surface } }) => [rule, surface])).toEqual([
      ["github-pat", "ref name"],
      ["DEPLOY_KEY", "push option"],
    ]);
    expect(JSON.stringify(scanner.found)).not.toContain(KNOWN);
    expect(scanner.redacted(`refs/heads/${TOKEN}`)).toBe("refs/heads/[github-pat]");
    expect(scanner.redacted("refs/heads/main")).toBe("refs/heads/main");
  });

  test("in a path, spread over its folders", () => {
    const commit = repo.commit({
      [`a/${TOKEN.slice(0, 15)}/${TOKEN.slice(15, 30)}/${TOKEN.slice(30)}`]: "x\n",
    });
    expect(repo.scan()).toMatchObject([
      { rule: "github-pat", surface: "path name", commit, path: "[github-pat]" },
    ]);
  });

  test("in a person, half in the name and half in the address", () => {
    const env = { GIT_AUTHOR_NAME: TOKEN.slice(0, 15), GIT_AUTHOR_EMAIL: `${TOKEN.slice(15)}@example.com` };
    repo.commit({ a: "" }, { env });
    expect(said(repo.scan())).toEqual([
      "token_patterns github-pat in commit author and committer, put together",
    ]);
  });

  test("in a repository of SHA-256", () => {
    repo.close();
    repo = new ScannedRepo("sha256");
    const commit = repo.commit({ "src/a.ts": `one\nkey = ${TOKEN}\n` });
    expect(repo.scan()).toMatchObject([{ rule: "github-pat", commit, path: "src/a.ts", line: 2 }]);
  });
});

describe("wherever the bytes of a push are cut", () => {
  test("the same is found", () => {
    const repo = new ScannedRepo();
    repo.commit(
      { a: `one\nkey = ${TOKEN}\n`, b: UTF16, [`d/${KNOWN}`]: "x\n" },
      { message: `x\n\nBy: ${KNOWN}\n` },
    );
    repo.commit({ a: "" }, { env: { GIT_AUTHOR_EMAIL: `${CANARY}@x` } });
    const whole = repo.scan();
    expect(whole.length).toBeGreaterThan(3);
    for (const chunk of [1, 2, 3, 5, 7, 16, 41, 64, 100, 333]) expect(repo.scan({ chunk })).toEqual(whole);
    repo.close();
  });

  test("the same is found in a large file", () => {
    const repo = new ScannedRepo();
    const lines = "a line of text\n".repeat(60_000);
    const allowed = `key = ${TOKEN.replace("R2", "R3")} # gitleaks:allow\n`;
    repo.commit({ a: `${lines}key = ${TOKEN}\n${lines}${allowed}${lines}x = ${KNOWN}` });
    const whole = repo.scan();
    expect(whole.map(({ line, allowComment }) => [line, allowComment])).toEqual([
      [60_001, false],
      [120_002, true],
      [180_003, false],
    ]);
    for (const chunk of [1021, 16_384, 65_537, 1_000_000]) expect(repo.scan({ chunk })).toEqual(whole);
    repo.close();
  });
});
