import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { SignFailure } from "../../../src/sidecar/git-gate/sign/failure.ts";
import { SIGNATURE_BYTES } from "../../../src/sidecar/git-gate/sign/limits.ts";
import { sshSigner } from "../../../src/sidecar/git-gate/sign/ssh-signer.ts";
import { PlainPrograms } from "../plain-programs.ts";
import { SigningRepo } from "./signing-repo.ts";

describe("a signature of the launcher's", () => {
  let repo: SigningRepo;
  beforeEach(() => {
    repo = new SigningRepo();
  });
  afterEach(() => repo.close());

  const programs = (command: readonly string[]) => new PlainPrograms(() => ({ command }));
  const keygen = (key: string) => ["ssh-keygen", "-q", "-Y", "sign", "-n", "git", "-f", key];

  test("is what ssh-keygen prints", async () => {
    const payload = Buffer.from("tree x\n\nmessage\n");
    const made = await sshSigner(programs(keygen(repo.key)), "widgets")(payload);
    expect(made).toBe(await repo.sign(payload));
  });

  test("is refused when there is no key, and no program is left running", async () => {
    const plain = programs(keygen("/nonexistent"));
    await expect(sshSigner(plain, "widgets")(Buffer.from("x"))).rejects.toThrow(SignFailure);
    expect(plain.running.size).toBe(0);
  });

  test.each([
    ["nothing", ""],
    ["a line more", "-----BEGIN SSH SIGNATURE-----\nAA==\n-----END SSH SIGNATURE-----\nparent 1\n"],
    ["an empty line", "-----BEGIN SSH SIGNATURE-----\nAA==\n\n-----END SSH SIGNATURE-----\n"],
    ["a header", "-----BEGIN SSH SIGNATURE-----\nAA==\nx-evil: 1\n-----END SSH SIGNATURE-----\n"],
    ["another kind of armor", "-----BEGIN PGP SIGNATURE-----\nAA==\n-----END PGP SIGNATURE-----\n"],
    [
      "too much",
      `-----BEGIN SSH SIGNATURE-----\n${"A".repeat(SIGNATURE_BYTES)}\n-----END SSH SIGNATURE-----\n`,
    ],
  ])("is refused when it prints %s", async (_what, text) => {
    const printing = programs([process.execPath, "-e", `process.stdout.write(${JSON.stringify(text)})`]);
    await expect(sshSigner(printing, "widgets")(Buffer.from("x"))).rejects.toThrow(SignFailure);
  });
});
