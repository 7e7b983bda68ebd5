import { readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { GitPlace } from "../support/git-repo.ts";
import { startSshUpstream } from "../support/ssh-upstream.ts";
import { FORGE, repoConfig, startGate } from "./harness.ts";

test("what one bottle pushed and the upstream did not take can't be fetched by another, nor by itself", async () => {
  const ssh = await startSshUpstream();
  onTestFinished(() => ssh.close());
  await ssh.createRepo("widgets");
  const entry = repoConfig({ name: "widgets", url: ssh.url("widgets", FORGE), hostKey: ssh.hostKey });
  const one = await startGate({ ssh, repos: [entry], supervise: false });
  const first = new GitPlace(one.environment);
  onTestFinished(() => first.close());
  const repo = await first.clone(one.url("widgets"), "clone");
  // held for its path, and nobody can be asked
  const refused = await repo.commit("ci", { ".github/workflows/x.yml": "on: push\n" });
  expect(await repo.run(["push", "origin", "HEAD:refs/heads/x"])).toMatchObject({ code: 1 });
  const two = await startGate({ ssh, repos: [entry], host: { home: one.home } });
  const second = new GitPlace(two.environment);
  onTestFinished(() => second.close());
  const other = await second.clone(two.url("widgets"), "clone");
  for (const [place, gate] of [
    [other, two],
    [repo, one],
  ] as const) {
    for (const version of ["0", "2"]) {
      const args = ["-c", `protocol.version=${version}`, "fetch", gate.url("widgets"), refused];
      const fresh = await place.run(["init", "-q", `fresh${version}`]);
      expect(fresh.code).toBe(0);
      const { code, stderr } = await place.run(["-C", `fresh${version}`, ...args]);
      expect(code, stderr).not.toBe(0);
      expect(stderr).toMatch(/not our ref|does not allow|no such remote ref|couldn't find remote ref/i);
    }
  }
  // and nothing of it lies in the mirror, which both read
  const mirrors = readdirSync(join(one.home, "cache", "git"));
  expect(mirrors).toHaveLength(1);
});
