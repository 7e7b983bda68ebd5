import { DECODED_BYTES } from "./limits.ts";

/** What the decoding of one text may cost, shared by every encoding at every depth. */
export class DecodeBudget {
  #left = DECODED_BYTES;
  #exceeded: string | undefined;

  /** A bound was passed: a sentence for the refusal. What was not decoded may hold anything, so refuse the text. */
  get exceeded(): string | undefined {
    return this.#exceeded;
  }

  /** Takes `bytes` of decoded output from the budget; false when it is used up. */
  spend(bytes: number): boolean {
    this.#left -= bytes;
    if (this.#left < 0) this.exceed("it decodes to more bytes than may be looked at");
    return this.#exceeded === undefined;
  }

  /** Says that the text can't be judged; the first reason stays. */
  exceed(reason: string): void {
    this.#exceeded ??= reason;
  }
}
