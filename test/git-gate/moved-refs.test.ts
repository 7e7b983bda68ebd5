import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { GitPlace, type GitRepo } from "../support/git-repo.ts";
import { type SshUpstream, startSshUpstream } from "../support/ssh-upstream.ts";
import { FORGE, type Gate, repoConfig, startGate } from "./harness.ts";

const WORKFLOW = ".github/workflows/ci.yml";

const ends: (() => void)[] = [];
let upstream: SshUpstream;
let gate: Gate;
let place: GitPlace;
let seeds: GitPlace;
let count = 0;
let repo: GitRepo;

/** Upstreams where somebody's branch `ci` has a workflow that the default branch has not. */
beforeAll(async () => {
  upstream = await startSshUpstream();
  seeds = new GitPlace();
  const seed = await seeds.init("seed");
  await seed.commit("first", { "README.md": "seed\n" });
  await seed.git("checkout", "-q", "-b", "ci");
  await seed.commit("a workflow", { [WORKFLOW]: "on: push\n" });
  for (let n = 1; n <= 7; n += 1) await upstream.createRepo(`r${n}`, seed.dir);
  gate = await startGate({
    repos: [...Array(7).keys()].map((n) =>
      repoConfig({
        name: `r${n + 1}`,
        url: upstream.url(`r${n + 1}`, FORGE),
        hostKey: upstream.hostKey,
        push: { force: true, tags: true },
      }),
    ),
    ssh: upstream,
    host: { atEnd: (end) => ends.push(end) },
    supervise: false,
  });
  place = new GitPlace(gate.environment);
});
afterAll(async () => {
  for (const end of ends) end();
  place.close();
  seeds.close();
  await upstream.close();
});

beforeEach(async () => {
  count += 1;
  repo = await place.clone(gate.url(`r${count}`), `r${count}`);
});

async function held(...refs: readonly string[]): Promise<void> {
  const packs = upstream.receivePacks();
  const done = await repo.run(["push", "--porcelain", "origin", ...refs]);
  expect(done.stdout).toContain("git.held");
  expect(done.stderr).toContain(WORKFLOW);
  expect(done.code).toBe(1);
  expect(upstream.receivePacks()).toBe(packs);
}

describe("a ref that gets what another ref of the upstream has is held for its CI files", () => {
  it("when it moves there without a commit of the push", async () => {
    await held("origin/ci:refs/heads/main");
  });

  it("when a merge takes them from the other side, though that commit changes no file by itself", async () => {
    await repo.commit("mine", { "mine.txt": "1\n" });
    await repo.git("merge", "-q", "--no-ff", "-m", "merge", "origin/ci");
    await held("HEAD:main");
  });

  it("when a merge takes them from the other side and history is forced aside", async () => {
    await repo.git("commit", "-q", "--amend", "-m", "another first");
    await repo.git("merge", "-q", "--allow-unrelated-histories", "--no-ff", "-m", "merge", "origin/ci");
    await held("--force", "HEAD:main");
  });

  it("when it goes back to before they were changed", async () => {
    await upstream.git(`r${count}`, ["update-ref", "refs/heads/main", "refs/heads/ci"]);
    await held("--force", "origin/main:main");
  });
});

describe("a ref is moved without asking", () => {
  it("to what the default branch has: its CI files were taken there already", async () => {
    await repo.git("push", "-q", "origin", "HEAD:refs/heads/work");
    await upstream.git(`r${count}`, ["update-ref", "refs/heads/main", "refs/heads/ci"]);
    await repo.git("fetch", "-q");
    await repo.commit("mine", { "mine.txt": "1\n" });
    await repo.git("merge", "-q", "--no-ff", "-m", "merge", "origin/main");
    await repo.git("push", "-q", "origin", "HEAD:work");
  });

  it("by a merge that brings in no CI file", async () => {
    await repo.git("checkout", "-q", "-b", "side");
    await repo.commit("side", { "side.txt": "1\n" });
    await repo.git("checkout", "-q", "main");
    await repo.commit("mine", { "mine.txt": "1\n" });
    await repo.git("merge", "-q", "--no-ff", "-m", "merge", "side");
    await repo.git("push", "-q", "origin", "main");
  });

  it("when it is new, at what the upstream has", async () => {
    await repo.git("push", "-q", "origin", "origin/ci:refs/heads/new");
  });
});
