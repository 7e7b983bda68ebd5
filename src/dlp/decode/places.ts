import { PLACE_COUNT } from "./limits.ts";

/** Numbers for which there is room at first, in 64 bytes, which V8 makes fastest, and at most. */
const FIRST_MARKS = 8;
const MOST_MARKS = 4 * PLACE_COUNT;
/** Numbers for which there is still room in the next text. */
const KEPT_MARKS = 2048;

/** Where the bytes of what a text says stand in the text. */
export class Places {
  /** in turn: an offset of what is said, behind something spelled, and where that is in the text */
  #marks = NO_MARKS;
  #length = 0;
  #said = 0;
  #start = 0;

  /** Another text, which begins at `start`: what is known of the one before is of no interest. */
  restart(start: number): void {
    this.#start = start;
    this.#said = 0;
    this.#length = 0;
    if (this.#marks.length > KEPT_MARKS) this.#marks = NO_MARKS;
  }

  /** Behind something spelled: `said` bytes since the last `advance`, `at` in the text. */
  add(said: number, at: number): void {
    if (this.#length === 0 || this.#length === this.#marks.length) this.#makeRoom();
    this.#marks[this.#length] = this.#said + said;
    this.#marks[this.#length + 1] = at;
    this.#length += 2;
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
    if (this.#length === 0) return this.#start + said;
    let low = 0;
    let high = this.#length / 2 - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((marks[2 * middle] as number) <= said) low = middle;
      else high = middle - 1;
    }
    return (marks[2 * low + 1] as number) + Math.max(0, said - (marks[2 * low] as number));
  }

  #makeRoom(): void {
    if (this.#length === 0) {
      if (this.#marks === NO_MARKS) this.#marks = new Float64Array(FIRST_MARKS);
      this.#marks[0] = 0;
      this.#marks[1] = this.#start;
      this.#length = 2;
    } else if (this.#length < MOST_MARKS) {
      const marks = new Float64Array(Math.min(MOST_MARKS, 4 * this.#length));
      marks.set(this.#marks);
      this.#marks = marks;
    } else {
      this.#marks.copyWithin(0, MOST_MARKS / 2);
      this.#length = MOST_MARKS / 2;
    }
  }
}

const NO_MARKS = new Float64Array(0);
