import { MAX_LFS_SPOOL_BYTES, MAX_LFS_UPLOADS } from "../limits.ts";

/** A place among the uploads; given back when it's over. */
export interface Place {
  release(): void;
}

/**
 * What all uploads of a bottle share: how many go on at once, how many bytes they keep, and that no two are of the same
 * object, whose file they would share. Who comes when there is no room waits, first come first served.
 */
export class LfsTransfers {
  readonly #waiting: (() => boolean)[] = [];
  readonly #running = new Set<string>();
  #bytes = 0;

  /** Rejects with the signal's reason when that aborts first. `size`: at most `MAX_LFS_SPOOL_BYTES`. */
  enter(oid: string, size: number, gone: AbortSignal): Promise<Place> {
    return new Promise((resolve, reject) => {
      const attempt = () => {
        if (gone.aborted) {
          reject(gone.reason instanceof Error ? gone.reason : new Error("nobody waits any more"));
          return true;
        }
        if (!this.#fits(oid, size)) return false;
        this.#running.add(oid);
        this.#bytes += size;
        resolve({ release: () => this.#leave(oid, size) });
        return true;
      };
      if (attempt()) return;
      this.#waiting.push(attempt);
      gone.addEventListener("abort", () => this.#next(), { once: true });
    });
  }

  #fits(oid: string, size: number): boolean {
    return (
      this.#running.size < MAX_LFS_UPLOADS &&
      !this.#running.has(oid) &&
      this.#bytes + size <= MAX_LFS_SPOOL_BYTES
    );
  }

  #leave(oid: string, size: number): void {
    if (!this.#running.delete(oid)) return;
    this.#bytes -= size;
    this.#next();
  }

  #next(): void {
    const waiting = this.#waiting.splice(0);
    this.#waiting.push(...waiting.filter((attempt) => !attempt()));
  }
}
