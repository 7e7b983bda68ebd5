import { HEAD_BYTES, START_LINE_BYTES } from "../limits.ts";
import { ProtocolError } from "../protocol-error.ts";
import { connectionOptions, parseFields } from "./fields.ts";

interface Head {
  /** 0 or 1 */
  readonly minor: number;
  /** names and values in turn, as received */
  readonly fields: readonly string[];
  /** members of Connection, lower case */
  readonly connection: readonly string[];
}

export interface RequestHead extends Head {
  readonly method: string;
  readonly target: string;
  readonly host: string | undefined;
  readonly framing: "none" | "chunked" | number;
  /** an Upgrade field is there, whatever Connection says of it */
  readonly upgrade: boolean;
  /** `Expect: 100-continue` */
  readonly expectsContinue: boolean;
  /** `TE` lists trailers */
  readonly takesTrailers: boolean;
}

export interface ResponseHead extends Head {
  readonly status: number;
  readonly reason: string;
  /** as stated, where it is stated; for HEAD and 304 without a body to go with it */
  readonly contentLength: number | undefined;
  readonly chunked: boolean;
}

const REQUEST_LINE = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+) ([\x21-\x7e]+) HTTP\/1\.([01])\r\n/;
const STATUS_LINE = /^HTTP\/1\.([01]) ([1-9][0-9]{2})(?: ([\t\x20-\x7e\x80-\xff]*))?\r\n/;

/**
 * Finds the end of a head: the index behind its empty line, or -1 while it is not all there. `from`: up to where an
 * earlier call has looked. Throws ProtocolError for a head over its bound, and as soon as a CR or LF stands alone,
 * so that a sender of bare line ends isn't waited for.
 */
export function findHeadEnd(bytes: Buffer, from: number): number {
  const end = bytes.indexOf("\r\n\r\n", Math.max(0, from - 3), "latin1");
  if (end >= 0) {
    if (end + 4 > HEAD_BYTES) throw new ProtocolError(`has a head over ${HEAD_BYTES} bytes`);
    return end + 4;
  }
  if (bytes.length > HEAD_BYTES) throw new ProtocolError(`has a head over ${HEAD_BYTES} bytes`);
  for (let i = Math.max(1, from); i < bytes.length; i++)
    if ((bytes[i] === LF) !== (bytes[i - 1] === CR))
      throw new ProtocolError("has a CR or LF that is no line end");
  if (bytes[0] === LF) throw new ProtocolError("begins with LF");
  return -1;
}
const CR = 0x0d;
const LF = 0x0a;

/** Reads a request head, its empty line included (RFC 9112 §3-6). Throws ProtocolError for every ambiguity. */
export function parseRequestHead(text: string): RequestHead {
  const line = REQUEST_LINE.exec(text);
  if (line === null) throw requestLineError(text);
  const [whole, method = "", target = "", digit] = line;
  if (whole.length > START_LINE_BYTES)
    throw new ProtocolError(`has a request line over ${START_LINE_BYTES} bytes`);
  const minor = digit === "1" ? 1 : 0;
  const fields = parseFields(text.slice(0, -2), whole.length);
  let host: string | undefined;
  let length: string | undefined;
  let coding: string | undefined;
  let upgrade = false;
  let expect: string | undefined;
  let takesTrailers = false;
  const connection: string[] = [];
  for (let i = 0; i < fields.length; i += 2) {
    const value = fields[i + 1] ?? "";
    switch ((fields[i] ?? "").toLowerCase()) {
      case "host":
        if (host !== undefined) throw new ProtocolError("has two Host fields");
        host = value;
        break;
      case "content-length":
        if (length !== undefined) throw new ProtocolError("repeats Content-Length");
        length = value;
        break;
      case "transfer-encoding":
        if (coding !== undefined) throw new ProtocolError("repeats Transfer-Encoding");
        coding = value;
        break;
      case "connection":
        connection.push(value);
        break;
      case "upgrade":
        upgrade = true;
        break;
      case "expect":
        if (expect !== undefined) throw new ProtocolError("repeats Expect");
        expect = value;
        break;
      case "te":
        takesTrailers ||= /(?:^|[\t ,])trailers(?:$|[\t ,;])/i.test(value);
        break;
    }
  }
  if (minor === 1 && host === undefined) throw new ProtocolError("has no Host field");
  if (expect !== undefined && expect.toLowerCase() !== "100-continue")
    throw new ProtocolError("expects something other than 100-continue");
  const chunked = isChunked(coding, length, minor);
  return {
    minor,
    fields,
    connection: connectionOptions(connection),
    method,
    target,
    host,
    framing: chunked ? "chunked" : length === undefined ? "none" : contentLength(length),
    upgrade,
    // RFC 9110 §10.1.1: an expectation in a 1.0 request is ignored, and so is one without a body
    expectsContinue:
      expect !== undefined && minor === 1 && (chunked || (length !== undefined && length !== "0")),
    takesTrailers,
  };
}

