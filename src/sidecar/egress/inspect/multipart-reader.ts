import { parseFields } from "../http1/fields.ts";
import { ProtocolError } from "../protocol-error.ts";
import { tooLarge, unreadable } from "./body-fault.ts";
import { MULTIPART_DEPTH, PART_COUNT, PART_HEAD_BYTES, PREAMBLE_BYTES } from "./limits.ts";
import { type MediaType, parseMediaType } from "./media-type.ts";
import { createTransferDecoder, type TransferDecoder, type TransferEncoding } from "./transfer-decoder.ts";

export interface Part {
  /** what its Content-Disposition says */
  readonly disposition: string | undefined;
  /** what its Content-Type says */
  readonly type: string | undefined;
  /** how what it holds is encoded; undefined: it isn't */
  readonly encoded: TransferEncoding | undefined;
  /** where what it holds begins */
  readonly start: number;
  /** false: it stands inside another part that is encoded */
  readonly exact: boolean;
}

/**
 * What a multipart body is made of, every byte once, inner parts in the place of their outer one; what is encoded comes
 * as it stands (`frame`) and decoded (`partData`). `at`: where in the body it begins; not `exact`: what it was decoded
 * from does.
 */
export interface PartSink {
  frame(bytes: Buffer, at: number, exact: boolean): void;
  partStart(part: Part): void;
  partData(bytes: Buffer, at: number, exact: boolean): void;
  /** `at`: where what it holds ends */
  partEnd(at: number): void;
}

const CRLF = Buffer.from("\r\n");
const HEAD_END = Buffer.from("\r\n\r\n");
// RFC 2046 §5.1.1
const BOUNDARY = /^[0-9A-Za-z'()+_,./:=? -]{0,69}[0-9A-Za-z'()+_,./:=?-]$/;

/** The boundary a multipart type states. Throws BodyFault where there is none that all readers agree on. */
export function boundaryOf(type: MediaType | undefined): string {
  const boundary = type?.parameters.get("boundary");
  if (boundary === undefined || !BOUNDARY.test(boundary))
    throw unreadable("is multipart without a boundary that can be relied on");
  return boundary;
}

/** Counts over all depths of one body. */
interface Count {
  parts: number;
}

type State = "preamble" | "delimiter" | "head" | "data_start" | "data" | "epilogue";

/** Reads a multipart body as it comes (RFC 2046 §5.1), strictly: what isn't clear throws BodyFault. */
export class MultipartReader {
  readonly #delimiter: Buffer;
  readonly #sink: PartSink;
  readonly #depth: number;
  readonly #count: Count;
  #state: State = "preamble";
  /** not used up yet; the first delimiter needs no line end before it */
  #pending: Buffer = CRLF;
  #fromOutside = CRLF.length;
  /** where `#pending` begins in the body */
  #at = 0;
  #exact = true;
  #preamble = 0;
  /** of the part being read */
  #nested: MultipartReader | undefined;
  #transfer: TransferDecoder | undefined;

  constructor(boundary: string, sink: PartSink, depth = 1, count: Count = { parts: 0 }) {
    this.#delimiter = Buffer.from(`\r\n--${boundary}`, "latin1");
    this.#sink = sink;
    this.#depth = depth;
    this.#count = count;
  }

