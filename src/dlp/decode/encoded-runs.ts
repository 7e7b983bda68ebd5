import { VALUES } from "./base64-values.ts";
import { OVERLAP_CHARS, RUN_CHARS, SEGMENT_CHARS, SETTLED_CHARS } from "./limits.ts";
import { LONG_CHARS, phasesOfLong } from "./long-base64.ts";
import {
  decodeShortBase64,
  decodeShortHex,
  NOTHING,
  SAID,
  SHORT_CHARS,
  saidLength,
  TEXT_ALONE,
  tellingPhases,
} from "./short-run.ts";
import { mayHoldCompressed, saysText } from "./telling.ts";

/** A part of a run, decoded in one way. */
export interface DecodedRun {
  readonly decoded: Buffer;
  readonly encoding: "base64" | "hex" | "base32" | "hex list" | "decimal list";
  /** bytes of the text that were decoded, end excluded */
  readonly start: number;
  readonly end: number;
  /** which of the ways: base64 can begin at each of four characters, hex at each of two */
  readonly lane: number;
  /** bytes at its beginning that the part before, in the same lane, ended with */
  readonly known: number;
  /** some of it looks like text; of other runs some may be compressed */
  readonly telling: boolean;
  /** the text itself spells it without interruption, so that known secrets are found there too */
  readonly plain: boolean;
}

/** True: what goes on in that lane is wanted whatever it looks like, until the run ends. */
export type TakeRun = (run: DecodedRun) => boolean;

/** What a short run says that is text and holds nothing compressed: the first `length` bytes of `said`, which are used again. */
export type TakeShortRun = (
  said: Buffer,
  length: number,
  hex: boolean,
  start: number,
  end: number,
  plain: boolean,
) => void;

/** Lanes of a run. */
export const LANES = 6;

/** Where a run begins that is too short to be one, and that the text ends with. */
function tailOf(bytes: Uint8Array, from: number): number {
  let start = bytes.length;
  while (start > from && VALUES[bytes[start - 1] as number] !== 64) start--;
  return start;
}

/** Room for the characters of a run at first; it grows with the run. */
const FIRST_CHARS = 256;
const NO_CHARS = Buffer.alloc(0);

/**
 * Finds runs of base64 and hex in a stream and decodes them: either alphabet, at every phase, wrapped in lines (also with
 * `\n` as a string of JSON has it). What decodes to no text and to nothing compressed is passed over.
 */
export class EncodedRuns {
  readonly #take: TakeRun;
  readonly #takeShort: TakeShortRun | undefined;
  /** characters of the run that is open, without line ends; room is made with the first */
  #run: Buffer = NO_CHARS;
  #length = 0;
  #start = 0;
  /** bytes seen */
  #total = 0;
  /** up to here everything was read that could be, and may have gone */
  #settled = 0;
  /** 1: a line end has been passed; 2: the backslash of a written one */
  #gap = 0;
  /** line ends were written, as in a string of JSON */
  #written = false;
  /** of each lane, the bytes given so far, counted from the run's beginning; undefined until one wants to go on */
  #given: (number | undefined)[] | undefined;
  /** characters of the run before those that are kept */
  #passed = 0;

  /** `takeShort`: is given short texts in place of `take`. */
  constructor(take: TakeRun, takeShort?: TakeShortRun) {
    this.#take = take;
    this.#takeShort = takeShort;
  }

  /** Text offset of the run that is open; the bytes seen when none is long enough. */
  get open(): number {
    return this.#length >= RUN_CHARS ? Math.max(this.#start, this.#settled) : this.#total;
  }

