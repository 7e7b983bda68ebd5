import { BASE32_LOWER, BASE32_PHASES, BASE32_UPPER, decodeBase32 } from "./base32.ts";
import { byteLists, LIST } from "./byte-lists.ts";
import { ClassRuns, nextOf } from "./class-runs.ts";
import { ClassSieve, SIEVED_BYTES } from "./class-sieve.ts";
import type { DecodedRun } from "./encoded-runs.ts";
import { BASE32_CHARS, LIST_CHARS } from "./limits.ts";
import { isTelling } from "./telling.ts";

/** Their order is that of the bits. */
const SIEVE = new ClassSieve([BASE32_UPPER, BASE32_LOWER, LIST], [BASE32_CHARS, BASE32_CHARS, LIST_CHARS]);

/** Encodings that few texts have: base32 in either case, and bytes as a list of numbers. */
export class SparseRuns {
  readonly #runs: readonly ClassRuns[];

  constructor(take: (run: DecodedRun) => void) {
    const give = (decoded: Buffer, encoding: DecodedRun["encoding"], start: number, end: number) =>
      take({ decoded, encoding, start, end, lane: 0, known: 0, telling: true, plain: true });
    const base32 = (run: Buffer, start: number, end: number) => {
      for (let phase = 0; phase < BASE32_PHASES; phase++) {
        const decoded = decodeBase32(run, phase);
        if (isTelling(decoded)) give(decoded, "base32", start, end);
      }
    };
    this.#runs = [
      new ClassRuns(BASE32_UPPER, BASE32_CHARS, base32),
      new ClassRuns(BASE32_LOWER, BASE32_CHARS, base32),
      new ClassRuns(LIST, LIST_CHARS, (run, start, end) => {
        const { hex, decimal } = byteLists(run);
        if (hex) give(hex, "hex list", start, end);
        if (decimal) give(decimal, "decimal list", start, end);
      }),
    ];
  }

  get open(): number {
    let open = Number.POSITIVE_INFINITY;
    for (const runs of this.#runs) open = Math.min(open, runs.open);
    return open;
  }

  write(bytes: Buffer, last: boolean): void {
    if (bytes.length <= SIEVED_BYTES) this.#write(bytes, last);
    else
      for (let from = 0; from < bytes.length; from += SIEVED_BYTES)
        this.#write(bytes.subarray(from, from + SIEVED_BYTES), last && from + SIEVED_BYTES >= bytes.length);
  }

  #write(bytes: Buffer, last: boolean): void {
    const may = SIEVE.look(bytes);
    for (const [number, runs] of this.#runs.entries()) runs.write(bytes, last, ((may >> number) & 1) === 0);
  }

  settle(): void {
    for (const runs of this.#runs) runs.settle();
  }
}

/** Whether a whole text may hold any. */
export function mayHoldSparse(text: Buffer): boolean {
  if (text.length <= SIEVED_BYTES && SIEVE.look(text) === 0) return false;
  return (
    nextOf(BASE32_UPPER, BASE32_CHARS, text, 0) <= text.length - BASE32_CHARS ||
    nextOf(BASE32_LOWER, BASE32_CHARS, text, 0) <= text.length - BASE32_CHARS ||
    nextOf(LIST, LIST_CHARS, text, 0) <= text.length - LIST_CHARS
  );
}
