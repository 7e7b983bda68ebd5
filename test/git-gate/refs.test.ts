import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { GitPlace, type GitRepo } from "../support/git-repo.ts";
import { type SshUpstream, startSshUpstream } from "../support/ssh-upstream.ts";
import { FORGE, type Gate, repoConfig, startGate } from "./harness.ts";
import { HOSTILE_REFS } from "./hostile-requests.ts";
import { commit, pack } from "./raw-pack.ts";
import { NO_ID, RawPusher } from "./raw-push.ts";

const ends: (() => void)[] = [];
let upstream: SshUpstream;
let gate: Gate;
let place: GitPlace;

/** By entry: what it may be pushed. */
const ENTRIES = {
  standard: {},
  agent: { allow: ["refs/heads/agent/*"] },
  open: {
    allow: ["refs/heads/**", "refs/tags/**", "refs/notes/**", "refs/custom/**"],
    force: true,
    delete: true,
    tags: true,
    hold: [],
  },
} as const;

beforeAll(async () => {
  upstream = await startSshUpstream();
  for (const name of Object.keys(ENTRIES)) await upstream.createRepo(name);
  gate = await startGate({
    repos: Object.entries(ENTRIES).map(([name, push]) =>
      repoConfig({ name, url: upstream.url(name, FORGE), hostKey: upstream.hostKey, push }),
    ),
    ssh: upstream,
    host: { atEnd: (end) => ends.push(end) },
  });
  place = new GitPlace(gate.environment);
});
afterAll(async () => {
  for (const end of ends) end();
  place.close();
  await upstream.close();
});

let count = 0;
async function clone(name: string): Promise<GitRepo> {
  count += 1;
  return await place.clone(gate.url(name), `${name}${count}`);
}

/** A push that the gate refuses: the upstream is never asked to take it, and what it has stays as it is. */
async function refused(repo: GitRepo, name: string, args: readonly string[], code: string, says: string) {
  const packs = upstream.receivePacks();
  const before = await upstream.git(name, ["for-each-ref"]);
  const done = await repo.run(["push", "--porcelain", "origin", ...args]);
  expect(done.code).toBe(1);
  expect(done.stdout).toContain(code);
  expect(done.stderr).toContain(says);
  expect(upstream.receivePacks()).toBe(packs);
  expect(await upstream.git(name, ["for-each-ref"])).toBe(before);
  expect(gate.events.at(-1)).toMatchObject({ event: "push", verdict: "block", code });
}

describe("by default", () => {
  it("branches are made and moved forward", async () => {
    const repo = await clone("standard");
    await repo.commit("one", { "1.txt": "1\n" });
    await repo.git("push", "origin", "HEAD:refs/heads/work/one");
    const id = await repo.commit("two", { "2.txt": "2\n" });
    await repo.git("push", "origin", "HEAD:refs/heads/work/one", "HEAD:refs/heads/work/two");
    expect(await upstream.git("standard", ["rev-parse", "work/one", "work/two"])).toBe(`${id}\n${id}`);
    expect(gate.events.at(-1)).toMatchObject({ event: "push", verdict: "allow", repo: "standard" });
  });

  it("nothing is pushed with force, lease or none", async () => {
    const repo = await clone("standard");
    await repo.git("commit", "-q", "--amend", "-m", "another first");
    await refused(
      repo,
      "standard",
      ["--force", "main"],
      "git.ref_not_allowed",
      "would not be a fast-forward",
    );
    await refused(repo, "standard", ["--force-with-lease", "main"], "git.ref_not_allowed", "force: true");
  });

  it("nothing is deleted", async () => {
    const repo = await clone("standard");
    await repo.git("push", "origin", "HEAD:refs/heads/to-go");
    await refused(repo, "standard", ["--delete", "to-go"], "git.ref_not_allowed", "would be deleted");
    await refused(repo, "standard", [":main"], "git.ref_not_allowed", "default branch");
  });

  it("no tag is pushed, nor a note, nor what only a forge knows", async () => {
    const repo = await clone("standard");
    await repo.git("tag", "v1");
    await repo.git("notes", "add", "-m", "x");
    await refused(repo, "standard", ["v1"], "git.ref_not_allowed", "tags: true");
    await refused(repo, "standard", ["refs/notes/commits"], "git.ref_not_allowed", "refs/notes/commits");
    await refused(repo, "standard", ["HEAD:refs/for/main"], "git.ref_not_allowed", "refs/for/main");
  });

  it("one ref that isn't allowed holds back all of its push", async () => {
    const repo = await clone("standard");
    await repo.commit("three", { "3.txt": "3\n" });
    await repo.git("tag", "v1");
    await refused(repo, "standard", ["HEAD:refs/heads/fine", "v1"], "git.ref_not_allowed", "refs/tags/v1");
  });
});

describe("an entry's globs", () => {
  it("say which refs may be pushed, and the refusal says how to have more", async () => {
    const repo = await clone("agent");
    await repo.commit("one", { "1.txt": "1\n" });
    await refused(repo, "agent", ["main"], "git.ref_not_allowed", "refs/heads/main");
    await refused(repo, "agent", ["HEAD:refs/heads/agent"], "git.ref_not_allowed", "refs/heads/agent");
    await refused(
      repo,
      "agent",
      ["HEAD:refs/heads/agent/a/b"],
      "git.ref_not_allowed",
      "refs/heads/agent/a/b",
    );
    await repo.git("push", "origin", "HEAD:refs/heads/agent/a");
  });
});

