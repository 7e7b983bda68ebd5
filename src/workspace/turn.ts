import { setImmediate } from "node:timers/promises";
import { TURN_MS } from "./limits.ts";

/**
 * File calls here are synchronous: for many small files that is several times faster than node's thread pool. Awaiting
 * this between them lets Ctrl-C and timers run every `TURN_MS`.
 */
export function createTurns(): () => Promise<void> | undefined {
  let last = performance.now();
  return () => {
    if (performance.now() - last < TURN_MS) return undefined;
    return setImmediate().then(() => {
      last = performance.now();
    });
  };
}
