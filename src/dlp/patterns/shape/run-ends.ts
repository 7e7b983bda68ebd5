import type { Window } from "../window.ts";
import type { ByteSet } from "./bytes.ts";

/** Where runs of the bytes of some sets end in one window: each byte is read once a set, however many keywords stand in it. */
export class RunEnds {
  readonly #ids = new Map<string, number>();
  readonly #versions: number[] = [];
  readonly #froms: number[] = [];
  /** as far as the run is known to go */
  readonly #ends: number[] = [];

  /** The number of a set; of two that are alike the same. */
  idOf(set: ByteSet): number {
    const key = Buffer.from(set).toString("latin1");
    const known = this.#ids.get(key);
    if (known !== undefined) return known;
    const id = this.#versions.length;
    this.#ids.set(key, id);
    this.#versions.push(0);
    this.#froms.push(0);
    this.#ends.push(0);
    return id;
  }

  /** The end of the run that begins at `from`, at most `to`. */
  endOf(id: number, set: ByteSet, { bytes, version }: Window, from: number, to: number): number {
    const isKnown = this.#versions[id] === version && (this.#froms[id] as number) <= from;
    let end = isKnown ? (this.#ends[id] as number) : -1;
    if (end >= to) return to;
    if (end < from) {
      this.#versions[id] = version;
      this.#froms[id] = from;
      end = from;
    }
    while (end < to && set[bytes[end] as number] === 1) end++;
    this.#ends[id] = end;
    return end;
  }
}
