import { CLASS_SEGMENT_CHARS, OVERLAP_CHARS } from "./limits.ts";

/** `start`, `end`: where the run stands in the text. The bytes are used again. */
export type TakeClassRun = (run: Buffer, start: number, end: number) => void;

/** Finds runs of bytes of one class in a text as it comes; long ones in parts that overlap. */
export class ClassRuns {
  readonly #table: Uint8Array;
  readonly #least: number;
  readonly #take: TakeClassRun;
  /** room is made with the first run */
  #run: Buffer = EMPTY;
  #length = 0;
  #start = 0;
  #total = 0;
  #settled = 0;

  /** `table`: 1 for the bytes of the class, 2 for those it is about; `least`: bytes of the shortest run. */
  constructor(table: Uint8Array, least: number, take: TakeClassRun) {
    this.#table = table;
    this.#least = least;
    this.#take = take;
  }

  /** Text offset of the run that is open; all bytes seen when none is long enough. */
  get open(): number {
    return this.#length >= this.#least ? Math.max(this.#start, this.#settled) : this.#total;
  }

  /** `bare`: no run is whole in `bytes`; one may end or begin there. */
  write(bytes: Buffer, last: boolean, bare = false): void {
    let at = this.#length > 0 ? this.#extend(bytes, 0) : 0;
    if (bare) at = Math.max(at, bytes.length - this.#least);
    while (at < bytes.length) {
      const start = nextOf(this.#table, this.#least, bytes, at);
      if (start === bytes.length) break;
      this.#start = this.#total + start;
      at = this.#extend(bytes, start);
    }
    this.#total += bytes.length;
    if (last) this.#close(this.#total);
  }

  /** Reads what there is of an open run, which may go on. */
  settle(): void {
    if (this.#length >= this.#least && this.#settled < this.#total) this.#give(this.#total);
    this.#settled = this.#total;
  }

  /** Index behind what belongs to the open run, and behind what ended it. */
  #extend(bytes: Buffer, from: number): number {
    const table = this.#table;
    let at = from;
    while (at < bytes.length) {
      let end = at;
      const most = Math.min(bytes.length, at + CLASS_SEGMENT_CHARS - this.#length);
      while (end < most && table[bytes[end] as number] !== 0) end++;
      this.#append(bytes, at, end);
      at = end;
      if (this.#length === CLASS_SEGMENT_CHARS) this.#next(this.#total + at);
      else if (at < bytes.length) {
        this.#close(this.#total + at);
        return at + 1;
      }
    }
    return at;
  }

  #append(bytes: Buffer, from: number, to: number): void {
    const length = this.#length + to - from;
    if (length > this.#run.length)
      this.#run = Buffer.concat([this.#run], Math.min(CLASS_SEGMENT_CHARS, Math.max(256, 2 * length)));
    bytes.copy(this.#run, this.#length, from, to);
    this.#length = length;
  }

  #next(end: number): void {
    this.#give(end);
    this.#run.copyWithin(0, CLASS_SEGMENT_CHARS - OVERLAP_CHARS);
    this.#length = OVERLAP_CHARS;
    this.#start = end - OVERLAP_CHARS;
  }

  #close(end: number): void {
    if (this.#length >= this.#least) this.#give(end);
    this.#length = 0;
  }

  #give(end: number): void {
    this.#take(this.#run.subarray(0, this.#length), this.#start, end);
  }
}

/**
 * Index of the next run of `least` bytes of a class, or of a shorter one at the very end; the length of `bytes` when there
 * is none. Every run has a byte at each `least`th place.
 */
export function nextOf(table: Uint8Array, least: number, bytes: Uint8Array, from: number): number {
  let after = from;
  for (let probe = from + least - 1; after < bytes.length; probe = after + least - 1) {
    const at = Math.min(probe, bytes.length - 1);
    // what the bytes end with may go on
    if (at + 1 < bytes.length ? !isLikely(table, bytes, at) : table[bytes[at] as number] === 0) {
      after = at + 1;
      continue;
    }
    let start = at;
    while (start > after && table[bytes[start - 1] as number] !== 0) start--;
    let end = at + 1;
    while (end < bytes.length && end - start < least && table[bytes[end] as number] !== 0) end++;
    if (end - start >= least || end === bytes.length) return start;
    after = end + 1;
  }
  return bytes.length;
}

/** Bytes of a run without one that it is about; a run with more in a row is two. */
const GAP_BYTES = 12;

/** Indentation and brackets alone are nothing. */
function isLikely(table: Uint8Array, bytes: Uint8Array, at: number): boolean {
  const kind = table[bytes[at] as number];
  if (kind !== 1) return kind === 2;
  for (let i = at - 1; i >= 0 && i > at - GAP_BYTES; i--) {
    const before = table[bytes[i] as number];
    if (before !== 1) return before === 2;
  }
  return false;
}

const EMPTY = Buffer.alloc(0);
