import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { SignFailure } from "../../../src/sidecar/git-gate/sign/failure.ts";
import { SIGNED_OBJECTS } from "../../../src/sidecar/git-gate/sign/limits.ts";
import { signObjects } from "../../../src/sidecar/git-gate/sign/rewrite.ts";
import { SigningRepo } from "./signing-repo.ts";

describe.each(["sha1", "sha256"] as const)("signing what is pushed to a %s repository", (format) => {
  let repo: SigningRepo;
  beforeEach(() => {
    repo = new SigningRepo(format);
  });
  afterEach(() => repo.close());

  const signed = (tips: readonly string[], ...revisions: readonly string[]) =>
    signObjects({ format, tips, objects: repo.objects(...revisions), sign: repo.sign });

  test("git verifies every new commit, parents first, and the upstream's keeps its id", async () => {
    const base = repo.commit("upstream's");
    const [first, second] = [repo.commit("first"), repo.commit("second")];
    const result = await signed([second], second, `^${base}`);
    expect(repo.keep(result)).toEqual(result.objects.map(({ id }) => id));
    const tip = result.ids.get(second) ?? "";
    expect(repo.git("rev-list", tip).split("\n")).toEqual([tip, result.ids.get(first), base]);
    for (const id of result.ids.values()) repo.git("verify-commit", id);
    expect(repo.git("log", "--format=%G? %GS", tip, `^${base}`).split("\n")).toEqual([
      "G gate@example.test",
      "G gate@example.test",
    ]);
    expect(repo.git("fsck", "--strict", "--no-dangling")).toBe("");
  });

  test("tree, author, committer, times, encoding, unknown headers and message stay byte for byte", async () => {
    const base = repo.commit("upstream's");
    const tree = repo.git("rev-parse", "HEAD^{tree}");
    const rest =
      "author A <a@example.test> 1 +0000\ncommitter C <c@example.test> 2 -1200\nencoding ISO-8859-1\n" +
      "x-strange value\n of two lines\n \n parent not-one\nparent none-either\n\n  caf\u00e9\n\ngpgsig in text\n trailing \n\n\n";
    const old = repo.write("commit", Buffer.from(`tree ${tree}\nparent ${base}\n${rest}`, "latin1"));
    const { objects } = await signed([old], old, `^${base}`);
    const text = objects[0]?.content.toString("latin1") ?? "";
    const name = format === "sha1" ? "gpgsig" : "gpgsig-sha256";
    expect(text.replace(new RegExp(`^${name} -----BEGIN(?:.*\n )*.*\n`, "m"), "")).toBe(
      `tree ${tree}\nparent ${base}\n${rest}`,
    );
    expect(text).toMatch(new RegExp(`\nparent none-either\n${name} -----BEGIN`));
  });

  test("a merge keeps the order of its parents, of which one may be the upstream's", async () => {
    const base = repo.commit("upstream's");
    const left = repo.commit("left");
    repo.git("checkout", "-q", "-b", "side", base);
    const right = repo.commit("right");
    repo.git("merge", "-q", "--no-ff", "-m", "both", left);
    const [merge, second] = [repo.git("rev-parse", "HEAD"), repo.commit("after")];
    repo.git("merge", "-q", "-s", "ours", "--no-ff", "-m", "again", "main");
    const result = await signed([second], second, `^${base}`);
    repo.keep(result);
    const parents = repo.git("show", "-s", "--format=%P", result.ids.get(merge) ?? "");
    expect(parents).toBe(`${result.ids.get(right)} ${result.ids.get(left)}`);
    for (const id of result.ids.values()) repo.git("verify-commit", id);
  });

  test("a signature that the agent's commit brought goes, the gate's is the only one", async () => {
    const base = repo.commit("upstream's");
    const mine = repo.commit("signed in the bottle", "-S");
    const result = await signed([mine], mine, `^${base}`);
    repo.keep(result);
    const [object] = result.objects;
    expect(object?.content.toString().match(/^gpgsig/gm)).toHaveLength(1);
    expect(repo.raw("commit", mine).toString()).toMatch(/^gpgsig/m);
    repo.git("verify-commit", object?.id ?? "");
  });

  test("annotated tags are signed, of commits, of tags, of the upstream's, and with a signature they had", async () => {
    const base = repo.commit("upstream's");
    repo.git("tag", "-a", "-m", "of the upstream's", "old-commit", base);
    const mine = repo.commit("mine");
    repo.git("tag", "-a", "-m", "of mine", "inner", mine);
    repo.git("tag", "-a", "-m", "of a tag", "outer", "inner");
    repo.git("tag", "-s", "-m", "with a signature", "resigned", mine);
    const bare = repo.write(
      "tag",
      `object ${mine}\ntype commit\ntag bare\ntagger T <t@example.test> 1 +0000\n\nno end`,
    );
    const names = ["old-commit", "inner", "outer", "resigned"];
    const tips = [...names.map((name) => repo.git("rev-parse", name)), bare];
    const result = await signed(tips, ...tips, `^${base}`);
    repo.keep(result);
    const now = tips.map((id) => result.ids.get(id) ?? "");
    for (const id of now) repo.git("verify-tag", id);
    const object = (id: string) => /^object (\w+)/.exec(repo.raw("tag", id).toString())?.[1];
    const commit = result.ids.get(mine);
    expect(now.map(object)).toEqual([base, commit, now[1], commit, commit]);
    expect(
      repo
        .raw("tag", now[3] ?? "")
        .toString()
        .match(/BEGIN SSH SIGNATURE/g),
    ).toHaveLength(1);
  });

  test("what a tag's message quotes of a signature stays in it", async () => {
    const base = repo.commit("upstream's");
    const message = "see\n-----BEGIN SSH SIGNATURE-----\nabc\n-----END SSH SIGNATURE-----\nand this";
    repo.git("tag", "-a", "-m", message, "quoting", base);
    const old = repo.git("rev-parse", "quoting");
    const { objects } = await signed([old], old, `^${base}`);
    const before = repo.raw("tag", old);
    expect(objects[0]?.content.subarray(0, before.length)).toEqual(before);
  });

  test("a mergetag of a commit that got another id goes, one of the upstream's stays", async () => {
    const base = repo.commit("upstream's");
    repo.git("checkout", "-q", "-b", "theirs");
    const theirs = repo.commit("theirs");
    repo.git("tag", "-s", "-m", "theirs", "v1");
    repo.git("checkout", "-q", "main");
    repo.commit("mine");
    repo.git("merge", "-q", "--no-ff", "-m", "merged", "v1");
    const merge = repo.git("rev-parse", "HEAD");
    expect(repo.raw("commit", merge).toString()).toMatch(/^mergetag object/m);
    const kept = await signed([merge], merge, `^${base}`, `^${theirs}`);
    const dropped = await signed([merge], merge, `^${base}`);
    expect(kept.objects.at(-1)?.content.toString()).toMatch(/^mergetag object/m);
    expect(dropped.objects.at(-1)?.content.toString()).not.toMatch(/^mergetag/m);
    repo.keep(kept);
    repo.git("verify-commit", kept.ids.get(merge) ?? "");
  });

  test("a commit that is pushed again gets the id it got before, so a later push goes on from it", async () => {
    const base = repo.commit("upstream's");
    const first = repo.commit("first");
    const before = await signed([first], first, `^${base}`);
    const second = repo.commit("second");
    const after = await signed([second], second, `^${base}`);
    expect(after.ids.get(first)).toBe(before.ids.get(first));
  });
});

