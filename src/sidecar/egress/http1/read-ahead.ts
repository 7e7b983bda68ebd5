import type { BodyDecoder, BodySink } from "./body.ts";
import { findHeadEnd } from "./head.ts";

const EMPTY = Buffer.alloc(0);
const CR = 0x0d;
const LF = 0x0a;

/** What came over a connection and isn't used up yet. */
export class ReadAhead {
  #bytes: Buffer = EMPTY;
  /** bytes in which no head ends */
  #scanned = 0;

  get length(): number {
    return this.#bytes.length;
  }

  push(bytes: Buffer): void {
    this.#bytes = this.#bytes.length === 0 ? bytes : Buffer.concat([this.#bytes, bytes]);
  }

  /** Takes all of it. */
  take(): Buffer {
    const bytes = this.#bytes;
    this.#bytes = EMPTY;
    return bytes;
  }

  /** Takes a whole request head, latin1; undefined: there is none yet. Throws ProtocolError where none can be. */
  takeHead(): string | undefined {
    const pending = this.#bytes;
    // RFC 9112 §2.2: one empty line before a request is ignored.
    const start = this.#scanned === 0 && pending[0] === CR && pending[1] === LF ? 2 : 0;
    const bytes = start === 0 ? pending : pending.subarray(start);
    const end = findHeadEnd(bytes, this.#scanned);
    if (end < 0) {
      if (bytes.length > 2) {
        this.#scanned = bytes.length;
        this.#bytes = bytes;
      }
      return undefined;
    }
    this.#scanned = 0;
    this.#bytes = end === bytes.length ? EMPTY : bytes.subarray(end);
    return bytes.toString("latin1", 0, end);
  }

  /** Takes what belongs to a body. Throws ProtocolError. */
  takeBody(decoder: BodyDecoder, sink: BodySink): void {
    const bytes = this.#bytes;
    const end = decoder.decode(bytes, 0, sink);
    this.#bytes = end === bytes.length ? EMPTY : bytes.subarray(end);
  }
}
