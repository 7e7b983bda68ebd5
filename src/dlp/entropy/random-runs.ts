import { entropyOf } from "../patterns/entropy.ts";
import { isPlaceholder } from "../patterns/placeholders.ts";
import {
  BASE64_BITS,
  HEX_BITS,
  LEAST_BASE64_CHARS,
  LEAST_HEX_CHARS,
  MOST_CHARS,
  REPORTED_COUNT,
} from "./limits.ts";

/** 1: a character of base64, either alphabet, or of a UUID. */
const RUN = new Uint8Array(256);
for (const byte of Buffer.from("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_="))
  RUN[byte] = 1;

const HEX = /^[0-9a-fA-F]+$/;
const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
/** MD5, SHA-1 (git's names), SHA-224, SHA-256, SHA-384 and SHA-512 in hex. */
const DIGESTS: ReadonlySet<number> = new Set([32, 40, 56, 64, 96, 128]);
/** Subresource integrity, as lock files have it. */
const INTEGRITY = /^sha(?:1|256|384|512)-/;
/** Words put together, paths: of each part a word is left. */
const WORDS = /^[A-Za-z]*[a-z]{3,}[A-Za-z]*\d{0,4}$/;

/**
 * Reports characters that are as random as a secret's, in a text as it comes: gitleaks' and truffleHog's measure. It is a
 * hint, nothing more: UUIDs, digests in hex, names of git's objects and words are passed over, and so is what is long.
 */
export class RandomRuns {
  readonly #found: (start: number, end: number) => void;
  #run = "";
  #total = 0;
  #reported = 0;

  /** `found`: where in the text */
  constructor(found: (start: number, end: number) => void) {
    this.#found = found;
  }

  /** `last`: the text, or a message of it, ends here. */
  write(bytes: Buffer, last = false): void {
    let at = 0;
    while (at < bytes.length && this.#reported < REPORTED_COUNT) {
      let end = at;
      while (end < bytes.length && RUN[bytes[end] as number] === 1) end++;
      if (end > at && this.#run.length <= MOST_CHARS)
        this.#run += bytes.toString("latin1", at, Math.min(end, at + MOST_CHARS + 1));
      if (end < bytes.length) this.#judge(this.#total + end);
      at = end + 1;
    }
    this.#total += bytes.length;
    if (last) this.#judge(this.#total);
  }

  #judge(end: number): void {
    const run = this.#run;
    this.#run = "";
    if (run.length > MOST_CHARS || !isRandom(run)) return;
    this.#reported++;
    this.#found(end - run.length, end);
  }
}

function isRandom(run: string): boolean {
  if (HEX.test(run))
    return (
      run.length >= LEAST_HEX_CHARS && !DIGESTS.has(run.length) && entropyOf(run) > HEX_BITS && /\d/.test(run)
    );
  if (run.length < LEAST_BASE64_CHARS || entropyOf(run) <= BASE64_BITS) return false;
  if (!/[a-z]/.test(run) || !/[A-Z]/.test(run) || !/\d/.test(run)) return false;
  if (UUID.test(run) || INTEGRITY.test(run) || isPlaceholder(run)) return false;
  return !run.split(/[/_=+-]+/).every((part) => part.length < 4 || WORDS.test(part));
}
