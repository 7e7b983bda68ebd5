import { HELD_TOTAL_BYTES } from "./limits.ts";

/** What the messages of one bottle that are held have together. */
export class HeldBytes {
  #total = 0;

  /** False: that is too much, and the message that brought them must go or end. */
  add(bytes: number): boolean {
    this.#total += bytes;
    return this.#total <= HELD_TOTAL_BYTES;
  }

  remove(bytes: number): void {
    this.#total -= bytes;
  }
}
