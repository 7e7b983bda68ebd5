import type { Finding } from "../../../dlp/finding.ts";
import type { Scanner } from "../../../dlp/scanner.ts";
import { NEAR_BYTES } from "./limits.ts";

const LINE_FEED = 10;
const NO_BYTES = Buffer.alloc(0);
/** Bytes that are kept behind what was scanned, in which findings are looked at; twice that are held for a moment. */
const KEPT_BYTES = 128 * 1024;

/** What stands around some findings: their places are bytes of `text`. */
export type OnNear = (text: Buffer, findings: readonly Finding[], linesBefore: number) => void;

/** Scans an object as it comes. Its memory does not grow with the object. */
export class LongObject {
  readonly #scanner: Scanner;
  readonly #near: OnNear;
  #found: Finding[] = [];
  /** the last bytes that came */
  #kept: Buffer = NO_BYTES;
  #seen = 0;
  /** line feeds before what is kept */
  #lines = 0;

  /** `near` hears of findings when enough came behind them. */
  constructor(scanner: (found: (finding: Finding) => void) => Scanner, near: OnNear) {
    this.#scanner = scanner((finding) => this.#found.push(finding));
    this.#near = near;
  }

  write(bytes: Buffer): void {
    // so that of what was found only just now enough is kept
    for (let at = 0; at < bytes.length; at += KEPT_BYTES / 2)
      this.#write(bytes.subarray(at, at + KEPT_BYTES / 2));
  }

  end(): void {
    this.#scanner.write(NO_BYTES, true);
    this.#tell(Number.POSITIVE_INFINITY);
  }

  #write(bytes: Buffer): void {
    this.#scanner.write(bytes);
    this.#seen += bytes.length;
    const held = this.#kept.length === 0 ? bytes : Buffer.concat([this.#kept, bytes]);
    const dropped = Math.max(0, held.length - KEPT_BYTES);
    this.#kept = held;
    this.#tell(this.#seen - NEAR_BYTES);
    this.#lines += lineFeeds(held.subarray(0, dropped));
    this.#kept = Buffer.from(held.subarray(dropped));
  }

  /** `to`: what ends before it is told. */
  #tell(to: number): void {
    const ready = this.#found.filter(({ end }) => end <= to);
    if (ready.length === 0) return;
    this.#found = this.#found.filter(({ end }) => end > to);
    const begin = this.#seen - this.#kept.length;
    const placed = ready.map((finding) => ({
      ...finding,
      start: Math.max(0, finding.start - begin),
      end: Math.max(0, finding.end - begin),
    }));
    this.#near(this.#kept, placed, this.#lines);
  }
}

export function lineFeeds(bytes: Buffer): number {
  let count = 0;
  for (let at = bytes.indexOf(LINE_FEED); at >= 0; at = bytes.indexOf(LINE_FEED, at + 1)) count++;
  return count;
}
