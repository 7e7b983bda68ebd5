import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { checkUpdates, type RefFacts } from "../../../src/policy/git/check-updates.ts";
import type { PushRules, RefUpdate } from "../../../src/policy/git/push-rules.ts";
import { runs } from "../../support/runs.ts";

const NONE = "0".repeat(40);
const A = "a".repeat(40);
const B = "b".repeat(40);

const RULES: PushRules = { allow: ["refs/heads/**"], force: false, delete: false, tags: false, hold: [] };
const FACTS: RefFacts = {
  repo: "widgets",
  rule: "git-gate.repos.widgets (dev.md:3)",
  refs: new Map([
    ["refs/heads/main", A],
    ["refs/heads/old", A],
    ["refs/tags/v1", A],
  ]),
  head: "refs/heads/main",
  fastForward: ({ new: id }) => id === B,
};

const create = (ref: string): RefUpdate => ({ ref, old: NONE, new: B });
const forward = (ref: string): RefUpdate => ({ ref, old: A, new: B });
const backward = (ref: string): RefUpdate => ({ ref, old: A, new: "c".repeat(40) });
const remove = (ref: string): RefUpdate => ({ ref, old: A, new: NONE });

const judge = (
  updates: readonly RefUpdate[],
  rules: Partial<PushRules> = {},
  facts: Partial<RefFacts> = {},
) => checkUpdates({ ...RULES, ...rules }, updates, { ...FACTS, ...facts });

describe("by default branches are made and moved forward, nothing else", () => {
  test.each([
    ["a new branch", create("refs/heads/agent/x")],
    ["a fast-forward", forward("refs/heads/main")],
    ["nothing new", { ref: "refs/heads/main", old: A, new: A }],
  ])("%s passes", (_, update) => expect(judge([update])).toBeUndefined());

  test.each([
    ["force", backward("refs/heads/main"), "would not be a fast-forward", "force: true"],
    ["a deletion", remove("refs/heads/old"), "would be deleted", "delete: true"],
    ["a tag", create("refs/tags/v2"), "is a tag", "tags: true"],
    ["a note", create("refs/notes/commits"), "is none of the refs", "refs/notes/commits"],
    ["a review", create("refs/for/main"), "is none of the refs", "refs/for/main"],
    ["a pull request's ref", create("refs/pull/1/head"), "is none of the refs", "refs/pull/1/head"],
    ["GitLab's own", create("refs/keep-around/x"), "is none of the refs", "refs/keep-around/x"],
  ])("%s is refused, and what it needs is said", (_, update, detail, needed) => {
    const refusal = judge([update]);
    expect(refusal).toMatchObject({ code: "git.ref_not_allowed", rule: FACTS.rule, retryable: false });
    expect(refusal?.detail).toContain(detail);
    expect(refusal?.needed).toContain(needed);
    expect(parse(refusal?.needed ?? "")).toMatchObject({ "git-gate": { repos: { widgets: { push: {} } } } });
  });
});

test.each<readonly [string, Partial<PushRules>, RefUpdate]>([
  ["force", { force: true }, backward("refs/heads/main")],
  ["delete", { delete: true }, remove("refs/heads/old")],
  ["tags", { tags: true }, create("refs/tags/v2")],
  ["tags and force: a tag is moved", { tags: true, force: true }, forward("refs/tags/v1")],
  ["tags and delete", { tags: true, delete: true }, remove("refs/tags/v1")],
  ["a glob of tags", { tags: true, allow: ["refs/tags/v*"] }, create("refs/tags/v2")],
  ["a glob of notes", { allow: ["refs/notes/*"] }, create("refs/notes/commits")],
  ["a glob of reviews", { allow: ["refs/for/**"] }, create("refs/for/main")],
])("%s lets it pass", (_, rules, update) => expect(judge([update], rules)).toBeUndefined());

test.each<readonly [string, Partial<PushRules>, RefUpdate, string]>([
  ["tags alone move none, forward or not", { tags: true }, forward("refs/tags/v1"), "force: true"],
  ["tags alone delete none", { tags: true }, remove("refs/tags/v1"), "delete: true"],
  ["delete alone deletes no tags", { delete: true }, remove("refs/tags/v1"), "tags: true"],
  [
    "globs of tags leave out others",
    { tags: true, allow: ["refs/tags/v*"] },
    create("refs/tags/x"),
    "refs/tags/x",
  ],
  ["a glob of tags is no word on tags", { allow: ["refs/tags/**"] }, create("refs/tags/x"), "tags: true"],
  [
    "force is for allowed refs",
    { force: true, allow: ["refs/heads/a/*"] },
    backward("refs/heads/main"),
    "main",
  ],
  [
    "a glob of everything names no namespace",
    { allow: ["refs/**"] },
    create("refs/for/main"),
    "refs/for/main",
  ],
  ["nor does one with a star in it", { allow: ["refs/*/main"] }, create("refs/for/main"), "refs/for/main"],
])("%s", (_, rules, update, needed) => expect(judge([update], rules)?.needed).toContain(needed));

