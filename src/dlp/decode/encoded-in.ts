import { EncodedRuns } from "./encoded-runs.ts";
import { LEADS, PAIRS } from "./leads.ts";
import { mayHoldSparse, SparseRuns } from "./sparse-runs.ts";
import { mayHoldCompressed } from "./telling.ts";
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

/** Whether something is spelled otherwise in it, or may be compressed: every first bytes of that have one of these. */
function isOdd(text: Buffer): boolean {
  for (let i = 0; i < text.length; i++) {
    const byte = text[i] as number;
    if (ODD[byte] === 0) continue;
    if (ODD[byte] === BINARY) return true;
    if (i + 1 === text.length) return false;
    const next = text[i + 1] as number;
    if (PAIRS[(byte << 8) | next] !== 0 || (byte === 0x78 && next === 0x5e)) return true;
  }
  return false;
}

/** What no text in ASCII has; and what leads an escape or, as the first of `x^`, zlib's format. */
const BINARY = 2;
const ODD = LEADS.map((bits, byte) =>
  byte >= 0x7f || (byte < 0x20 && byte !== 0x09 && byte !== 0x0a && byte !== 0x0d)
    ? BINARY
    : bits === 0 && byte !== 0x78
      ? 0
      : 1,
);

/** 1: a format that can't be undone begins with this byte. */
const UNREADABLE_FIRST = new Uint8Array(256);
for (const byte of UNREADABLE_BEGINNINGS) UNREADABLE_FIRST[byte] = 1;
