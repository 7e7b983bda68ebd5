import type { Channel, Extractor } from "./extract/extractor.ts";
import type { InjectionFinding, Place } from "./finding.ts";
import { HELD_BYTES, SLICE_BYTES } from "./limits.ts";
import { extractorFor, type TextKind } from "./text-kind.ts";
import { TextStream } from "./text-stream.ts";

const PLACES: Readonly<Record<Channel, Place>> = { visible: "visible", hidden: "hidden", aside: "visible" };

/** A channel's text, and where in the answer its last slices began. */
interface Text {
  readonly stream: TextStream;
  /** offsets in the channel's text and in the answer, rising */
  readonly marks: { readonly text: number; readonly answer: number }[];
}

/**
 * Reads an answer as it streams and grades what in it turns against the model that will read it (SPEC §4, inbound).
 * Memory is flat in its length. What is found depends on the bytes and the boundaries, never on how they were cut.
 */
export class InjectionScanner {
  readonly #extractor: Extractor;
  readonly #texts = new Map<Channel, Text>();
  #total = 0;
  #sliceStart = 0;
  #ended = false;

  constructor(kind: TextKind) {
    this.#extractor = extractorFor(kind);
  }

  /** The gravest that was found so far. */
  get found(): InjectionFinding | undefined {
    let found: InjectionFinding | undefined;
    for (const { stream } of this.#texts.values())
      if (stream.found && (found === undefined || found.grade === "warn")) found = stream.found;
    return found;
  }

  /**
   * Bytes of the answer, from its beginning, that may be passed on when nothing that blocks was found: no injection that
   * this scanner would see begins before and is still open. At a boundary and at the end that is all of it.
   */
  get safe(): number {
    if (this.#ended) return this.#total;
    let safe = this.#total;
    for (const { stream, marks } of this.#texts.values()) {
      const { open, total } = stream;
      if (open < total) safe = Math.min(safe, marks.findLast(({ text }) => text <= open)?.answer ?? 0);
    }
    return Math.max(safe, this.#total - HELD_BYTES - SLICE_BYTES);
  }

  write(bytes: Buffer): void {
    for (let at = 0; at < bytes.length && this.found?.grade !== "block"; at += SLICE_BYTES) {
      const slice = bytes.subarray(at, at + SLICE_BYTES);
      this.#sliceStart = this.#total + at;
      this.#extractor.write(slice, this.#take);
    }
    this.#total += bytes.length;
  }

  /** A message or an event ends here, and must be passed on or not: what is open is graded as it stands. */
  boundary(): void {
    this.#extractor.boundary();
    this.#settle();
  }

  end(): void {
    this.#extractor.end(this.#take);
    this.#settle();
    this.#ended = true;
  }

  #settle(): void {
    for (const { stream } of this.#texts.values()) stream.settle();
  }

  readonly #take = (channel: Channel, bytes: Buffer): void => {
    let text = this.#texts.get(channel);
    if (!text) {
      text = { stream: new TextStream(PLACES[channel]), marks: [] };
      this.#texts.set(channel, text);
    }
    const { stream, marks } = text;
    if (marks.at(-1)?.answer !== this.#sliceStart) {
      marks.push({ text: stream.total, answer: this.#sliceStart });
      while ((marks[1]?.text ?? stream.total) < stream.total - HELD_BYTES) marks.shift();
    }
    stream.write(bytes);
  };
}

export type { TextKind };