describe("the default branch is never deleted", () => {
  test.each(["refs/heads/MAIN", "refs/heads/main/x"])(
    "nor by another name for it, where case does not count: %s",
    (ref) => {
      const refusal = judge([remove(ref)], { delete: true, force: true });
      expect(refusal?.detail).toContain("can't both be where the case of letters does not count");
    },
  );

  test("whatever the rules say", () => {
    const refusal = judge([remove("refs/heads/main")], { delete: true, force: true });
    expect(refusal?.detail).toContain("never deleted");
    expect(refusal).not.toHaveProperty("needed");
  });

  test("nor any branch where the upstream does not say which it is", () => {
    expect(judge([remove("refs/heads/old")], { delete: true }, { head: undefined })?.detail).toContain(
      "doesn't say",
    );
    expect(
      judge([remove("refs/tags/v1")], { delete: true, tags: true }, { head: undefined }),
    ).toBeUndefined();
  });
});

test("before the pack was read force is not judged, all else is", () => {
  const early = { fastForward: undefined };
  expect(judge([backward("refs/heads/main")], {}, early)).toBeUndefined();
  expect(judge([remove("refs/heads/old")], {}, early)).toBeDefined();
  expect(judge([create("refs/tags/x")], {}, early)).toBeDefined();
});

test("one update that may not pass keeps all back", () => {
  expect(judge([create("refs/heads/x"), create("refs/tags/x")])).toBeDefined();
});

test("a ref that is pushed twice, a name git would not take and one that clashes are refused", () => {
  expect(judge([create("refs/heads/x"), create("refs/heads/x")])?.detail).toContain("twice");
  expect(judge([create("refs/heads/--mirror")])?.detail).toContain("as an option does");
  expect(judge([create("refs/heads/MAIN")])?.detail).toContain("refs/heads/main");
  expect(judge([create("refs/heads/x"), create("refs/heads/X")])?.detail).toContain("case of letters");
  expect(judge([create("refs/replace/x")], { allow: ["refs/replace/*"] })?.detail).toContain(
    "one repository's own",
  );
});

test("an update of a ref that clashes already is the upstream's own affair", () => {
  const refs = new Map([
    ["refs/heads/main", A],
    ["refs/heads/Main", A],
  ]);
  expect(judge([forward("refs/heads/Main")], {}, { refs })).toBeUndefined();
});

test("a refusal is printable, and its YAML says the very ref", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 60 }), (text) => {
      const refusal = judge([create(`refs/${text}`)]);
      // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are the point
      expect(refusal?.detail).not.toMatch(/[\u0000-\u001f\u202e]/);
    }),
    runs(100),
  );
  const odd = `refs/notes/it's "x" # {y}`.replaceAll(" ", "_");
  const { push } = parse(judge([create(odd)])?.needed ?? "")["git-gate"].repos.widgets;
  expect(push).toEqual({ allow: ["refs/heads/**", odd] });
});

test("no rules let more pass than looser ones", () => {
  const ref = fc.constantFrom(
    "refs/heads/main",
    "refs/heads/old",
    "refs/heads/new",
    "refs/tags/v1",
    "refs/tags/v2",
    "refs/notes/commits",
    "refs/for/main",
  );
  const id = fc.constantFrom(NONE, A, B);
  const update = fc.record({ ref, old: id, new: id });
  const rules = fc.record({ force: fc.boolean(), delete: fc.boolean(), tags: fc.boolean() });
  fc.assert(
    fc.property(fc.array(update, { minLength: 1, maxLength: 3 }), rules, rules, (updates, one, other) => {
      const looser = {
        force: one.force || other.force,
        delete: one.delete || other.delete,
        tags: one.tags || other.tags,
      };
      if (judge(updates, one) === undefined) expect(judge(updates, looser)).toBeUndefined();
    }),
    runs(1000),
  );
});