  /** Where in the body what isn't told yet begins; infinite: all is told. */
  get open(): number {
    const inner = this.#nested?.open ?? Number.POSITIVE_INFINITY;
    return this.#exact && this.#pending.length > this.#fromOutside
      ? Math.min(inner, this.#at + this.#fromOutside)
      : inner;
  }

  /** `at`, `exact`: as in PartSink. */
  write(bytes: Buffer, at: number, exact: boolean): void {
    if (this.#state === "epilogue") {
      this.#sink.frame(bytes, at, exact);
      return;
    }
    if (this.#pending.length === this.#fromOutside) this.#at = at - this.#fromOutside;
    this.#exact = exact;
    this.#pending = this.#pending.length === 0 ? bytes : Buffer.concat([this.#pending, bytes]);
    while (this.#step()) {
      // until more bytes are needed
    }
  }

  end(): void {
    if (this.#state !== "epilogue") throw unreadable("is multipart that doesn't end with its boundary");
  }

  /** One step; false: more bytes are needed, or none. */
  #step(): boolean {
    switch (this.#state) {
      case "preamble":
      case "data":
        return this.#readData();
      case "delimiter":
        return this.#readDelimiter();
      case "head":
        return this.#readHead();
      case "data_start":
        return this.#readDataStart();
      case "epilogue":
        return false;
    }
  }

  /** Up to the next delimiter; its beginning may stand at the end of what is there. */
  #readData(): boolean {
    const pending = this.#pending;
    const found = pending.indexOf(this.#delimiter);
    const end = found < 0 ? Math.max(0, pending.length - this.#delimiter.length + 1) : found;
    this.#data(end);
    if (found < 0) return false;
    if (this.#state === "data") this.#partEnd();
    this.#frame(this.#delimiter.length);
    this.#state = "delimiter";
    return true;
  }

  /** Uses bytes up that are no part's text. */
  #frame(count: number): void {
    const outside = Math.min(count, this.#fromOutside);
    const bytes = this.#pending.subarray(outside, count);
    if (bytes.length > 0) this.#sink.frame(bytes, this.#at + (this.#exact ? outside : 0), this.#exact);
    this.#fromOutside -= outside;
    this.#advance(count);
  }

  #advance(count: number): void {
    this.#pending = this.#pending.subarray(count);
    if (this.#exact) this.#at += count;
  }

  #data(count: number): void {
    if (count === 0) return;
    const at = this.#at;
    const exact = this.#exact;
    const bytes = this.#pending.subarray(0, count);
    if (this.#state === "preamble") {
      this.#preamble += count;
      if (this.#preamble > PREAMBLE_BYTES)
        throw unreadable("is multipart that doesn't begin with its boundary");
      this.#frame(count);
    } else if (this.#transfer) {
      this.#frame(count);
      this.#transfer.write(bytes, (decoded) => this.#content(decoded, at, false));
    } else {
      this.#advance(count);
      this.#content(bytes, at, exact);
    }
  }

  #content(bytes: Buffer, at: number, exact: boolean): void {
    if (this.#nested) this.#nested.write(bytes, at, exact);
    else if (bytes.length > 0) this.#sink.partData(bytes, at, exact);
  }

  #partEnd(): void {
    this.#transfer?.end((decoded) => this.#content(decoded, this.#at, false));
    if (this.#nested) this.#nested.end();
    else this.#sink.partEnd(this.#at);
    this.#nested = undefined;
    this.#transfer = undefined;
  }

  /** What stands behind a delimiter: `--`, or white space and the end of the line. */
  #readDelimiter(): boolean {
    const pending = this.#pending;
    const lineEnd = pending.indexOf(CRLF);
    if (pending.length >= 2 && pending.subarray(0, 2).equals(CLOSE)) {
      this.#state = "epilogue";
      this.#frame(pending.length);
      return false;
    }
    if (lineEnd < 0 && pending.length < PADDING_BYTES) return false;
    if (lineEnd < 0 || !/^[\t ]*$/.test(pending.toString("latin1", 0, lineEnd)))
      throw unreadable("is multipart with a boundary inside a line");
    this.#state = "head";
    // the line end stays: it is the empty line where a part has no header fields
    this.#frame(lineEnd);
    return true;
  }

  #readHead(): boolean {
    const pending = this.#pending;
    const end = pending.indexOf(HEAD_END);
    if (end > PART_HEAD_BYTES || (end < 0 && pending.length > PART_HEAD_BYTES))
      throw unreadable(`is multipart with a part head over ${PART_HEAD_BYTES} bytes`);
    if (end < 0) return false;
    if (++this.#count.parts > PART_COUNT) throw tooLarge(`has more than ${PART_COUNT} parts`);
    this.#frame(end + 2);
    this.#part(pending.toString("latin1", 2, end + 2));
    this.#state = "data_start";
    return true;
  }

  /** The empty line behind a head. To some readers it may begin a delimiter too, to others not. */
  #readDataStart(): boolean {
    const pending = this.#pending;
    const known = Math.min(pending.length, this.#delimiter.length);
    if (pending.compare(this.#delimiter, 0, known, 0, known) === 0) {
      if (known < this.#delimiter.length) return false;
      throw unreadable("is multipart with a boundary right behind a part head");
    }
    this.#frame(CRLF.length);
    this.#state = "data";
    return true;
  }

  #part(head: string): void {
    let type: string | undefined;
    let encoding: string | undefined;
    let disposition: string | undefined;
    for (const [name, value] of pairs(head)) {
      if (name === "content-type") {
        if (type !== undefined) throw unreadable("is multipart with a part of two types");
        type = value;
      } else if (name === "content-transfer-encoding") {
        if (encoding !== undefined) throw unreadable("is multipart with a part of two transfer encodings");
        encoding = value;
      } else if (name === "content-disposition") {
        if (disposition !== undefined) throw unreadable("is multipart with a part of two dispositions");
        disposition = value;
      }
    }
    this.#transfer = createTransferDecoder(encoding);
    if (type !== undefined && /^[\t ]*multipart\//i.test(type)) {
      if (this.#depth === MULTIPART_DEPTH) throw tooLarge(`is multipart more than ${MULTIPART_DEPTH} deep`);
      this.#nested = new MultipartReader(
        boundaryOf(parseMediaType(type)),
        this.#sink,
        this.#depth + 1,
        this.#count,
      );
    } else {
      const start = this.#at + (this.#exact ? CRLF.length : 0);
      const encoded = this.#transfer?.encoding;
      this.#sink.partStart({ disposition, type, encoded, start, exact: this.#exact });
    }
  }
}

const CLOSE = Buffer.from("--");
/** of white space behind a boundary */
const PADDING_BYTES = 256;

/** Folded lines (RFC 822) are joined; anything else that is no field line throws BodyFault. */
function pairs(head: string): readonly (readonly [string, string])[] {
  if (head === "") return [];
  try {
    const fields = parseFields(head.replace(/\r\n[\t ]+/g, " "), 0);
    return fields.flatMap((name, i) => (i % 2 === 0 ? [[name.toLowerCase(), fields[i + 1] ?? ""]] : []));
  } catch (error) {
    if (error instanceof ProtocolError) throw unreadable("is multipart with a part head that can't be read");
    throw error;
  }
}
