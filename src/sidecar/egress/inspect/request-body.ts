import type { Finding } from "../../../dlp/finding.ts";
import { SPLIT_BODY_BYTES } from "../../../dlp/split/limits.ts";
import type { HeaderList } from "../../../policy/facts.ts";
import type { FieldJudge } from "../credential/field-judge.ts";
import { BodyFault, tooLarge } from "./body-fault.ts";
import type { BodyOutlet, OutgoingText } from "./body-outlet.ts";
import { type BodyReading, type BodyText, createBodyText, isPlain, type ScanKind } from "./body-text.ts";
import { type Coding, codingByMagic, statedCodings } from "./content-codings.ts";
import { ContentDecoder } from "./content-decoder.ts";
import { HELD_BYTES, UNJUDGED_BYTES } from "./limits.ts";

const EMPTY = Buffer.alloc(0);

/**
 * A request body as it is, on its way out: what it says is read, and each byte goes when nothing that covers it can still be
 * completed. Without codings all of it happens at once; codings are undone in the thread pool.
 */
export class RequestBody implements OutgoingText {
  readonly #outlet: BodyOutlet;
  readonly #reading: BodyReading;
  /** hears of its fields */
  readonly #judge: FieldJudge | undefined;
  /** what the body says, its codings undone; undefined: it passes as it is */
  #text: BodyText | undefined;
  /** the coded bytes themselves: a gzip header, a zstd frame to be skipped, a brotli meta-block can hold any text */
  #coded: BodyText | undefined;
  #decoder: ContentDecoder | undefined;
  /** the codings were not stated but seen: if it isn't what it looks like, it is read as it stands */
  #guessed = false;
  /** of a body whose coding was not stated: how it begins, as it came */
  #first = EMPTY;
  /** what a decoder gives of its last piece may lag behind it (zstd gives whole blocks) */
  #lags = false;
  /** the body's first bytes, while they could still become a magic number */
  #opening: Buffer | undefined;
  /** read, and not gone yet; `end`: the bytes of the body that they end at, `textEnd`: of its text */
  #queue: { bytes: Buffer; end: number; textEnd: number }[] = [];
  #held = 0;
  /** bytes of the body that came */
  #seen = 0;
  /** bytes given to the text */
  #decoded = 0;
  /** bytes that went */
  #gone = 0;
  /** not given to the decoder yet */
  #waiting: Buffer[] = [];
  #busy = false;
  #ended = false;
  #done = false;
  #full = false;

