import type { GitFinding } from "./finding.ts";
import { KEPT_COUNT } from "./limits.ts";
import type { CountsAt, Place } from "./rules.ts";

/** A finding, and what is known of where it counts. */
export interface Scanned {
  readonly finding: GitFinding;
  /** undefined: wherever it lies */
  readonly countsAt?: CountsAt | undefined;
  /** where it lies, when the object doesn't tell */
  readonly place?: Place;
}

/**
 * The findings of a push, a bounded number of each kind, so that none of a harmless kind, nor such as are spared later, push
 * out another one.
 */
export class KeptFindings {
  readonly #kept: Scanned[] = [];
  readonly #counts = new Map<string, number>();

  add(scanned: Scanned): void {
    const { detector, allowComment } = scanned.finding;
    const kind = `${detector} ${allowComment}`;
    const count = (this.#counts.get(kind) ?? 0) + 1;
    this.#counts.set(kind, count);
    if (count <= KEPT_COUNT) this.#kept.push(scanned);
    else if (count === KEPT_COUNT + 1)
      this.#kept.push({
        finding: { ...scanned.finding, surface: `${scanned.finding.surface}, and more than are kept` },
      });
  }

  get all(): readonly Scanned[] {
    return this.#kept;
  }
}
