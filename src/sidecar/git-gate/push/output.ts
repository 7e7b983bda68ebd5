import { KEEP_ALIVE_MS } from "../limits.ts";
import { progress } from "../wire/report.ts";

/** An empty packet of band 2: git shows nothing, and the connection is in use. */
const KEEP_ALIVE = Buffer.from("0005\x02", "latin1");

/** What the pusher is told while its push is looked at: `remote:` lines as they come, at last the report. */
export class PushOutput implements AsyncIterable<Buffer> {
  readonly #sideBand: boolean;
  readonly #waiting: Buffer[] = [];
  #wake: () => void = () => {};
  #done = false;

  /** `sideBand`: without it nothing but the report can be said. */
  constructor(sideBand: boolean) {
    this.#sideBand = sideBand;
  }

  say(...lines: readonly string[]): void {
    if (!this.#sideBand || this.#done) return;
    this.#waiting.push(progress(lines));
    this.#wake();
  }

  end(report: Buffer): void {
    this.#waiting.push(report);
    this.#done = true;
    this.#wake();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer> {
    for (;;) {
      const next = this.#waiting.shift();
      if (next !== undefined) yield next;
      else if (this.#done) return;
      else if (!(await this.#more()) && this.#sideBand) yield KEEP_ALIVE;
    }
  }

  /** False: nothing came for a while. */
  #more(): Promise<boolean> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => resolve(false), KEEP_ALIVE_MS);
      this.#wake = () => {
        clearTimeout(timer);
        resolve(true);
      };
    });
  }
}
