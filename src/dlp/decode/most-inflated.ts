import { INFLATED_FREE_BYTES, INFLATED_LARGE_BYTES, INFLATED_LARGE_RATIO, INFLATED_RATIO } from "./limits.ts";

/** Bytes that what is compressed in a text of `seen` bytes may become, all of it together. */
export function mostInflated(seen: number): number {
  return Math.min(
    INFLATED_FREE_BYTES + INFLATED_RATIO * seen,
    INFLATED_LARGE_BYTES + INFLATED_LARGE_RATIO * seen,
  );
}
