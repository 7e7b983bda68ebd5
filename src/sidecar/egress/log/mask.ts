import { type Finding, isUnsearched } from "../../../dlp/finding.ts";
import type { Detectors, ScanSettings } from "../../../dlp/scanner.ts";

const KNOWN: ScanSettings = { known: true, patterns: false, allow: new Set() };

/** Bytes that must not be journalled, and what stands for them. */
export interface Needle {
  /** never empty */
  readonly bytes: Buffer;
  readonly label: string;
}

/** What is taken out of a message before it is journalled. */
export interface Sought {
  readonly needles: readonly Needle[];
  /** finds the secrets of bottle and sidecar in their other spellings */
  readonly detectors?: Detectors;
}

export interface Masked {
  readonly bytes: Buffer;
  /** bytes of the source that `bytes` stands for; the rest, which may begin a needle, is left out */
  readonly from: number;
}

/**
 * Replaces what is sought. Where finds overlap, all that any of them covers goes. `cut`: more followed, so that an end
 * which begins one is dropped.
 */
export function maskBytes(source: Buffer, { needles, detectors }: Sought, cut: boolean): Masked {
  const found: { start: number; end: number; label: string }[] = [];
  for (const { bytes, label } of needles) {
    let last: { start: number; end: number; label: string } | undefined;
    // From the next byte on: a needle may overlap itself.
    for (let at = source.indexOf(bytes); at >= 0; at = source.indexOf(bytes, at + 1)) {
      if (last && at < last.end) last.end = at + bytes.length;
      else {
        last = { start: at, end: at + bytes.length, label };
        found.push(last);
      }
    }
  }
  const needed = needles.map(({ bytes }) => bytes);
  let end = cut ? source.length - beginsAtEnd(source, needed) : source.length;
  if (detectors) {
    const add = (finding: Finding): void => {
      const { name, start, end } = finding;
      if (!isUnsearched(finding)) found.push({ start, end, label: `[masked ${name}]` });
    };
    const scanner = detectors.scanner(KNOWN, add);
    scanner.write(source, !cut);
    end = Math.min(end, scanner.safe);
  }
  if (found.length === 0) return { bytes: source.subarray(0, end), from: end };

  found.sort((a, b) => a.start - b.start);
  const parts: Buffer[] = [];
  let at = 0;
  for (const { start, end: after, label } of found) {
    if (start >= at && start < end) parts.push(source.subarray(at, start), Buffer.from(label, "latin1"));
    if (start < end) at = Math.max(at, after);
  }
  if (at < end) parts.push(source.subarray(at, end));
  return { bytes: Buffer.concat(parts), from: Math.max(at, end) };
}

/** The same for a field, which is latin1 text and always whole. */
export function maskText(text: string, sought: Sought): string {
  return maskBytes(Buffer.from(text, "latin1"), sought, false).bytes.toString("latin1");
}

/** How many bytes at the end could be the beginning of a needle; the longest counts. */
function beginsAtEnd(bytes: Buffer, needles: readonly Buffer[]): number {
  let longest = 0;
  for (const needle of needles) {
    const first = needle[0] ?? 0;
    let from = Math.max(0, bytes.length - needle.length + 1);
    while (true) {
      from = bytes.indexOf(first, from);
      if (from < 0) break;
      const tail = bytes.length - from;
      if (tail <= longest) break;
      if (bytes.compare(needle, 0, tail, from) === 0) {
        longest = tail;
        break;
      }
      from++;
    }
  }
  return longest;
}
