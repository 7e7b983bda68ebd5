import { readFileSync } from "node:fs";
import { expect, onTestFinished, test } from "vitest";
import { Secret } from "../../src/base/secret.ts";
import type { GitRepoPlan } from "../../src/plan/git.ts";
import { GitleaksFailure, GitleaksScan } from "../../src/sidecar/git-gate/gitleaks/scan.ts";
import { signObjects } from "../../src/sidecar/git-gate/sign/rewrite.ts";
import { sshSigner } from "../../src/sidecar/git-gate/sign/ssh-signer.ts";
import { PACKAGE } from "./gitleaks/plain-gitleaks.ts";
import { startHost } from "./host.ts";
import { SigningRepo } from "./sign/signing-repo.ts";

const WIDGETS: GitRepoPlan = {
  name: "widgets",
  url: "https://forge.example.com/team/widgets",
  upstream: { scheme: "https", user: undefined, host: "forge.example.com", port: 443, path: "/team/widgets" },
  key: { provider: "token", secret: "TOKEN" },
  hostKey: undefined,
  push: { allow: [], force: false, delete: false, tags: false, hold: [] },
  scanner: undefined,
  sign: undefined,
  source: "dev.md:1",
};

test("gitleaks finds in its sandbox what it finds outside of one, and says there why it can't", async () => {
  const { programs } = await startHost({ repos: [WIDGETS], keys: new Map(), gitleaks: PACKAGE });
  const run = await GitleaksScan.start(programs, undefined);
  await run.begin({ surface: "blob", oid: "a" });
  await run.write(Buffer.from(`\n${["ghp", "R2D2C3PO1234LukeSkywalkerHanSoloYoda"].join("_")}\n`));
  expect(await run.finish()).toMatchObject([{ detector: "gitleaks", rule: "github-pat", oid: "a", line: 2 }]);
  const broken = await GitleaksScan.start(programs, "this is = = no toml");
  await expect(broken.finish()).rejects.toThrow(/toml/i);
});

test("without gitleaks on the machine a scan by it is a failure", async () => {
  const { programs } = await startHost({ repos: [WIDGETS], keys: new Map() });
  const started = GitleaksScan.start(programs, undefined);
  await expect(started).rejects.toThrow(GitleaksFailure);
});

test("ssh-keygen signs in its sandbox with a key that the sidecar never has", async () => {
  const repo = new SigningRepo();
  onTestFinished(() => repo.close());
  const key = new Secret("sign", readFileSync(repo.key, "utf8"));
  const { programs } = await startHost({
    repos: [WIDGETS],
    keys: new Map(),
    signKeys: new Map([["widgets", key]]),
  });
  const commit = repo.commit("mine");
  const objects = repo.objects(commit);
  const signed = await signObjects({
    format: "sha1",
    tips: [commit],
    objects,
    sign: sshSigner(programs, "widgets"),
  });
  repo.keep(signed);
  repo.git("verify-commit", signed.ids.get(commit) ?? "");
});
