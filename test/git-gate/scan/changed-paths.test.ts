import { describe, expect, test } from "vitest";
import {
  ChangedPaths,
  ChangesError,
  TooManyChanges,
} from "../../../src/sidecar/git-gate/scan/changed-paths.ts";
import { MAX_CHANGE_RECORD } from "../../../src/sidecar/git-gate/scan/limits.ts";
import { pieces, ScannedRepo } from "./scanned-repo.ts";

function read(bytes: Buffer, chunk = bytes.length): ChangedPaths {
  const changes = new ChangedPaths();
  for (const piece of pieces(bytes, chunk)) changes.write(piece);
  changes.end();
  return changes;
}

const later = (seconds: number) => ({ GIT_COMMITTER_DATE: `170000000${seconds} +0000` });
const COMMIT = "c".repeat(40);
const ZEROS = "0".repeat(40);
const OID = "b".repeat(40);
const record = (path: string, status = "A") => `:000000 100644 ${ZEROS} ${OID} ${status}\0${path}\0`;
const latin1 = (text: string) => Buffer.from(text, "latin1");

describe("the paths that commits change", () => {
  test("are those that git says, cut anywhere: added, changed, deleted, of other types, of merges", () => {
    const repo = new ScannedRepo();
    const one = repo.commit({ a: "1\n", "d/with space": "1\n", "new\nline": "1\n", "\u00fc": "1\n" });
    const two = repo.commit({ a: "2\n", "d/with space": "1\n" }, { env: later(1) });
    const link = repo.commit({ a: "2\n" }, { mode: "120000", env: later(2) });
    const tree = repo.tree(["100755", repo.blob("merged\n"), "a"]);
    const merge = repo.git(["commit-tree", tree, "-p", one, "-p", link], "merge\n", later(3));
    repo.git(["update-ref", "refs/heads/merged", merge]);
    const printed = repo.changes();
    repo.close();
    const all = [...read(printed).all()];
    expect(all.map(({ commit, path, mode, status }) => [commit, path, mode, status])).toEqual([
      [merge, "a", "100755", "MM"],
      [link, "a", "120000", "T"],
      [link, "d/with space", "000000", "D"],
      [two, "a", "100644", "M"],
      [two, "new\nline", "000000", "D"],
      [two, Buffer.from("\u00fc").toString("latin1"), "000000", "D"],
      [one, "a", "100644", "A"],
      [one, "d/with space", "100644", "A"],
      [one, "new\nline", "100644", "A"],
      [one, Buffer.from("\u00fc").toString("latin1"), "100644", "A"],
    ]);
    for (let chunk = 1; chunk < 120; chunk++) expect([...read(printed, chunk).all()]).toEqual(all);
    const changes = read(printed);
    expect([...changes.added()].every(({ commit }) => commit === one)).toBe(true);
    expect(changes.bringing(new Set([OID])).size).toBe(0);
  });

  test("may look like anything", () => {
    const paths = [`:000000 100644 ${ZEROS} ${OID} A`, COMMIT, "::", "-rf", "..", "\n"];
    const changes = read(latin1(`${COMMIT}\0${paths.map((path) => record(path)).join("")}`));
    expect([...changes.all()].map(({ path }) => path)).toEqual(paths);
  });

  const strange: readonly (readonly [why: string, text: string])[] = [
    ["without a commit", record("a")],
    ["without a path", `${COMMIT}\0${record("a").slice(0, -2)}`],
    ["with an empty path", `${COMMIT}\0${record("")}`],
    ["that breaks off", `${COMMIT}\0${record("a").slice(0, -1)}`],
    ["of a merge with too few ids", `${COMMIT}\0:${record("a", "MM")}`],
    ["with a mode that is none", `${COMMIT}\0${record("a").replace("100644", "100844")}`],
    ["behind something else", `${COMMIT}\0fatal: bad object\0`],
    ["of a commit in capitals", `${COMMIT.toUpperCase()}\0${record("a")}`],
    ["of a path that does not end", `${COMMIT}\0${record("a".repeat(3 * MAX_CHANGE_RECORD)).slice(0, -1)}`],
  ];
  for (const [why, text] of strange)
    test(`are refused of a change ${why}`, () => {
      expect(() => read(latin1(text), 4096)).toThrow(ChangesError);
    });

  test("are bounded", () => {
    const changes = new ChangedPaths();
    changes.write(latin1(`${COMMIT}\0`));
    const many = latin1(record(`${"a/".repeat(20_000)}x`, "M").repeat(100));
    for (let i = 0; i < 20; i++) changes.write(many);
    expect([...changes.all()]).toHaveLength(2000);
    expect(() => {
      for (let i = 0; i < 2000; i++) changes.write(latin1(record(`${"a/".repeat(20_000)}${i}`)));
    }).toThrow(TooManyChanges);
  });
});
