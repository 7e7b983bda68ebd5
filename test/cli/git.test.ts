import { mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import type { GitEvent } from "../../src/journal/record.ts";
import { homePaths, journalPaths } from "../../src/launch/paths.ts";
import { write } from "../journal/fixture.ts";
import { Operator } from "./fixture.ts";

const UPSTREAM = "ssh://git@forge.example.com/team/widgets.git";
const PUSH: GitEvent = {
  kind: "git",
  event: "push",
  repo: "widgets",
  upstream: UPSTREAM,
  refs: [{ ref: "refs/heads/main", old: "1".repeat(40), new: "2".repeat(40) }],
  verdict: "allow",
  rule: "git-gate widgets (dev.md:4)",
  ms: 1,
};

let operator: Operator;
beforeEach(() => {
  operator = new Operator();
});
afterEach(() => operator[Symbol.dispose]());

function journal(id: string, events: readonly (readonly [GitEvent, number])[]): void {
  write(journalPaths(homePaths(operator.home), id), id, (writer) => {
    for (const [event, at] of events) writer.append(event, at);
  });
}

function mirror(key: string, about: unknown): void {
  operator.file(`home/cache/git/${key}/bot-bottle.json`, JSON.stringify(about));
}

const json = (...args: string[]) => JSON.parse(operator.run(["git", "--json", ...args]).stdout);

it("shows each mirror with its upstream, size and last refresh", () => {
  mirror("b", { upstream: UPSTREAM, refreshedAt: "2026-11-24T20:11:12.000Z" });
  operator.file("home/cache/git/b/repo/objects/pack/x.pack", "x".repeat(3 * 1024 * 1024));
  mirror("a", { upstream: "https://forge.example.com/a", uid: 1000, refreshedAt: "2026-11-24T20:12:13Z" });
  const { code, stdout, stderr } = operator.run(["git"]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "no pushes yet\n" });
  expect(stdout).toMatch(
    /^UPSTREAM +SIZE +REFRESHED \(UTC\)\nhttps:\/\/forge\.example\.com\/a +[\d.]+ (?:B|KiB) +2026-11-24 20:12\nssh:\/\/git@forge\.example\.com\/team\/widgets\.git +3\.0 MiB +2026-11-24 20:11\n$/,
  );
  const { mirrors, pushes } = json();
  expect(pushes).toEqual([]);
  expect(mirrors).toMatchObject([
    { key: "a", uid: 1000, upstream: "https://forge.example.com/a" },
    { key: "b", upstream: UPSTREAM, refreshedAt: "2026-11-24T20:11:12.000Z" },
  ]);
  expect(mirrors[1].bytes).toBeGreaterThanOrEqual(3 * 1024 * 1024);
});

it("passes over what is no mirror, and follows nothing", () => {
  const cache = join(operator.home, "cache/git");
  const good = { upstream: UPSTREAM, refreshedAt: "2026-11-24T20:11:12.000Z" };
  const elsewhere = operator.file("elsewhere/bot-bottle.json", JSON.stringify(good));
  mkdirSync(join(cache, "link"), { recursive: true });
  symlinkSync(elsewhere, join(cache, "link/bot-bottle.json"));
  symlinkSync(join(operator.root, "elsewhere"), join(cache, "linked"));
  mkdirSync(join(cache, "folder/bot-bottle.json"), { recursive: true });
  mkdirSync(join(cache, "empty"));
  mirror("long", { ...good, more: "x".repeat(5000) });
  mirror("untyped", { upstream: 7, refreshedAt: good.refreshedAt });
  mirror("undated", { ...good, refreshedAt: "\u001b[2J" });
  operator.file("home/cache/git/broken/bot-bottle.json", "{");
  operator.file("home/cache/git/file", "x");
  expect(json().mirrors).toEqual([]);
});

it("shows the last pushes of all journals in their order, with verdict, code, refs and findings", () => {
  const { refs: _refs, ...refused } = PUSH;
  journal("fixer-aaaaa", [
    [{ ...PUSH, event: "fetch" }, 1000],
    [PUSH, 61_000],
    [
      {
        ...PUSH,
        verdict: "block",
        code: "dlp.token_pattern",
        findings: [
          {
            detector: "token_patterns",
            name: "some-token",
            surface: "blob",
            path: "a.ts",
            line: 3,
            action: "block",
          },
        ],
        findings_left_out: 2,
        id: "r-7",
      },
      200_000,
    ],
  ]);
  journal("fixer-bbbbb", [
    [{ ...PUSH, verdict: "hold", code: "git.held", id: "p4k7x2m9a", refs_left_out: 4 }, 130_000],
    [
      {
        ...refused,
        event: "refused",
        repo: "",
        upstream: "git@other:x",
        verdict: "block",
        code: "git.not_declared",
      },
      240_000,
    ],
  ]);
  const { code, stdout } = operator.run(["git"]);
  const refs = "    | 111111111111..222222222222  refs/heads/main\n";
  const to = `    | widgets at ${UPSTREAM}\n`;
  expect(stdout).toBe(
    [
      `1970-01-01 00:01  fixer-aaaaa  allow\n${to}${refs}`,
      `1970-01-01 00:02  fixer-bbbbb  hold git.held p4k7x2m9a\n${to}${refs}    4 more refs\n`,
      `1970-01-01 00:03  fixer-aaaaa  block dlp.token_pattern r-7\n${to}${refs}    | some-token in blob a.ts:3\n    2 more findings\n`,
      "1970-01-01 00:04  fixer-bbbbb  block git.not_declared\n    | git@other:x\n",
    ].join("\n"),
  );
  expect(code).toBe(0);
  expect(operator.run(["git", "fixer-b"]).stdout).not.toContain("fixer-aaaaa");
  expect(json("fixer-b")).toMatchObject({ pushes: [{ bottle: "fixer-bbbbb", code: "git.held" }, {}] });
});

it("keeps to the last twenty, and lets no text of an agent's look like a line of its own", () => {
  const hostile = `\n1970-01-01 00:00  fixer-aaaaa  allow\u001b[2J${"語".repeat(60)}`;
  const refs = [{ ref: hostile, old: "0".repeat(40), new: "2".repeat(40) }];
  journal(
    "fixer-aaaaa",
    Array.from({ length: 30 }, (_, n) => [{ ...PUSH, refs, error: hostile }, n * 60_000] as const),
  );
  const lines = operator.run(["git"]).stdout.split("\n");
  const begun = lines.filter((line) => line.startsWith("1970"));
  expect(begun).toEqual(Array.from({ length: 20 }, (_, n) => `1970-01-01 00:${n + 10}  fixer-aaaaa  allow`));
  for (const line of lines) expect(line).toMatch(/^(?:1970|$| {4}\| \P{Cc}*$)/u);
});

it("names an ID that no journal has", () => {
  const { code, stderr } = operator.run(["git", "nobody"]);
  expect({ code, stderr }).toMatchObject({ code: 2, stderr: expect.stringContaining("no bottle nobody") });
});
