/**
 * Words that stand in for a secret in documentation, in templates and in the values that a bottle's agent is given in
 * a credential's place. Chance puts a word of six letters into one random token of 36 characters in a hundred million.
 */
const STAND_INS =
  /example|placeholder|redacted|changeme|replace|insert|dummy|sample|x{6}|your[_-]|my[_-]|[_-]here|0123456789|1234567890|abcdefgh|deadbeef|\.{4}|\*{4}|qwerty/i;

/** What is in every token that jwt.io and its copies show: a subject of 1234567890. */
const JWT_SAMPLE = /IjEyMzQ1Njc4OTAi|iMTIzNDU2Nzg5MC|xMjM0NTY3ODkw/;

export function isPlaceholder(secret: string): boolean {
  return STAND_INS.test(secret);
}

/** Its signature covers the subject: a real token can't be given this one to pass. */
export function isSampleJwt(jwt: string): boolean {
  return JWT_SAMPLE.test(jwt.slice(0, 400));
}

const SAMPLE_PASSWORD =
  /^(?:(?:my|your|the|db|user|some|super|test)[_-]?)?(?:password|passwd|passw0rd|p@ssw0rd|secret|postgres|postgresql|rootroot|adminadmin|localhost|mongodb|changeit)[0-9!]{0,4}$/i;

/** The passwords that examples of connection URLs show, as a whole. */
export function isSamplePassword(password: string): boolean {
  return SAMPLE_PASSWORD.test(password);
}
