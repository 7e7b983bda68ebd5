import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { newKey } from "../../../src/launch/git-keys/new-key.ts";

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "keys-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function keygen(...args: string[]): string {
  return execFileSync("ssh-keygen", args, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] }).trim();
}

function written(pem: string): string {
  const path = join(folder, "key");
  rmSync(path, { force: true });
  writeFileSync(path, pem, { mode: 0o600 });
  return path;
}

describe("a key made for one bottle", () => {
  test("is one ssh-keygen reads, whatever its comment's length, and has the public half that is registered", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCharCode(code)) }),
        (comment) => {
          const key = newKey("deploy key", comment);
          const path = written(key.privateKey.reveal());
          expect(keygen("-y", "-P", "", "-f", path).split(" ").slice(0, 2).join(" ")).toBe(key.publicKey);
          const digest = Buffer.from(key.fingerprint, "hex").toString("base64").replace(/=+$/, "");
          expect(keygen("-l", "-f", path)).toContain(`SHA256:${digest} `);
        },
      ),
      { numRuns: 24 },
    );
  });

  test("signs: its private half belongs to its public one", () => {
    const key = newKey("deploy key", "bot-bottle dev-abc12");
    const path = written(key.privateKey.reveal());
    const payload = join(folder, "payload");
    writeFileSync(payload, "payload");
    rmSync(`${payload}.sig`, { force: true });
    keygen("-Y", "sign", "-n", "git", "-f", path, payload);
    const signers = join(folder, "signers");
    writeFileSync(signers, `who ${key.publicKey}\n`);
    const verified = execFileSync(
      "ssh-keygen",
      ["-Y", "verify", "-n", "git", "-f", signers, "-I", "who", "-s", `${payload}.sig`],
      { input: "payload", encoding: "utf8" },
    );
    expect(verified).toContain('Good "git" signature for who');
  });

  test("is another one each time, and prints as its name", () => {
    const keys = [...Array(50).keys()].map(() => newKey("deploy key", "c"));
    expect(new Set(keys.map(({ fingerprint }) => fingerprint)).size).toBe(keys.length);
    expect(JSON.stringify(keys[0]?.privateKey)).toBe('"[secret deploy key]"');
  });
});