  /** `fields`: Content-Encoding and Content-Type say how it is read. */
  constructor(fields: HeaderList, reading: BodyReading, outlet: BodyOutlet) {
    this.#outlet = outlet;
    this.#reading = reading;
    this.#judge = reading.judge();
    this.#guard(() => {
      const codings = statedCodings(fields);
      if (codings instanceof BodyFault) throw codings;
      this.#text = this.#textOf(fields, this.#judge, "text");
      if (codings.length > 0) this.#undo(codings);
      else if (isPlain(fields)) this.#opening = EMPTY;
    });
  }

  #textOf(fields: HeaderList, judge: FieldJudge | undefined, kind: ScanKind): BodyText {
    const found = (finding: Finding) => this.#outlet.refuse(finding);
    return createBodyText(fields, { reading: this.#reading, found, rewrites: false, judge, kind });
  }

  #undo(codings: readonly Coding[]): void {
    // What only looked like a coding may have to be taken as it stands.
    this.#coded = this.#textOf([], this.#guessed ? this.#judge : undefined, "coded");
    this.#lags = codings.includes("zstd");
    this.#decoder = new ContentDecoder(codings, {
      decoded: (bytes) => this.#guard(() => this.#read(bytes)),
      failed: (fault) => this.#undone(fault),
    });
  }

  write(bytes: Buffer): void {
    if (this.#done || bytes.length === 0) return;
    if (this.#text === undefined) {
      this.#outlet.release(bytes);
      return;
    }
    this.#held += bytes.length;
    if (this.#opening === undefined) this.#take(bytes);
    else this.#open(this.#opening.length === 0 ? bytes : Buffer.concat([this.#opening, bytes]));
  }

  /** A body that begins like a compressed file is read as what is in it, too. */
  #open(first: Buffer): void {
    const coding = codingByMagic(first);
    this.#opening = coding === "undecided" ? first : undefined;
    if (coding === "undecided") return;
    if (coding !== undefined) {
      this.#guessed = true;
      this.#undo([coding]);
    }
    this.#take(first);
  }

  #take(bytes: Buffer): void {
    this.#seen += bytes.length;
    if (this.#decoder) {
      this.#guard(() => this.#coded?.write(bytes));
      const wanted = this.#guessed ? SPLIT_BODY_BYTES - this.#first.length : 0;
      if (wanted > 0) this.#first = Buffer.concat([this.#first, bytes.subarray(0, wanted)]);
      this.#waiting.push(bytes);
      this.#feed();
      return;
    }
    this.#queue.push({ bytes, end: this.#seen, textEnd: this.#seen });
    this.#guard(() => this.#read(bytes));
    this.#release();
    this.#unburden();
  }

  /** What is held has its bound: what can only be the beginning of a secret goes, and what can't be judged is too large. */
  #unburden(): void {
    if (this.#held <= HELD_BYTES) return;
    this.#settleAll();
    this.#release();
    if (this.#held > UNJUDGED_BYTES || (this.#decoder && this.#held > HELD_BYTES))
      this.#fault(tooLarge("holds more than can be kept until it can be judged"));
  }

  end(): void {
    this.#ended = true;
    if (this.#done) return;
    if (this.#opening !== undefined && this.#opening.length > 0) {
      const first = this.#opening;
      this.#opening = undefined;
      this.#take(first);
    }
    if (this.#text === undefined) this.#finish();
    else if (this.#decoder) this.#feed();
    else this.#textEnd();
  }

  roomy(): boolean {
    this.#full = this.#decoder !== undefined && this.#held > HELD_BYTES;
    return !this.#full;
  }

  settle(): boolean {
    if (this.#done || this.#ended || this.#text === undefined) return false;
    this.#settleAll();
    this.#release();
    return false;
  }

  #settleAll(): void {
    this.#text?.settle();
    this.#coded?.settle();
  }

  get holds(): boolean {
    return this.#held > 0;
  }

  close(): void {
    this.#done = true;
    this.#decoder?.close();
    this.#queue = [];
    this.#waiting = [];
  }

  #feed(): void {
    if (this.#busy || this.#done || !this.#decoder) return;
    const bytes = this.#waiting.shift();
    if (bytes) {
      this.#busy = true;
      const end = (this.#queue.at(-1)?.end ?? this.#gone) + bytes.length;
      const piece = { bytes, end, textEnd: Number.POSITIVE_INFINITY };
      this.#queue.push(piece);
      this.#decoder.write(bytes, () => {
        this.#busy = false;
        if (this.#done) return;
        piece.textEnd = this.#decoded + (this.#lags ? 1 : 0);
        this.#release();
        if (this.#waiting.length === 0 && !this.#ended) this.#unburden();
        this.#outlet.push();
        this.#feed();
      });
    } else if (this.#ended) {
      this.#busy = true;
      this.#decoder.end(() => this.#textEnd());
    }
  }

  #read(bytes: Buffer): void {
    const before = this.#decoded;
    this.#decoded += bytes.length;
    this.#text?.write(bytes);
    if (before < SPLIT_BODY_BYTES) this.#outlet.beginning(bytes.subarray(0, SPLIT_BODY_BYTES - before));
  }

  #textEnd(): void {
    this.#guard(() => this.#text?.end());
    this.#guard(() => this.#coded?.end());
    if (this.#done) return;
    if (this.#decoder) for (const piece of this.#queue) piece.textEnd = this.#decoded;
    this.#release();
    this.#finish();
  }

  #finish(): void {
    if (this.#done) return;
    this.#done = true;
    this.#outlet.released();
  }

  #release(): void {
    if (this.#done) return;
    const safe = this.#text?.safe ?? Number.POSITIVE_INFINITY;
    const codedSafe = this.#coded?.safe ?? Number.POSITIVE_INFINITY;
    while (!this.#done) {
      const first = this.#queue[0];
      if (!first) break;
      const whole = first.textEnd <= safe && first.end <= codedSafe;
      if (whole) this.#queue.shift();
      else if (this.#decoder || safe <= this.#gone) break;
      const bytes = whole ? first.bytes : first.bytes.subarray(0, safe - this.#gone);
      if (!whole) first.bytes = first.bytes.subarray(bytes.length);
      this.#held -= bytes.length;
      this.#gone += bytes.length;
      this.#outlet.release(bytes);
    }
    if (this.#full && this.#held <= HELD_BYTES) {
      this.#full = false;
      this.#outlet.room();
    }
  }

  #guard(read: () => void): void {
    try {
      read();
    } catch (error) {
      if (!(error instanceof BodyFault)) throw error;
      this.#fault(error);
    }
  }

  /** The decoder failed. What only looked like a coding is then no more than its bytes. */
  #undone(fault: BodyFault): void {
    if (!this.#guessed || fault.code === "dlp.body_too_large" || this.#done) {
      this.#fault(fault);
      return;
    }
    this.#decoder = undefined;
    this.#text = this.#coded;
    this.#coded = undefined;
    this.#decoded = this.#seen;
    let end = this.#queue.at(-1)?.end ?? this.#gone;
    for (const bytes of this.#waiting) {
      end += bytes.length;
      this.#queue.push({ bytes, end, textEnd: end });
    }
    this.#waiting = [];
    for (const piece of this.#queue) piece.textEnd = piece.end;
    this.#outlet.beginning(this.#first);
    this.#release();
    this.#outlet.push();
    if (this.#ended) this.#textEnd();
    else if (this.#full) {
      this.#full = false;
      this.#outlet.room();
    }
  }

  #fault(fault: BodyFault): void {
    if (this.#done || !this.#outlet.fault(fault)) return;
    // It passes as it is: what is held, and all that follows.
    this.#text = undefined;
    this.#coded = undefined;
    this.#decoder?.close();
    this.#decoder = undefined;
    const rest = [...this.#queue.map(({ bytes }) => bytes), ...this.#waiting];
    this.#queue = [];
    this.#waiting = [];
    this.#held = 0;
    for (const bytes of rest) this.#outlet.release(bytes);
    this.#outlet.push();
    if (this.#ended) this.#finish();
    else if (this.#full) this.#outlet.room();
  }
}
