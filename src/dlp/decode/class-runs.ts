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

  /** `blocks`: indexes in `bytes` of which every run has one, as the sieve says. */
  write(bytes: Buffer, last: boolean, blocks: Uint16Array): void {
    let at = this.#length > 0 ? this.#extend(bytes, 0) : 0;
    for (const block of blocks) {
      if (block < at) continue;
      const start = this.#startOf(bytes, at, block);
      if (this.#isRun(bytes, start)) at = this.#begin(bytes, start);
      else at = block + 1;
    }
    if (at < bytes.length) {
      const start = this.#startOf(bytes, Math.max(at, bytes.length - this.#least), bytes.length);
      if (start < bytes.length) this.#begin(bytes, start);
    }
    this.#total += bytes.length;
    if (last) this.#close(this.#total);
  }

  #startOf(bytes: Buffer, from: number, at: number): number {
    let start = at;
    while (start > from && this.#table[bytes[start - 1] as number] !== 0) start--;
    return start;
  }

  #isRun(bytes: Buffer, start: number): boolean {
    let end = start;
    while (end < bytes.length && end - start < this.#least && this.#table[bytes[end] as number] !== 0) end++;
    return end - start >= this.#least || end === bytes.length;
  }

  #begin(bytes: Buffer, start: number): number {
    this.#start = this.#total + start;
    return this.#extend(bytes, start);
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

const EMPTY = Buffer.alloc(0);
