import { createHash, generateKeyPairSync, randomBytes } from "node:crypto";
import { Secret } from "../../base/secret.ts";
import { sshString } from "./ssh-wire.ts";

const TYPE = "ssh-ed25519";

export interface NewKey {
  /** OpenSSH's own PEM, as `ssh -i` reads it */
  readonly privateKey: Secret;
  /** `ssh-ed25519 AAAA…`, without a comment */
  readonly publicKey: string;
  /** SHA-256 of the public key, hex */
  readonly fingerprint: string;
}

/** An ed25519 key pair, made in memory. `name`: of the secret; `comment`: what the key says of itself, printable ASCII. */
export function newKey(name: string, comment: string): NewKey {
  const { privateKey } = generateKeyPairSync("ed25519");
  const { d = "", x = "" } = privateKey.export({ format: "jwk" });
  const seed = Buffer.from(d, "base64url");
  const point = Buffer.from(x, "base64url");
  const publicBlob = Buffer.concat([sshString(TYPE), sshString(point)]);
  const pem = openSshPem({ seed, point, publicBlob, check: randomBytes(4), comment });
  return {
    privateKey: new Secret(name, pem),
    publicKey: `${TYPE} ${publicBlob.toString("base64")}`,
    fingerprint: createHash("sha256").update(publicBlob).digest("hex"),
  };
}

/**
 * `openssh-key-v1`, neither enciphered nor with a passphrase. Source: PROTOCOL.key of OpenSSH; RFC 8709 for the key
 * itself, whose private part is the seed and the public point.
 */
function openSshPem(parts: {
  readonly seed: Buffer;
  readonly point: Buffer;
  readonly publicBlob: Buffer;
  /** four bytes, written twice: who decrypts with a wrong key sees that they differ */
  readonly check: Buffer;
  readonly comment: string;
}): string {
  const { seed, point, publicBlob, check, comment } = parts;
  const secret = Buffer.concat([
    check,
    check,
    publicBlob,
    sshString(Buffer.concat([seed, point])),
    sshString(comment),
  ]);
  // to a whole block of 8, with 1, 2, 3, …
  const padding = Buffer.from([...Array((8 - (secret.length % 8)) % 8).keys()].map((at) => at + 1));
  const one = Buffer.from([0, 0, 0, 1]);
  const key = Buffer.concat([
    Buffer.from("openssh-key-v1\0"),
    sshString("none"),
    sshString("none"),
    sshString(""),
    one,
    sshString(publicBlob),
    sshString(Buffer.concat([secret, padding])),
  ]);
  const lines = key.toString("base64").match(/.{1,70}/g) ?? [];
  return ["-----BEGIN OPENSSH PRIVATE KEY-----", ...lines, "-----END OPENSSH PRIVATE KEY-----", ""].join(
    "\n",
  );
}
