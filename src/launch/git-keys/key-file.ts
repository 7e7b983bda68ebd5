import { createPrivateKey } from "node:crypto";
import { closeSync, constants, fstatSync, openSync, readSync, type Stats } from "node:fs";
import { usageFault } from "../../base/fault.ts";
import { printable } from "../../base/printable.ts";
import { Secret } from "../../base/secret.ts";
import { expandTilde } from "../expand-tilde.ts";
import { KEY_FILE_BYTES } from "./limits.ts";
import { SshReader } from "./ssh-wire.ts";

const OPENSSH =
  /^-----BEGIN OPENSSH PRIVATE KEY-----\n([A-Za-z0-9+/=\n]+)\n-----END OPENSSH PRIVATE KEY-----\n*$/;
const MAGIC = "openssh-key-v1\0";
const NO_PASSPHRASE = "make the gate a key of its own without one: ssh-keygen -t ed25519 -N '' -f FILE";

/**
 * A private key file of the operator's, for `key: {provider: static}` and `sign`: regular, theirs, readable by nobody
 * else, without a passphrase (SPEC §1, §5). `what` names the key of the manifest. Throws `Fault` (exit 2).
 */
export function readKeyFile(written: string, what: string, env: NodeJS.ProcessEnv): Secret {
  const path = expandTilde(written, env);
  const where = `${what}: ${printable(path)}`;
  const text = readPrivate(path, where, env).toString("latin1").replaceAll("\r\n", "\n").trim();
  const problem = problemOf(text);
  if (problem !== undefined) throw usageFault(`${where} ${problem.what}`, problem.mend);
  // ssh takes no key whose last line does not end
  return new Secret(what, `${text}\n`);
}

/** The bytes of the very file that was looked at, not of one put in its place. */
function readPrivate(path: string, where: string, env: NodeJS.ProcessEnv): Buffer {
  let fd: number;
  try {
    // not blocking: a FIFO would hold the launch up
    fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "";
    const missing = code === "ENOENT" || code === "ENOTDIR";
    throw usageFault(
      `${where} ${missing ? "does not exist" : `can't be read (${code})`}`,
      "name the private key file",
    );
  }
  try {
    const stats = fstatSync(fd);
    if (!stats.isFile()) throw usageFault(`${where} is no file`, "name the private key file");
    checkOwner(stats, where, path, env);
    if (stats.size > KEY_FILE_BYTES)
      throw usageFault(`${where} is over ${KEY_FILE_BYTES} bytes`, "name the private key file");
    const bytes = Buffer.alloc(KEY_FILE_BYTES);
    let length = 0;
    for (let got = -1; got !== 0 && length < bytes.length; length += got)
      got = readSync(fd, bytes, length, bytes.length - length, null);
    return bytes.subarray(0, length);
  } finally {
    closeSync(fd);
  }
}

function checkOwner({ mode, uid }: Stats, where: string, path: string, env: NodeJS.ProcessEnv): void {
  const shown = `'${printable(path, 1000).replaceAll("'", String.raw`'\''`)}'`;
  const own = process.getuid?.() ?? 0;
  const sudo = own === 0 && /^\d{1,10}$/.test(env.SUDO_UID ?? "") ? Number(env.SUDO_UID) : own;
  if (uid !== own && uid !== sudo && uid !== 0)
    throw usageFault(`${where} belongs to another user (uid ${uid})`, `run: sudo chown ${own} ${shown}`);
  if ((mode & 0o077) !== 0) throw usageFault(`${where} can be read by others`, `run: chmod 600 ${shown}`);
}

interface Problem {
  readonly what: string;
  readonly mend: string;
}

function problemOf(text: string): Problem | undefined {
  if (/^(?:ssh-|ecdsa-|sk-)\S+ AAAA/.test(text))
    return { what: "is a public key", mend: "name the private one beside it, without .pub" };
  if (text.startsWith("PuTTY-User-Key-File"))
    return { what: "is in PuTTY's format", mend: "export it as an OpenSSH key with puttygen" };
  const sealed = /^-----BEGIN ENCRYPTED PRIVATE KEY-----|^Proc-Type: 4,ENCRYPTED$/m.test(text);
  if (sealed) return { what: "has a passphrase, which nobody could type", mend: NO_PASSPHRASE };
  const openSsh = OPENSSH.exec(`${text}\n`)?.[1];
  return openSsh === undefined ? pemProblem(text) : openSshProblem(Buffer.from(openSsh, "base64"));
}

const NO_KEY: Problem = { what: "holds no private key", mend: "name a file that ssh-keygen made" };

/** The older formats: PKCS #1, SEC 1, PKCS #8. */
function pemProblem(text: string): Problem | undefined {
  if (!/^-----BEGIN (?:RSA |EC )?PRIVATE KEY-----\n/.test(text)) return NO_KEY;
  try {
    createPrivateKey(text);
    return undefined;
  } catch {
    return NO_KEY;
  }
}

/** PROTOCOL.key of OpenSSH. */
function openSshProblem(bytes: Buffer): Problem | undefined {
  try {
    const reader = new SshReader(bytes);
    if (reader.take(MAGIC.length).toString("latin1") !== MAGIC) return NO_KEY;
    const cipher = reader.string().toString("latin1");
    const kdf = reader.string().toString("latin1");
    reader.string();
    if (cipher !== "none" || kdf !== "none")
      return { what: "has a passphrase, which nobody could type", mend: NO_PASSPHRASE };
    if (reader.uint32() !== 1) return NO_KEY;
    const type = new SshReader(reader.string()).string().toString("latin1");
    if (type.startsWith("sk-")) return { what: "needs a security key to be touched", mend: NO_PASSPHRASE };
    const secret = new SshReader(reader.string());
    // written twice: PROTOCOL.key's own check that it was read well
    const [one, two] = [secret.uint32(), secret.uint32()];
    return one === two && secret.string().toString("latin1") === type ? undefined : NO_KEY;
  } catch (error) {
    if (error instanceof RangeError) return NO_KEY;
    throw error;
  }
}
