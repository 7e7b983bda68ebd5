import type { HeaderList } from "../../../policy/facts.ts";
import { CHUNK_EXTENSION_BYTES, CHUNK_LINE_BYTES, TRAILER_BYTES } from "../limits.ts";
import { ProtocolError } from "../protocol-error.ts";
import { checkTrailers, parseFields } from "./fields.ts";

export interface BodySink {
  /** a piece of the content, coding taken off; a view that stays valid */
  bodyData(bytes: Buffer): void;
  bodyEnd(trailers: HeaderList): void;
}

/** Takes the framing off a body, in pieces as they come (RFC 9112 §6-7). */
export interface BodyDecoder {
  readonly done: boolean;
  /** bytes of content that follow; infinite: it isn't stated */
  readonly left: number;
  /**
   * Reads from `at`; returns the index behind the last byte that belongs to the body, less than the length only when
   * the body has ended. Throws ProtocolError.
   */
  decode(bytes: Buffer, at: number, sink: BodySink): number;
}

const NO_TRAILERS: HeaderList = [];

/** A body of `length` bytes, at least one. */
export class LengthDecoder implements BodyDecoder {
  done = false;
  left: number;

  constructor(length: number) {
    this.left = length;
  }

  decode(bytes: Buffer, at: number, sink: BodySink): number {
    const end = Math.min(bytes.length, at + this.left);
    this.left -= end - at;
    if (end > at) sink.bodyData(at === 0 && end === bytes.length ? bytes : bytes.subarray(at, end));
    if (this.left === 0) {
      this.done = true;
      sink.bodyEnd(NO_TRAILERS);
    }
    return end;
  }
}

/** A response body that ends with its connection. The owner ends it. */
export class CloseDecoder implements BodyDecoder {
  readonly done = false;
  readonly left = Number.POSITIVE_INFINITY;

  decode(bytes: Buffer, at: number, sink: BodySink): number {
    if (at < bytes.length) sink.bodyData(at === 0 ? bytes : bytes.subarray(at));
    return bytes.length;
  }
}

const CR = 0x0d;
const LF = 0x0a;
// At most 15 hex digits would pass a safe integer; 12 are 256 TiB.
const CHUNK_SIZE = /^([0-9A-Fa-f]{1,12})(;[\t\x20-\x7e\x80-\xff]*)?\r\n$/;

type State = "size" | "data" | "data_end" | "trailers";

/** The chunked coding. Extensions are read and dropped, as RFC 9112 §7.1.1 lets a recipient do. */
export class ChunkedDecoder implements BodyDecoder {
  done = false;
  readonly left = Number.POSITIVE_INFINITY;
  #state: State = "size";
  /** the line or trailer section read so far, latin1 */
  #text = "";
  #left = 0;
  #extensions = 0;

  decode(bytes: Buffer, from: number, sink: BodySink): number {
    let at = from;
    while (at < bytes.length && !this.done) {
      switch (this.#state) {
        case "data": {
          const end = Math.min(bytes.length, at + this.#left);
          sink.bodyData(bytes.subarray(at, end));
          this.#left -= end - at;
          at = end;
          if (this.#left === 0) {
            this.#state = "data_end";
            this.#text = "";
          }
          break;
        }
        case "data_end":
          at = this.#readDataEnd(bytes, at);
          break;
        case "size":
          at = this.#readSize(bytes, at);
          break;
        case "trailers":
          at = this.#readTrailers(bytes, at, sink);
          break;
      }
    }
    return at;
  }

  /** The CRLF behind a chunk's data. */
  #readDataEnd(bytes: Buffer, at: number): number {
    if (bytes[at] !== (this.#text === "" ? CR : LF))
      throw new ProtocolError("has a chunk that is longer than its size");
    if (this.#text === "") this.#text = "\r";
    else {
      this.#text = "";
      this.#state = "size";
    }
    return at + 1;
  }

  #readSize(bytes: Buffer, at: number): number {
    const end = this.#takeLine(bytes, at, CHUNK_LINE_BYTES);
    if (!this.#text.endsWith("\n")) return end;
    const line = CHUNK_SIZE.exec(this.#text);
    if (line === null) throw new ProtocolError("has a malformed chunk size or extension");
    this.#extensions += line[2]?.length ?? 0;
    if (this.#extensions > CHUNK_EXTENSION_BYTES) throw new ProtocolError("has too many chunk extensions");
    this.#left = Number.parseInt(line[1] ?? "", 16);
    this.#state = this.#left === 0 ? "trailers" : "data";
    this.#text = "";
    return end;
  }

  #readTrailers(bytes: Buffer, at: number, sink: BodySink): number {
    const before = this.#text.length;
    const end = this.#takeLine(bytes, at, TRAILER_BYTES - before);
    const text = this.#text;
    if (!text.endsWith("\n")) return end;
    if (!text.endsWith("\r\n")) throw new ProtocolError("has a CR or LF that is no line end");
    if (text !== "\r\n" && !text.endsWith("\r\n\r\n")) return end;
    const trailers = text === "\r\n" ? NO_TRAILERS : parseFields(text.slice(0, -2), 0);
    checkTrailers(trailers);
    this.#text = "";
    this.done = true;
    sink.bodyEnd(trailers);
    return end;
  }

  /** Moves bytes into `#text` up to and with the next LF; throws once there would be more than `max`. */
  #takeLine(bytes: Buffer, at: number, max: number): number {
    const lf = bytes.indexOf(LF, at);
    const end = lf < 0 ? bytes.length : lf + 1;
    const before = this.#state === "trailers" ? 0 : this.#text.length;
    if (before + end - at > max) throw new ProtocolError("has an over-long chunk line or trailer section");
    this.#text += bytes.toString("latin1", at, end);
    // A CR before anything but the LF will never be valid: say so now instead of waiting for the line's end.
    if (lf < 0 && /\r[^\n]/.test(this.#text)) throw new ProtocolError("has a CR or LF that is no line end");
    return end;
  }
}
