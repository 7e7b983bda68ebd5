import { PLACE_COUNT } from "./limits.ts";

/** Where the bytes of what a text says stand in the text. */
export class Places {
  /** in turn: an offset of what is said, behind something spelled, and where that is in the text */
  #marks: number[];
  #said = 0;

  /** `start`: where the text begins. */
  constructor(start: number) {
    this.#marks = [0, start];
  }

  /** Behind something spelled: `said` bytes since the last `advance`, `at` in the text. */
  add(said: number, at: number): void {
    this.#marks.push(this.#said + said, at);
    if (this.#marks.length > 4 * PLACE_COUNT) this.#marks = this.#marks.slice(-2 * PLACE_COUNT);
  }

  /** Bytes said so far. */
  get said(): number {
    return this.#said;
  }

  advance(said: number): void {
    this.#said += said;
  }

  /** The place in the text of an offset of what is said, or of its end. */
  of(said: number): number {
    const marks = this.#marks;
    let low = 0;
    let high = marks.length / 2 - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((marks[2 * middle] as number) <= said) low = middle;
      else high = middle - 1;
    }
    return (marks[2 * low + 1] as number) + Math.max(0, said - (marks[2 * low] as number));
  }
}