describe("whatever an entry allows", () => {
  it("the default branch is never deleted", async () => {
    const repo = await clone("open");
    await refused(repo, "open", [":main"], "git.ref_not_allowed", "default branch");
  });

  it("two branches that some file systems take for one are not both pushed", async () => {
    const repo = await clone("open");
    await repo.commit("case", { "c.txt": "c\n" });
    await refused(repo, "open", ["HEAD:refs/heads/MAIN"], "git.ref_not_allowed", "the case of letters");
    const both = ["HEAD:refs/heads/new", "HEAD:refs/heads/New"];
    await refused(repo, "open", both, "git.ref_not_allowed", "the case of letters");
  });

  it.each(HOSTILE_REFS)("a ref named %j is refused", async (ref) => {
    const [head = "", tree = ""] = (await upstream.git("open", ["rev-parse", "main", "main^{tree}"])).split(
      "\n",
    );
    const packs = upstream.receivePacks();
    const before = await upstream.git("open", ["for-each-ref"]);
    const top = commit({ tree, parents: [head] });
    const pusher = new RawPusher(gate.url("open"), gate.proxyPort);
    const answer = await pusher.push({ commands: [{ old: NO_ID, new: top.id, ref }], pack: pack([top]) });
    expect(answer.remote).toContain("git.ref_not_allowed");
    expect(answer.report.filter((line) => line.startsWith("ok"))).toEqual([]);
    expect(upstream.receivePacks()).toBe(packs);
    expect(await upstream.git("open", ["for-each-ref"])).toBe(before);
  });
});

describe("files that a forge or a hook manager runs", () => {
  it.each([
    ".github/workflows/ci.yml",
    ".gitlab-ci.yml",
    ".gitea/workflows/a.yml",
    ".husky/pre-commit",
    ".gitmodules",
    ".GitHub/Workflows/ci.yml",
  ])("a change of %s waits for the operator", async (path) => {
    const repo = await clone("standard");
    await repo.commit("ci", { [path]: '[submodule "x"]\n\tpath = x\n\turl = https://e.example/x\n' });
    await repo.commit("more", { "more.txt": path });
    const packs = upstream.receivePacks();
    const branch = `HEAD:refs/heads/ci${count}`;
    const pushing = repo.run(["push", "--porcelain", "origin", branch]);
    const [proposal] = await waiting();
    expect(proposal).toMatchObject({ kind: "push", push: { repo: "standard" } });
    expect(JSON.stringify(proposal?.push.held)).toContain(path);
    expect(upstream.receivePacks()).toBe(packs);
    gate.proposals.reject(proposal?.id ?? "", proposal?.digest ?? "", "not today");
    const done = await pushing;
    expect(done.code).toBe(1);
    expect(done.stdout).toContain("git.held");
    expect(done.stderr).toContain("not today");
    expect(upstream.receivePacks()).toBe(packs);
  });

  it("go to the upstream as soon as the operator approves, and once", async () => {
    const repo = await clone("standard");
    const id = await repo.commit("ci", { ".github/workflows/ci.yml": "on: push\n" });
    const pushing = repo.run(["push", "--porcelain", "origin", "HEAD:refs/heads/approved"]);
    const [proposal] = await waiting();
    gate.proposals.approve(proposal?.id ?? "", proposal?.digest ?? "");
    const done = await pushing;
    expect(done).toMatchObject({ code: 0 });
    expect(await upstream.git("standard", ["rev-parse", "approved"])).toBe(id);
    // The same commit to another branch is another push, although it brings the upstream nothing new.
    const again = repo.run(["push", "--porcelain", "origin", "HEAD:refs/heads/main"]);
    const [second] = await waiting();
    expect(second?.id).not.toBe(proposal?.id);
    gate.proposals.reject(second?.id ?? "", second?.digest ?? "", undefined);
    expect((await again).code).toBe(1);
  });

  it("answer a push in time that nobody decides, and pass the same push after approval", async () => {
    const repo = await clone("standard");
    const id = await repo.commit("ci", { ".gitlab-ci.yml": "a: {script: b}\n" });
    const args = ["push", "--porcelain", "origin", "HEAD:refs/heads/later"];
    const first = await repo.run(args);
    expect(first.code).toBe(1);
    expect(first.stdout).toContain("git.held");
    expect(first.stderr).toContain("push again after approval");
    const [proposal] = gate.proposals.open();
    expect(first.stderr).toContain(`bot-bottle supervise approve ${proposal?.id}`);
    gate.proposals.approve(proposal?.id ?? "", proposal?.digest ?? "");
    expect(await repo.run(args)).toMatchObject({ code: 0 });
    expect(await upstream.git("standard", ["rev-parse", "later"])).toBe(id);
  });

  /** The proposals that wait, as soon as there is one. */
  async function waiting() {
    for (;;) {
      const open = gate.proposals.open();
      if (open.length > 0) return open;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
});
