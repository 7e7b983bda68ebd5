import type { Finding } from "../../../dlp/finding.ts";
import { SPLIT_BODY_BYTES } from "../../../dlp/split/limits.ts";
import type { HeaderList } from "../../../policy/facts.ts";
import { overwrite } from "../replace.ts";
import { BodyFault } from "./body-fault.ts";
import { type BodyText, createBodyText, type NewScanner } from "./body-text.ts";
import { statedCodings } from "./content-codings.ts";
import { ContentDecoder } from "./content-decoder.ts";
import { HELD_BYTES } from "./limits.ts";

/** Where an inspected body goes: the exchange. */
export interface BodyOutlet {
  /** the next bytes that may go */
  release(bytes: Buffer): void;
  /** what was released meanwhile goes: it was no read that released it */
  push(): void;
  /** all of it has gone, and it was whole */
  released(): void;
  found(finding: Finding, inPlace: boolean): void;
  /** bytes of its text, of the first few thousand */
  beginning(bytes: Buffer): void;
  /** it can't be inspected. True: it may pass all the same, and what is held and follows goes as it is */
  fault(fault: BodyFault): boolean;
  /** there is room for more, after `roomy` was false */
  room(): void;
}

/**
 * A request body on its way out: what it says is read, and each byte goes when nothing that covers it can still be
 * completed. Without codings all of it happens at once; codings are undone in the thread pool.
 */
export class RequestBody {
  readonly #outlet: BodyOutlet;
  #text: BodyText | undefined;
  #decoder: ContentDecoder | undefined;
  /** read, and not gone yet; `end`: the bytes of text that they end at */
  #queue: { bytes: Buffer; end: number }[] = [];
  #held = 0;
  /** bytes given to the text */
  #decoded = 0;
  /** bytes that went, where the body is its own text */
  #gone = 0;
  /** to be overwritten, in order */
  #spans: Finding[] = [];
  /** not given to the decoder yet */
  #waiting: Buffer[] = [];
  #busy = false;
  #ended = false;
  #done = false;
  #full = false;

  /** `fields`: Content-Encoding and Content-Type say how it is read. */
  constructor(
    fields: HeaderList,
    scanner: (found: (finding: Finding) => void) => ReturnType<NewScanner>,
    outlet: BodyOutlet,
  ) {
    this.#outlet = outlet;
    this.#guard(() => {
      const codings = statedCodings(fields);
      if (codings instanceof BodyFault) throw codings;
      this.#text = createBodyText(fields, () => scanner((finding) => this.#found(finding)));
      if (codings.length > 0)
        this.#decoder = new ContentDecoder(codings, {
          decoded: (bytes) => this.#guard(() => this.#read(bytes)),
          failed: (fault) => this.#fault(fault),
        });
    });
  }

  write(bytes: Buffer): void {
    if (this.#done || bytes.length === 0) return;
    if (this.#text === undefined) {
      this.#outlet.release(bytes);
      return;
    }
    this.#held += bytes.length;
    if (this.#decoder) {
      this.#waiting.push(bytes);
      this.#feed();
    } else {
      this.#queue.push({ bytes, end: this.#decoded + bytes.length });
      this.#guard(() => this.#read(bytes));
      this.#release();
    }
  }

  end(): void {
    this.#ended = true;
    if (this.#done) return;
    if (this.#text === undefined) this.#finish();
    else if (this.#decoder) this.#feed();
    else this.#textEnd();
  }

  /** False: stop reading until `room`. */
  roomy(): boolean {
    this.#full = this.#decoder !== undefined && this.#held > HELD_BYTES;
    return !this.#full;
  }

  /** Nothing came for a while. */
  settle(): void {
    if (this.#done || this.#ended || this.#text === undefined) return;
    this.#text.settle();
    this.#release();
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
      const piece = { bytes, end: Number.POSITIVE_INFINITY };
      this.#queue.push(piece);
      this.#decoder.write(bytes, () => {
        this.#busy = false;
        if (this.#done) return;
        piece.end = this.#decoded;
        this.#release();
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
    if (this.#done) return;
    this.#release();
    this.#finish();
  }

  #finish(): void {
    if (this.#done) return;
    this.#done = true;
    this.#outlet.released();
  }

  #found(finding: Finding): void {
    const inPlace =
      this.#text?.inPlace === true && this.#decoder === undefined && finding.start >= this.#gone;
    if (inPlace) this.#spans.push(finding);
    this.#outlet.found(finding, inPlace);
  }

  #release(): void {
    if (this.#done) return;
    const safe = this.#text?.safe ?? Number.POSITIVE_INFINITY;
    while (!this.#done) {
      const first = this.#queue[0];
      if (!first) break;
      if (first.end <= safe) this.#queue.shift();
      else if (this.#decoder || this.#text?.inPlace !== true || safe <= this.#gone) break;
      const bytes = first.end <= safe ? first.bytes : first.bytes.subarray(0, safe - this.#gone);
      if (bytes !== first.bytes) first.bytes = first.bytes.subarray(bytes.length);
      this.#held -= bytes.length;
      const from = this.#gone;
      this.#gone += bytes.length;
      this.#outlet.release(
        this.#spans.length === 0 ? bytes : overwrite(bytes, from, this.#spans, "redacted"),
      );
    }
    if (this.#spans.length > 0) this.#spans = this.#spans.filter(({ end }) => end > this.#gone);
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

  #fault(fault: BodyFault): void {
    if (this.#done || !this.#outlet.fault(fault)) return;
    // It passes as it is: what is held, and all that follows.
    this.#text = undefined;
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
