import { crc32 } from "node:zlib";

const BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/**
 * The last six characters of GitHub's and npm's tokens are the CRC-32 of the thirty before them, in base 62
 * (https://github.blog/2021-04-05-behind-githubs-new-authentication-token-formats/).
 */
export function hasGithubChecksum(token: string): boolean {
  let rest = crc32(token.slice(-36, -6));
  let digits = "";
  for (let at = 0; at < 6; at++) {
    digits = `${BASE62[rest % 62] ?? ""}${digits}`;
    rest = Math.floor(rest / 62);
  }
  return token.endsWith(digits);
}