  /** `runs`: where those begin in `bytes` that may say something, as the sieve says. */
  write(bytes: Buffer, last: boolean, runs: Uint16Array): void {
    let at = 0;
    let next = 0;
    while (at < bytes.length) {
      if (this.#length > 0) at = this.#extend(bytes, at);
      else {
        while (next < runs.length && (runs[next] as number) < at) next++;
        at = this.#begin(bytes, runs[next] ?? tailOf(bytes, at));
      }
    }
    this.#total += bytes.length;
    if (last) this.#close(this.#total);
  }

  /** Reads what there is of an open run, which may go on. */
  settle(): void {
    if (this.#length >= RUN_CHARS && this.#settled < this.#total) {
      this.#decode(this.#total);
      if (this.#length > SETTLED_CHARS) this.#shift(this.#total, SETTLED_CHARS / 2);
    }
    this.#settled = this.#total;
  }

  #begin(bytes: Buffer, start: number): number {
    if (start === bytes.length) return start;
    const opened = Math.min(bytes.length, start + RUN_CHARS);
    if (this.#run === NO_CHARS) this.#run = Buffer.allocUnsafe(FIRST_CHARS);
    this.#start = this.#total + start;
    this.#length = bytes.copy(this.#run, 0, start, opened);
    return opened;
  }

  #extend(bytes: Buffer, from: number): number {
    for (let at = from; at < bytes.length; at++) {
      let end = at;
      while (end < bytes.length && VALUES[bytes[end] as number] !== 64) end++;
      if (end > at + 1 && this.#gap !== 2) {
        at = this.#append(bytes, at, end);
        if (at === bytes.length) break;
      }
      const byte = bytes[at] as number;
      if (this.#gap === 2 && (byte === 0x6e || byte === 0x72)) this.#gap = 1;
      else if (VALUES[byte] !== 64) {
        this.#gap = 0;
        if (this.#length === this.#run.length) this.#run = Buffer.concat([this.#run], this.#length * 4);
        this.#run[this.#length++] = byte;
        if (this.#length === SEGMENT_CHARS) this.#next(this.#total + at + 1);
      } else if (this.#length < RUN_CHARS) {
        this.#close(this.#total + at);
        return at + 1;
      } else if (byte === 0x0a || byte === 0x0d) this.#gap = 1;
      else if (byte === 0x5c) {
        this.#gap = 2;
        this.#written = true;
      } else if (byte !== 0x20 || this.#gap !== 1) {
        this.#close(this.#total + at);
        return at + 1;
      }
    }
    return bytes.length;
  }

  /** Adds many characters at once; index behind those for which there was room. */
  #append(bytes: Buffer, from: number, to: number): number {
    this.#gap = 0;
    const wanted = Math.min(SEGMENT_CHARS, this.#length + to - from);
    if (wanted > this.#run.length)
      this.#run = Buffer.concat([this.#run], Math.min(SEGMENT_CHARS, Math.max(wanted, this.#run.length * 4)));
    const end = from + wanted - this.#length;
    bytes.copy(this.#run, this.#length, from, end);
    this.#length = wanted;
    if (wanted === SEGMENT_CHARS) this.#next(this.#total + end);
    return end;
  }

  #next(end: number): void {
    this.#decode(end);
    this.#shift(end, OVERLAP_CHARS);
  }

  /** Keeps the last characters, `kept` and up to three more: lanes go on as they are. */
  #shift(end: number, kept: number): void {
    const passed = (this.#length - kept) & ~3;
    this.#run.copyWithin(0, passed, this.#length);
    this.#length -= passed;
    this.#start = end - this.#length;
    this.#passed += passed;
  }

  #close(end: number): void {
    if (this.#length >= RUN_CHARS) this.#decode(end);
    this.#length = 0;
    this.#gap = 0;
    this.#written = false;
    this.#given = undefined;
    this.#passed = 0;
  }

  #decode(end: number): void {
    const run = this.#run;
    const length = this.#length;
    let from = 0;
    let hex = false;
    for (let probe = RUN_CHARS - 1; probe < length; probe += RUN_CHARS) {
      if (!isHexDigit(run[probe] as number)) continue;
      let start = probe;
      while (start > from && isHexDigit(run[start - 1] as number)) start--;
      let to = probe + 1;
      while (to < length && isHexDigit(run[to] as number)) to++;
      if (to - start >= RUN_CHARS) this.#decodeHex(start, to, end);
      hex = start === 0 && to === length;
      from = to;
      probe = to;
    }
    if (hex) return;
    const phases = this.#given ? 15 : phasesOf(run, length);
    for (let phase = 0; phase < 4; phase++) {
      if (((phases >> phase) & 1) === 0) continue;
      if (length <= SHORT_CHARS && !this.#given) {
        const saying = decodeShortBase64(run, phase, length);
        if (saying === NOTHING || (saying === TEXT_ALONE && this.#isTakenShort(false, end))) continue;
      }
      const decoded = Buffer.from(run.toString("latin1", phase, length), "base64");
      this.#offer(decoded, "base64", end, phase, (this.#passed / 4) * 3);
    }
  }

  #decodeHex(from: number, to: number, end: number): void {
    for (const skipped of [0, 1]) {
      if (to - from <= SHORT_CHARS && !this.#given) {
        const saying = decodeShortHex(this.#run, from + skipped, to);
        if (saying === NOTHING || (saying === TEXT_ALONE && this.#isTakenShort(true, end))) continue;
      }
      const digits = this.#run.toString("latin1", from, to);
      const decoded = Buffer.from(digits.slice(skipped, skipped + ((digits.length - skipped) & ~1)), "hex");
      const odd = (from + skipped) & 1;
      this.#offer(decoded, "hex", end, 4 + odd, (this.#passed + from + skipped - odd) / 2);
    }
  }

  #isTakenShort(hex: boolean, end: number): boolean {
    this.#takeShort?.(SAID, saidLength, hex, this.#start, end, !this.#written);
    return this.#takeShort !== undefined;
  }

  /** `at`: where it begins in its lane, in bytes. */
  #offer(decoded: Buffer, encoding: DecodedRun["encoding"], end: number, lane: number, at: number): void {
    const given = this.#given?.[lane];
    const telling = saysText(decoded);
    if (!telling && given === undefined && !mayHoldCompressed(decoded)) return;
    const known = given === undefined ? 0 : Math.min(decoded.length, Math.max(0, given - at));
    const start = this.#start;
    const goesOn = this.#take({ decoded, encoding, start, end, lane, known, telling, plain: !this.#written });
    if (!goesOn) {
      if (given !== undefined && this.#given) this.#given[lane] = undefined;
      return;
    }
    this.#given ??= [];
    this.#given[lane] = at + decoded.length;
  }
}

/** A bit for each of the four characters at which base64 may begin and say something. */
function phasesOf(run: Buffer, length: number): number {
  if (length <= SHORT_CHARS) return tellingPhases(run, length);
  return length < LONG_CHARS ? 15 : phasesOfLong(run, length);
}

const HEX = new Uint8Array(256);
for (const byte of Buffer.from("0123456789abcdefABCDEF")) HEX[byte] = 1;

function isHexDigit(byte: number): boolean {
  return HEX[byte] === 1;
}
