import { tooBig } from "./fault.ts";
import { HELD_TOTAL_BYTES } from "./limits.ts";

/** What the messages of one bottle that are held have together. */
export class HeldBytes {
  #total = 0;

  /** Throws WebSocketFault when there would be too much. */
  add(bytes: number): void {
    if (this.#total + bytes > HELD_TOTAL_BYTES) throw tooBig("message can't be held beside all others");
    this.#total += bytes;
  }

  remove(bytes: number): void {
    this.#total -= bytes;
  }
}
