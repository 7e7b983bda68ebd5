/**
 * Words that stand in for a secret in documentation, in templates and in the values that a bottle's agent is given in
 * a credential's place. Chance puts a word of six letters into one random token of 36 characters in a hundred million.
 */
const STAND_INS =
  /example|placeholder|redacted|changeme|replace|insert|dummy|sample|x{6}|your[_-]|my[_-]|[_-]here|0123456789|1234567890|abcdefgh|deadbeef|\.{4}|\*{4}|qwerty/i;

/** What is in every token that jwt.io and its copies show: a subject of 1234567890. */
const JWT_SAMPLE = /IjEyMzQ1Njc4OTAi|iMTIzNDU2Nzg5MC|xMjM0NTY3ODkw/;

export function isPlaceholder(secret: string): boolean {
  return STAND_INS.test(secret) || JWT_SAMPLE.test(secret);
}
