import { randomBytes } from "node:crypto";
import { expect, onTestFinished, test } from "vitest";
import type { BottleQuotas } from "../../src/policy/quota.ts";
import { GitPlace, type GitRepo } from "../support/git-repo.ts";
import { type SshUpstream, startSshUpstream } from "../support/ssh-upstream.ts";
import { FORGE, repoConfig, startGate } from "./harness.ts";

async function cloneWith(
  quotas: BottleQuotas,
): Promise<{ ssh: SshUpstream; repo: GitRepo; codes(): unknown[] }> {
  const ssh = await startSshUpstream();
  onTestFinished(() => ssh.close());
  await ssh.createRepo("widgets");
  const entry = repoConfig({ name: "widgets", url: ssh.url("widgets", FORGE), hostKey: ssh.hostKey });
  const gate = await startGate({ ssh, repos: [entry], sidecar: { quotas } });
  const place = new GitPlace(gate.environment);
  onTestFinished(() => place.close());
  const repo = await place.clone(gate.url("widgets"), "clone");
  return { ssh, repo, codes: () => gate.events.map((event) => ("code" in event ? event.code : undefined)) };
}

test("a push that would send more than the bottle's quota of bytes is refused, and one within it goes", async () => {
  const { ssh, repo, codes } = await cloneWith({ bytesOut: { hard: 300_000, per: "hour" } });
  await repo.commit("small", { "small.bin": randomBytes(20_000) });
  expect(await repo.run(["push", "origin", "HEAD:refs/heads/small"])).toMatchObject({ code: 0 });
  await repo.commit("large", { "large.bin": randomBytes(400_000) });
  const { code, stderr } = await repo.run(["push", "origin", "HEAD:refs/heads/large"]);
  expect(code).not.toBe(0);
  expect(stderr).toContain("egress.quota_exceeded");
  expect(codes()).toContain("egress.quota_exceeded");
  expect(ssh.receivePacks()).toBe(1);
});

test("requests to the gate are among the bottle's requests", async () => {
  const { repo, codes } = await cloneWith({ requests: { hard: 4, per: "hour" } });
  const tries = await Promise.all([repo.run(["fetch"]), repo.run(["fetch"]), repo.run(["fetch"])]);
  expect(tries.map(({ code }) => code)).toContain(128);
  expect(tries.map(({ stderr }) => stderr).join("")).toContain("egress.quota_exceeded");
  expect(codes()).toContain("egress.quota_exceeded");
});
