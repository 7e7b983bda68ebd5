/** Characters of base64 in a row from which on they may be reported for their randomness alone; fewer say too little. */
export const LEAST_BASE64_CHARS = 20;

/** Hex digits in a row from which on they may be; fewer say too little. */
export const LEAST_HEX_CHARS = 24;

/** Characters in a row up to which they may be; more are data, no secret. */
export const MOST_CHARS = 256;

/** Bits a character that base64 must exceed, as secretlint's, detect-secrets' and truffleHog's. */
export const BASE64_BITS = 4.5;

/** Bits a digit that hex must exceed. */
export const HEX_BITS = 3;

/** Places of one text that are reported; more are left out. */
export const REPORTED_COUNT = 4;
