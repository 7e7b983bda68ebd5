import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { Secret } from "../../src/base/secret.ts";
import { GitPlace } from "../support/git-repo.ts";
import { startSshUpstream } from "../support/ssh-upstream.ts";
import { FORGE, repoConfig, startGate } from "./harness.ts";

test("what goes to the upstream is signed by the gate with a key no bottle has, and the pusher is told its new id", async () => {
  const ssh = await startSshUpstream();
  const place = new GitPlace({ GIT_SSH_COMMAND: ssh.sshCommand });
  onTestFinished(async () => {
    place.close();
    await ssh.close();
  });
  await ssh.createRepo("widgets");
  const keyFile = join(place.root, "signing");
  execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "", "-f", keyFile]);
  const signing = new Secret("signing", readFileSync(keyFile, "utf8"));
  const entry = repoConfig({
    name: "widgets",
    url: ssh.url("widgets", FORGE),
    hostKey: ssh.hostKey,
    push: { tags: true },
    sign: { key: keyFile },
  });
  const gate = await startGate({ ssh, repos: [entry], host: { signKeys: new Map([["widgets", signing]]) } });
  const bottle = new GitPlace(gate.environment);
  onTestFinished(() => bottle.close());
  const repo = await bottle.clone(gate.url("widgets"), "clone");
  await repo.commit("one", { "1.txt": "1\n" });
  const pushed = await repo.commit("two", { "2.txt": "2\n" });
  await repo.git("tag", "-a", "-m", "first", "v1");
  const { code, stderr } = await repo.run(["push", "origin", "HEAD:refs/heads/agent/x", "v1"]);
  expect(code, stderr).toBe(0);
  expect(stderr).toContain("were signed and have new ids");
  const signed = await ssh.git("widgets", ["rev-parse", "agent/x"]);
  expect(signed).not.toBe(pushed);
  // the tree and the message are as they were
  expect(await ssh.git("widgets", ["log", "--format=%T %s", "agent/x"])).toBe(
    await repo.git("log", "--format=%T %s", "HEAD"),
  );
  // as the message says: what was signed takes the place of what was not
  await repo.git("pull", "--rebase", "-q", "origin", "agent/x");
  expect(await repo.git("rev-parse", "HEAD")).toBe(signed);
  await repo.git("reset", "-q", "--hard", pushed);
  const allowed = join(place.root, "allowed_signers");
  writeFileSync(allowed, `* namespaces="git" ${readFileSync(`${keyFile}.pub`, "utf8")}`);
  const reader = await place.clone(ssh.url("widgets"), "reader");
  const verify = (...args: string[]) => reader.run(["-c", `gpg.ssh.allowedSignersFile=${allowed}`, ...args]);
  for (const what of [`verify-commit ${signed}`, `verify-commit ${signed}~1`, "verify-tag v1"])
    expect(await verify(...what.split(" ")), what).toMatchObject({ code: 0 });
  // the same commits again come to the same ids: nothing is left to push
  const again = await repo.run(["push", "origin", "HEAD:refs/heads/agent/y"]);
  expect(again.code, again.stderr).toBe(0);
  expect(await ssh.git("widgets", ["rev-parse", "agent/y"])).toBe(signed);
});
