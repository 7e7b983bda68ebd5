const TICK_MS = 500;

/** Something that ends by itself when its time is up. `deadline`: on the clock of `Deadlines.now`; Infinity: never. */
export interface Timed {
  deadline: number;
  expire(): void;
}

/**
 * One timer for every time-out of the plane. Moving a deadline is an assignment; a timer each would cost more than
 * parsing the request. Time-outs are late by up to a tick.
 */
export class Deadlines {
  /** milliseconds, monotonic, as of the last tick */
  now = 0;
  readonly #items = new Set<Timed>();
  readonly #timer: NodeJS.Timeout;

  constructor() {
    const start = performance.now();
    this.#timer = setInterval(() => {
      this.now = performance.now() - start;
      for (const item of this.#items) if (item.deadline <= this.now) item.expire();
    }, TICK_MS).unref();
  }

  add(item: Timed): void {
    this.#items.add(item);
  }

  delete(item: Timed): void {
    this.#items.delete(item);
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#items.clear();
  }
}
