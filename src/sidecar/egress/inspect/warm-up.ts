import { WARM_AFTER_MS, WARM_PAUSE_MS } from "./limits.ts";

/**
 * Runs what the first request would otherwise wait for, when the bottle has started: each part in a turn of its own, so
 * that what comes meanwhile is served between them. A part that a request needed first has nothing left to do.
 */
export function warmUp(parts: readonly (() => void)[]): void {
  const left = parts.values();
  const next = (): void => {
    const part = left.next();
    if (part.done === true) return;
    part.value();
    setTimeout(next, WARM_PAUSE_MS).unref();
  };
  setTimeout(next, WARM_AFTER_MS).unref();
}