/** Reads a response head, its empty line included (RFC 9112 §4-6). Throws ProtocolError for every ambiguity. */
export function parseResponseHead(text: string): ResponseHead {
  const line = STATUS_LINE.exec(text);
  if (line === null) throw new ProtocolError("has a malformed status line");
  const [whole, digit, status, reason = ""] = line;
  if (whole.length > START_LINE_BYTES)
    throw new ProtocolError(`has a status line over ${START_LINE_BYTES} bytes`);
  const minor = digit === "1" ? 1 : 0;
  const fields = parseFields(text.slice(0, -2), whole.length);
  let length: string | undefined;
  let coding: string | undefined;
  const connection: string[] = [];
  for (let i = 0; i < fields.length; i += 2) {
    const value = fields[i + 1] ?? "";
    switch ((fields[i] ?? "").toLowerCase()) {
      case "content-length":
        if (length !== undefined) throw new ProtocolError("repeats Content-Length");
        length = value;
        break;
      case "transfer-encoding":
        if (coding !== undefined) throw new ProtocolError("repeats Transfer-Encoding");
        coding = value;
        break;
      case "connection":
        connection.push(value);
        break;
    }
  }
  return {
    minor,
    fields,
    connection: connectionOptions(connection),
    status: Number(status),
    reason,
    chunked: isChunked(coding, length, minor),
    contentLength: length === undefined ? undefined : contentLength(length),
  };
}

/** RFC 9112 §6.3: nothing but the one coding, alone, and never beside a length. */
function isChunked(coding: string | undefined, length: string | undefined, minor: number): boolean {
  if (coding === undefined) return false;
  if (length !== undefined) throw new ProtocolError("has both Content-Length and Transfer-Encoding");
  if (minor === 0) throw new ProtocolError("has Transfer-Encoding in HTTP/1.0");
  if (coding.toLowerCase() !== "chunked")
    throw new ProtocolError("has a Transfer-Encoding other than chunked");
  return true;
}

/** Digits only: no sign, no list, no more than a safe integer holds. */
function contentLength(text: string): number {
  if (!/^[0-9]{1,15}$/.test(text)) throw new ProtocolError("has a Content-Length that is no plain number");
  return Number(text);
}

function requestLineError(text: string): ProtocolError {
  const line = text.slice(0, text.indexOf("\n")).replace(/\r$/, "");
  if (line.includes("\0")) return new ProtocolError("has a NUL in its request line", "dlp.crlf");
  if (line.includes("\r")) return new ProtocolError("has a CR or LF that is no line end");
  if (line.length > START_LINE_BYTES)
    return new ProtocolError(`has a request line over ${START_LINE_BYTES} bytes`);
  if (/^[^ ]+ [^ ]+$/.test(line)) return new ProtocolError("is HTTP/0.9");
  if (/ HTTP\/(?!1\.[01]$)[0-9.]+$/.test(line))
    return new ProtocolError("has an HTTP version other than 1.0 and 1.1");
  return new ProtocolError("has a malformed request line");
}
