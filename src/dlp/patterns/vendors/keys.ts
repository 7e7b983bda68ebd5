import { isSampleJwt } from "../placeholders.ts";
import { type Rule, token } from "../rule.ts";

/** Keys and tokens that no vendor gives out. */
export const KEYS: readonly Rule[] = [
  token(
    "private-key",
    "Private key in PEM",
    "-----BEGIN (?:(?:RSA|DSA|EC|OPENSSH|ENCRYPTED|PGP) )?PRIVATE KEY(?: BLOCK)?-----([A-Za-z0-9+/=\\s\\\\:,.()-]{64,4000})",
    ["-----begin "],
    "RFC 7468 §10, RFC 5958; OpenSSH PROTOCOL.key; RFC 9580 §6.2",
    { until: "-----END", entropy: 3.5 },
  ),
  token(
    "age-secret-key",
    "age identity",
    "(AGE-SECRET-KEY-1[QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L]{58})",
    ["age-secret-key-1"],
    "https://github.com/C2SP/C2SP/blob/main/age.md",
  ),
  token(
    "jwt",
    "JSON Web Token",
    "\\b(eyJ[\\w-]{14,4000}\\.eyJ[\\w-]{14,4000}\\.[\\w-]{20,1024})",
    ["eyj"],
    'RFC 7519 §3, RFC 7515 §3.1: base64url of {" begins with eyJ',
    { check: (jwt) => !isSampleJwt(jwt) },
  ),
];
