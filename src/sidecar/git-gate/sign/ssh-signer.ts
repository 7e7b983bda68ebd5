import type { Readable } from "node:stream";
import { printable } from "../../../base/printable.ts";
import type { GitPrograms } from "../programs.ts";
import { SignFailure } from "./failure.ts";
import { SIGN_MS, SIGNATURE_BYTES } from "./limits.ts";

/** PROTOCOL.sshsig's armor; what else a line could hold would become a part of the commit. */
const ARMORED =
  /^-----BEGIN SSH SIGNATURE-----\n(?:[A-Za-z0-9+/]{1,76}\n)*[A-Za-z0-9+/]{1,76}={0,2}\n-----END SSH SIGNATURE-----\n$/;

/** Signs with a repository's key, which the sidecar doesn't have: the launcher runs `ssh-keygen`. Throws `SignFailure`. */
export function sshSigner(programs: GitPrograms, repo: string): (payload: Buffer) => Promise<string> {
  return async (payload) => {
    const process = await programs.start({ op: "sign", repo });
    const timer = setTimeout(() => process.kill(), SIGN_MS);
    try {
      process.stdin.end(payload);
      const [text, { code, stderr }] = await Promise.all([textOf(process.stdout), process.exited]);
      if (code !== 0)
        throw new SignFailure(`ssh-keygen did not sign: ${printable(stderr) || `it ended with ${code}`}`);
      const signature = text.replaceAll("\r\n", "\n");
      if (!ARMORED.test(signature)) throw new SignFailure("ssh-keygen did not print a signature");
      return signature;
    } finally {
      clearTimeout(timer);
      process.kill();
    }
  };
}

/** As much of it as a signature may be long. */
async function textOf(stream: Readable): Promise<string> {
  const parts: Buffer[] = [];
  let length = 0;
  try {
    for await (const part of stream as AsyncIterable<Buffer>) {
      if (length + part.length <= SIGNATURE_BYTES) parts.push(part);
      length += part.length;
    }
  } catch {
    // how it ended, `exited` says
  }
  return length > SIGNATURE_BYTES ? "" : Buffer.concat(parts).toString("latin1");
}
