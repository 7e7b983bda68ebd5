import type { DecodedRun } from "./encoded-runs.ts";

/** Bytes that are gathered, and runs. */
const ROOM_BYTES = 4096;
const ROOM_RUNS = 256;
/** Stands between what two runs say: it is no text, and no part of anything encoded. */
const BETWEEN = 0xff;
/** So few runs are read one by one where something is in one of them. */
const FEW_RUNS = 32;

/** What a run says, without what only long ones need. */
export type ShortRun = Pick<DecodedRun, "decoded" | "encoding" | "start" | "end" | "plain">;

/**
 * What many short runs say, one behind the other: one look tells that nothing is in any of them, where a look at each
 * would take longer than all else.
 */
export class GatheredRuns {
  readonly #bytes = Buffer.allocUnsafeSlow(ROOM_BYTES);
  /** of each run, where it begins in the bytes; one more: where the next one will */
  readonly #begins = new Int32Array(ROOM_RUNS + 1);
  readonly #starts = new Float64Array(ROOM_RUNS);
  readonly #ends = new Float64Array(ROOM_RUNS);
  readonly #hex = new Uint8Array(ROOM_RUNS);
  readonly #plain = new Uint8Array(ROOM_RUNS);
  #count = 0;

  /** Whether `length` bytes more have room. */
  hasRoom(length: number): boolean {
    return this.#count < ROOM_RUNS && (this.#begins[this.#count] as number) + length < ROOM_BYTES;
  }

  /** `said`: what the run from `start` to `end` says in its first `length` bytes, for which there is room. */
  add(said: Buffer, length: number, hex: boolean, start: number, end: number, plain: boolean): void {
    const run = this.#count++;
    const at = this.#begins[run] as number;
    said.copy(this.#bytes, at, 0, length);
    this.#bytes[at + length] = BETWEEN;
    this.#begins[run + 1] = at + length + 1;
    this.#starts[run] = start;
    this.#ends[run] = end;
    this.#hex[run] = hex ? 1 : 0;
    this.#plain[run] = plain ? 1 : 0;
  }

  /**
   * Reads the runs in which something may be, in their order. `holdsNothing`: whether nothing is in any of the runs of
   * which the bytes are.
   */
  empty(holdsNothing: (bytes: Buffer) => boolean, read: (run: ShortRun) => void): void {
    const count = this.#count;
    this.#count = 0;
    if (count > 0) this.#look(0, count, holdsNothing, read);
  }

  #look(
    from: number,
    to: number,
    holdsNothing: (bytes: Buffer) => boolean,
    read: (run: ShortRun) => void,
  ): void {
    if (holdsNothing(this.#bytes.subarray(this.#begins[from], this.#begins[to]))) return;
    if (to - from > FEW_RUNS) {
      const middle = (from + to) >> 1;
      this.#look(from, middle, holdsNothing, read);
      this.#look(middle, to, holdsNothing, read);
    } else
      for (let run = from; run < to; run++)
        read({
          decoded: this.#bytes.subarray(this.#begins[run], (this.#begins[run + 1] as number) - 1),
          encoding: this.#hex[run] === 1 ? "hex" : "base64",
          start: this.#starts[run] as number,
          end: this.#ends[run] as number,
          plain: this.#plain[run] === 1,
        });
  }
}

/** Those that are empty: few are filled at once, one for each encoding inside another. */
const FREE: GatheredRuns[] = [];

export function takeGathered(): GatheredRuns {
  return FREE.pop() ?? new GatheredRuns();
}

/** It is empty, and is asked no more. */
export function freeGathered(gathered: GatheredRuns): void {
  FREE.push(gathered);
}