describe("signing what is pushed", () => {
  let repo: SigningRepo;
  beforeEach(() => {
    repo = new SigningRepo();
  });
  afterEach(() => repo.close());

  test("only what the tips reach is signed", async () => {
    const [base, wanted] = [repo.commit("upstream's"), repo.commit("wanted")];
    repo.git("checkout", "-q", "-b", "other", base);
    const other = repo.commit("other");
    const objects = repo.objects(wanted, other, `^${base}`);
    const { ids } = await signObjects({ format: "sha1", tips: [wanted], objects, sign: repo.sign });
    expect([...ids.keys()]).toEqual([wanted]);
  });

  test("a history as long as the bound is signed, one commit more is refused before anything is", async () => {
    const header = "author A <a@example.test> 1 +0000\ncommitter C <c@example.test> 2 +0000\n\nm\n";
    const objects = new Map<string, { type: "commit"; content: Buffer }>();
    const id = (at: number) => String(at).padStart(40, "0");
    for (let at = 1; at <= SIGNED_OBJECTS + 1; at++)
      objects.set(id(at), {
        type: "commit",
        content: Buffer.from(`tree ${id(0)}\nparent ${id(at - 1)}\n${header}`),
      });
    let asked = 0;
    const sign = () => {
      asked++;
      return Promise.resolve("-----BEGIN SSH SIGNATURE-----\nAA==\n-----END SSH SIGNATURE-----\n");
    };
    const signed = await signObjects({ format: "sha1", tips: [id(SIGNED_OBJECTS)], objects, sign });
    expect(signed.objects).toHaveLength(SIGNED_OBJECTS);
    asked = 0;
    const longer = signObjects({ format: "sha1", tips: [id(SIGNED_OBJECTS + 1)], objects, sign });
    await expect(longer).rejects.toThrow(SignFailure);
    expect(asked).toBe(0);
  });

  test("a commit without an end of its headers is refused", async () => {
    const objects = new Map([
      ["a".repeat(40), { type: "commit" as const, content: Buffer.from("tree x\nauthor y") }],
    ]);
    const signing = signObjects({ format: "sha1", tips: ["a".repeat(40)], objects, sign: repo.sign });
    await expect(signing).rejects.toThrow(SignFailure);
  });
});
