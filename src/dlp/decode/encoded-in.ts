import { EncodedRuns } from "./encoded-runs.ts";
import { LEADS, PAIRS } from "./leads.ts";
import { mayHoldSparse, SparseRuns } from "./sparse-runs.ts";
import { holdsMagic, mayHoldCompressed } from "./telling.ts";
import { isUnreadable, UNREADABLE_BEGINNINGS } from "./unreadable-formats.ts";

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
  said = false;
  compressed = false;
  runs.write(text, true);
  if (compressed) return "compressed";
  if (!said && mayHoldSparse(text)) sparse.write(text, true);
  if (said || isOdd(text)) return "else";
  return UNREADABLE_FIRST[text[0] ?? 0] === 1 && isUnreadable(text) ? "else" : undefined;
}

/** Whether something may be spelled otherwise in it, or be compressed. */
function isOdd(text: Buffer): boolean {
  for (let i = 0; i + 1 < text.length; i++) {
    const byte = text[i] as number;
    if (LEADS[byte] !== 0 && PAIRS[(byte << 8) | (text[i + 1] as number)] !== 0) return true;
  }
  return holdsMagic(text);
}

/** 1: a format that can't be undone begins with this byte. */
const UNREADABLE_FIRST = new Uint8Array(256);
for (const byte of UNREADABLE_BEGINNINGS) UNREADABLE_FIRST[byte] = 1;
