import type { Sieved } from "../simd/sieve.ts";
import { BASE32_LOWER, BASE32_PHASES, BASE32_UPPER, decodeBase32 } from "./base32.ts";
import { tellingBase32 } from "./base32-phases.ts";
import { byteLists, LIST } from "./byte-lists.ts";
import { ClassRuns } from "./class-runs.ts";
import type { DecodedRun } from "./encoded-runs.ts";
import { BASE32_CHARS, LIST_CHARS } from "./limits.ts";
import { isTelling } from "./telling.ts";

/** Encodings that few texts have: base32 in either case, and bytes as a list of numbers. */
export class SparseRuns {
  readonly #upper: ClassRuns;
  readonly #lower: ClassRuns;
  readonly #lists: ClassRuns;

  constructor(take: (run: DecodedRun) => void) {
    const give = (decoded: Buffer, encoding: DecodedRun["encoding"], start: number, end: number) =>
      take({ decoded, encoding, start, end, lane: 0, known: 0, telling: true, plain: true });
    const base32 = (run: Buffer, start: number, end: number) => {
      const phases = tellingBase32(run);
      for (let phase = 0; phase < BASE32_PHASES; phase++) {
        if (((phases >> phase) & 1) === 0) continue;
        const decoded = decodeBase32(run, phase);
        if (isTelling(decoded)) give(decoded, "base32", start, end);
      }
    };
    this.#upper = new ClassRuns(BASE32_UPPER, BASE32_CHARS, base32);
    this.#lower = new ClassRuns(BASE32_LOWER, BASE32_CHARS, base32);
    this.#lists = new ClassRuns(LIST, LIST_CHARS, (run, start, end) => {
      const { hex, decimal } = byteLists(run);
      if (hex) give(hex, "hex list", start, end);
      if (decimal) give(decimal, "decimal list", start, end);
    });
  }

  get open(): number {
    return Math.min(this.#upper.open, this.#lower.open, this.#lists.open);
  }

  write(bytes: Buffer, last: boolean, { uppers, lowers, lists }: Sieved): void {
    this.#upper.write(bytes, last, uppers);
    this.#lower.write(bytes, last, lowers);
    this.#lists.write(bytes, last, lists);
  }

  settle(): void {
    this.#upper.settle();
    this.#lower.settle();
    this.#lists.settle();
  }
}
