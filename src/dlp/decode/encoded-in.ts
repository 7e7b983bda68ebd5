import { SLICE_BYTES, sieve } from "../simd/sieve.ts";
import { EncodedRuns } from "./encoded-runs.ts";
import { SparseRuns } from "./sparse-runs.ts";
import { mayHoldCompressed } from "./telling.ts";
import { isUnreadable } from "./unreadable-formats.ts";

let said = false;
let compressed = false;
/** For one text after the other: a text's last bytes leave nothing behind. */
const runs = new EncodedRuns(({ decoded }) => {
  said = true;
  compressed ||= mayHoldCompressed(decoded);
  return false;
});
const sparse = new SparseRuns(() => {
  said = true;
});

/**
 * What decoding would make something else of, in a whole text: what may be "compressed" data in base64 or hex, which only
 * all of it together can tell; anything "else"; undefined: nothing, so that nothing has to be made to decode it. It asks
 * what `EncodedViews` asks, and may see something where nothing is.
 */
export function encodedIn(text: Buffer): "compressed" | "else" | undefined {
  said = isUnreadable(text);
  compressed = false;
  for (let from = 0; from < text.length; from += SLICE_BYTES)
    look(text.subarray(from, from + SLICE_BYTES), from + SLICE_BYTES >= text.length);
  if (compressed) return "compressed";
  return said ? "else" : undefined;
}

function look(bytes: Buffer, last: boolean): void {
  const sieved = sieve(bytes);
  // what two slices share may be cut in two
  said ||= !last || sieved.leads.length > 0 || sieved.magics.length > 0;
  runs.write(bytes, last, sieved.runs);
  sparse.write(bytes, last, sieved);
}
