import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { GitPlace } from "../support/git-repo.ts";
import { type SshUpstream, startSshUpstream } from "../support/ssh-upstream.ts";
import { FORGE, type Gate, repoConfig, startGate } from "./harness.ts";

describe("what happens at the same time", () => {
  const ends: (() => void)[] = [];
  let upstream: SshUpstream;
  let gate: Gate;
  let place: GitPlace;
  beforeAll(async () => {
    upstream = await startSshUpstream();
    for (const name of ["moving", "busy"]) await upstream.createRepo(name);
    gate = await startGate({
      repos: ["moving", "busy"].map((name) =>
        repoConfig({ name, url: upstream.url(name, FORGE), hostKey: upstream.hostKey }),
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

  it("a ref that the upstream moves between the scan and the forward stays as the upstream has it", async () => {
    const clone = await place.clone(gate.url("moving"), "moving");
    const tree = await upstream.git("moving", ["rev-parse", "main^{tree}"]);
    const other = await upstream.git("moving", ["commit-tree", "-m", "of another", "-p", "main", tree]);
    await clone.commit("mine", { "a.txt": "a\n" });
    // run before each receive-pack: the last moment at which somebody else can be first
    upstream.beforeReceive(`git -C team/moving.git update-ref refs/heads/main ${other}`);
    const done = await clone.run(["push", "--porcelain", "origin", "main"]);
    upstream.beforeReceive("");
    expect(done.code).toBe(1);
    expect(done.stdout).toMatch(/^!\t.*\[remote rejected\]/m);
    expect(await upstream.git("moving", ["rev-parse", "main"])).toBe(other);
    await clone.git("pull", "-q", "--rebase");
    expect(await clone.run(["push", "origin", "main"])).toMatchObject({ code: 0 });
  });

  it("of two pushes of one branch one is taken, and of two branches both", async () => {
    const clones = await Promise.all(["one", "two"].map((name) => place.clone(gate.url("busy"), name)));
    for (const [index, clone] of clones.entries())
      await clone.commit(`of ${index}`, { [`${index}.txt`]: "x\n" });
    const same = await Promise.all(
      clones.map((clone) => clone.run(["push", "--porcelain", "origin", "main"])),
    );
    expect(same.map(({ code }) => code).toSorted((a, b) => a - b)).toEqual([0, 1]);
    const winner = clones.find((_, index) => same[index]?.code === 0);
    expect(await upstream.git("busy", ["rev-parse", "main"])).toBe(await winner?.git("rev-parse", "HEAD"));
    const each = await Promise.all(
      clones.map((clone, index) =>
        clone.run(["push", "--porcelain", "origin", `HEAD:refs/heads/of-${index}`]),
      ),
    );
    expect(each.map(({ code }) => code)).toEqual([0, 0]);
    for (const [index, clone] of clones.entries())
      expect(await upstream.git("busy", ["rev-parse", `of-${index}`])).toBe(
        await clone.git("rev-parse", "HEAD"),
      );
  });
});
