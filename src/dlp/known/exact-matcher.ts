import type { SecretForm } from "./known-index.ts";

/** A secret of too few letters and digits to be searched for by them. */
export interface ExactSecret {
  readonly form: SecretForm;
  readonly bytes: Buffer;
}

/** Searches one text, as it comes, for secrets that are mostly other characters, as they stand. */
export class ExactMatcher {
  readonly #secrets: readonly ExactSecret[];
  readonly #found: (form: SecretForm, start: number, end: number) => void;
  readonly #most: number;
  #total = 0;
  #open = 0;
  /** the last bytes of what came, fewer than the longest secret has */
  #tail: Buffer = EMPTY;

  constructor(
    secrets: readonly ExactSecret[],
    found: (form: SecretForm, start: number, end: number) => void,
  ) {
    this.#secrets = secrets;
    this.#found = found;
    this.#most = Math.max(...secrets.map(({ bytes }) => bytes.length)) - 1;
  }

  /** Text offset of the first byte of what may become a secret; all bytes seen when nothing may. */
  get open(): number {
    return this.#open;
  }

  write(bytes: Buffer, last: boolean): void {
    const text = this.#tail.length === 0 ? bytes : Buffer.concat([this.#tail, bytes]);
    const base = this.#total - this.#tail.length;
    this.#total += bytes.length;
    this.#open = this.#total;
    for (const secret of this.#secrets) this.#search(secret, text, base, last);
    this.#tail = last ? EMPTY : Buffer.from(text.subarray(Math.max(0, text.length - this.#most)));
  }

  /** What is not whole may go. */
  settle(): void {
    this.#open = this.#total;
  }

  #search({ form, bytes }: ExactSecret, text: Buffer, base: number, last: boolean): void {
    const known = this.#tail.length;
    for (let at = text.indexOf(bytes); at >= 0; at = text.indexOf(bytes, at + 1))
      if (at + bytes.length > known) this.#found(form, base + at, base + at + bytes.length);
    if (last) return;
    // the longest end of the text that the secret begins with
    for (let at = Math.max(0, text.length - bytes.length + 1); at <= text.length - HELD_BYTES; at++) {
      if (text.compare(bytes, 0, text.length - at, at) !== 0) continue;
      this.#open = Math.min(this.#open, base + at);
      return;
    }
  }
}

/** Bytes that have to have come before they are held back. */
const HELD_BYTES = 2;
const EMPTY = Buffer.alloc(0);
