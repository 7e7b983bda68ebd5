import { HOLD_IDLE_MS } from "./limits.ts";

/** Something that holds bytes back until more come. */
export interface Holder {
  /** false: it holds nothing any more */
  readonly holds: boolean;
  settle(): void;
}

/** Lets go of what is held back when nothing came for a while: one timer for all, which runs only while there are any. */
export class HoldTimer {
  /** true: bytes came since the last tick */
  readonly #holders = new Map<Holder, boolean>();
  #timer: NodeJS.Timeout | undefined;

  /** After every write that left something held. */
  touch(holder: Holder): void {
    this.#holders.set(holder, true);
    this.#start();
  }

  #start(): void {
    if (this.#timer === undefined) this.#timer = setTimeout(() => this.#tick(), HOLD_IDLE_MS).unref();
  }

  drop(holder: Holder): void {
    this.#holders.delete(holder);
  }

  #tick(): void {
    this.#timer = undefined;
    for (const [holder, fresh] of this.#holders) {
      if (fresh) this.#holders.set(holder, false);
      else {
        this.#holders.delete(holder);
        if (holder.holds) holder.settle();
      }
    }
    if (this.#holders.size > 0) this.#start();
  }
}
