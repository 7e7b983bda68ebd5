import { execFileSync } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Fault } from "../../../src/base/fault.ts";
import { readKeyFile } from "../../../src/launch/git-keys/key-file.ts";
import { KEY_FILE_BYTES } from "../../../src/launch/git-keys/limits.ts";
import { newKey } from "../../../src/launch/git-keys/new-key.ts";

let folder = "";
let path = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "keys-"));
  path = join(folder, "id");
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const WHAT = "git-gate.repos.widgets.key";
const read = (written = path, env: NodeJS.ProcessEnv = {}) => readKeyFile(written, WHAT, env).reveal();

/** What the operator reads. */
function refusal(written = path, env: NodeJS.ProcessEnv = {}): string {
  try {
    read(written, env);
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    expect(error.exitCode).toBe(2);
    return `${error.message} → ${error.mend}`;
  }
  throw new Error("it was taken");
}

function keygen(...args: string[]): void {
  execFileSync("ssh-keygen", ["-q", "-f", path, ...args], { stdio: "ignore" });
}

function put(text: string | Buffer, mode = 0o600): void {
  writeFileSync(path, text, { mode });
}

describe("a key file of the operator's", () => {
  test.each([
    ["ed25519", ["-t", "ed25519", "-N", ""]],
    ["ecdsa", ["-t", "ecdsa", "-N", ""]],
    ["rsa", ["-t", "rsa", "-b", "2048", "-N", ""]],
    ["rsa in PEM", ["-t", "rsa", "-b", "2048", "-m", "PEM", "-N", ""]],
    ["rsa in PKCS #8", ["-t", "rsa", "-b", "2048", "-m", "PKCS8", "-N", ""]],
  ])("is taken as ssh-keygen wrote it: %s", (_, args) => {
    keygen(...args);
    expect(read()).toBe(readFileSync(path, "utf8"));
  });

  test("may begin with ~/, have Windows' line ends and lack the last one: ssh gets it right", () => {
    const pem = newKey("k", "c").privateKey.reveal();
    put(pem.trimEnd().replaceAll("\n", "\r\n"));
    expect(read("~/id", { HOME: folder })).toBe(pem);
  });

  test.each([
    ["an OpenSSH key", ["-t", "ed25519", "-N", "long enough"]],
    ["a PEM key", ["-t", "rsa", "-b", "2048", "-m", "PEM", "-N", "long enough"]],
    ["a PKCS #8 key", ["-t", "rsa", "-b", "2048", "-m", "PKCS8", "-N", "long enough"]],
  ])("is refused with a passphrase, and the way out is said: %s", (_, args) => {
    keygen(...args);
    expect(refusal()).toMatch(/has a passphrase.* → make the gate a key of its own.*ssh-keygen/);
  });

  test.each(["640", "604", "660", "601"])("is refused with mode %s", (mode) => {
    put(newKey("k", "c").privateKey.reveal());
    chmodSync(path, Number.parseInt(mode, 8));
    expect(refusal()).toContain(`can be read by others → run: chmod 600 '${path}'`);
  });

  test("is refused when it is missing, a folder, a pipe, too large, or in no folder", () => {
    expect(refusal()).toContain(`${WHAT}: ${path} does not exist`);
    expect(refusal(join(path, "x"))).toContain("does not exist");
    mkdirSync(path);
    expect(refusal()).toContain("is no file");
    rmSync(path, { recursive: true });
    execFileSync("mkfifo", ["-m", "600", path]);
    expect(refusal()).toContain("is no file");
    rmSync(path);
    put(Buffer.alloc(KEY_FILE_BYTES + 1, 0x20));
    expect(refusal()).toContain("is over");
    put("x");
    expect(refusal(join(path, "x"))).toContain("does not exist");
  });

  test("is refused when it is no key that could be used, and never shown", () => {
    const key = newKey("k", "c");
    put(`${key.publicKey} comment\n`);
    expect(refusal()).toContain("is a public key");
    put("PuTTY-User-Key-File-3: ssh-ed25519\n");
    expect(refusal()).toContain("puttygen");
    const pem = key.privateKey.reveal();
    for (const text of [
      "",
      "-----BEGIN OPENSSH PRIVATE KEY-----",
      pem.replace("OPENSSH PRIVATE", "PRIVATE"),
      `${pem}${pem}`,
      `# mine\n${pem}`,
      generateKeyPairSync("ed25519").publicKey.export({ type: "spki", format: "pem" }).toString(),
    ]) {
      put(text);
      expect(refusal()).toContain("holds no private key");
    }
  });

  test("is refused wherever it was cut off, and with any of its first bytes changed", () => {
    const [head = "", ...rest] = newKey("k", "c").privateKey.reveal().trimEnd().split("\n");
    const tail = rest.pop() ?? "";
    const bytes = Buffer.from(rest.join(""), "base64");
    const armoured = (body: Buffer) => `${head}\n${body.toString("base64")}\n${tail}\n`;
    put(armoured(bytes));
    expect(read()).toBe(armoured(bytes));
    for (let length = 1; length < bytes.length; length += 7) {
      put(armoured(bytes.subarray(0, length)));
      expect(refusal()).toMatch(/holds no private key|has a passphrase/);
    }
    const touched = Buffer.from(bytes);
    touched.write("sk-", touched.indexOf("ssh-ed25519"));
    put(armoured(touched));
    expect(refusal()).toContain("needs a security key to be touched");
    // as far as the key's type: what follows is the key's own
    for (let at = 0; at < 43; at += 1) {
      const changed = Buffer.from(bytes);
      changed[at] = (changed[at] ?? 0) ^ 0x55;
      put(armoured(changed));
      expect(refusal()).toMatch(/holds no private key|has a passphrase/);
    }
  });

  test.runIf(process.getuid?.() === 0)("is refused from another user, but not from who called sudo", () => {
    put(newKey("k", "c").privateKey.reveal());
    chownSync(path, 4711, 4711);
    expect(refusal()).toContain(`belongs to another user (uid 4711) → run: sudo chown 0 '${path}'`);
    expect(refusal(path, { SUDO_UID: "1234" })).toContain("another user");
    expect(read(path, { SUDO_UID: "4711" })).toContain("OPENSSH");
    expect(existsSync(path)).toBe(true);
  });
});
