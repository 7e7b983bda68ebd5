import { EncodedRuns } from "./encoded-runs.ts";
import type { InjectionFinding, Place } from "./finding.ts";
import { ENCODED_DEPTH } from "./limits.ts";
import { Watch } from "./watch.ts";

/** One stream of text: what it says, and what its encoded runs say. */
export class TextStream {
  readonly #watch: Watch;
  readonly #runs: EncodedRuns | undefined;
  readonly #depth: number;
  #encoded: TextStream | undefined;

  constructor(place: Place, depth = 0) {
    this.#watch = new Watch(place);
    this.#depth = depth;
    if (depth < ENCODED_DEPTH) this.#runs = new EncodedRuns((text) => this.#decoded(text));
  }

  get total(): number {
    return this.#watch.total;
  }

  get found(): InjectionFinding | undefined {
    const own = this.#watch.found;
    const inside = this.#encoded?.found;
    return inside !== undefined && (own === undefined || inside.grade === "block") ? inside : own;
  }

  /** Where something begins that may become an injection; `total` when nothing has. */
  get open(): number {
    return Math.min(this.#watch.open, this.#runs?.open ?? this.total);
  }

  write(bytes: Buffer): void {
    this.#watch.write(bytes);
    this.#runs?.write(bytes);
  }

  /** What is open is graded as it stands. */
  settle(): void {
    this.#runs?.end();
    this.#watch.settle();
  }

  #decoded(text: Buffer): void {
    this.#encoded ??= new TextStream("encoded", this.#depth + 1);
    this.#encoded.write(text);
    this.#encoded.settle();
    this.#encoded.#watch.forget();
  }
}
