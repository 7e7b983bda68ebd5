/** What a bottle's requests that are held whole have together. */
export class HeldTotal {
  readonly #most: number;
  #total = 0;

  /** `most`: in bytes. */
  constructor(most: number) {
    this.#most = most;
  }

  /** False: there would be too much, and nothing is added. */
  add(bytes: number): boolean {
    if (this.#total + bytes > this.#most) return false;
    this.#total += bytes;
    return true;
  }

  remove(bytes: number): void {
    this.#total -= bytes;
  }
}
