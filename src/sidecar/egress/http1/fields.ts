import type { HeaderList } from "../../../policy/facts.ts";
import { FIELD_COUNT } from "../limits.ts";
import { ProtocolError } from "../protocol-error.ts";

// One field line of RFC 9112 §5 with its CRLF: no whitespace before the colon, no folding, no control characters.
// The classes do not overlap, so that matching is linear.
const FIELD_LINE =
  /([!#$%&'*+\-.^_`|~0-9A-Za-z]+):[\t ]*((?:[\x21-\x7e\x80-\xff]+(?:[\t ]+[\x21-\x7e\x80-\xff]+)*)?)[\t ]*\r\n/y;
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

/**
 * Field lines, each with its CRLF, from `at` to the end of `text` (latin1): names and values in turn, as sent,
 * surrounding whitespace gone. Throws ProtocolError at the first line that isn't exactly one field.
 */
export function parseFields(text: string, at: number): string[] {
  const fields: string[] = [];
  FIELD_LINE.lastIndex = at;
  for (let from = at; from < text.length; from = FIELD_LINE.lastIndex) {
    const line = FIELD_LINE.exec(text);
    if (line === null) throw fieldError(text, from);
    if (fields.length >= FIELD_COUNT * 2) throw new ProtocolError(`has more than ${FIELD_COUNT} fields`);
    fields.push(line[1] ?? "", line[2] ?? "");
  }
  return fields;
}

/** Says what is wrong with the line that begins at `from`. */
function fieldError(text: string, from: number): ProtocolError {
  const end = text.indexOf("\n", from);
  const line = text.slice(from, end < 0 ? text.length : end).replace(/\r$/, "");
  if (/^[\t ]/.test(line))
    return new ProtocolError("begins a field line with whitespace (obsolete line folding)");
  if (line.includes("\0")) return new ProtocolError("has a NUL in a field", "dlp.crlf");
  if (line.includes("\r") || text[end - 1] !== "\r")
    return new ProtocolError("has a CR or LF that is no line end");
  const colon = line.indexOf(":");
  if (colon < 0) return new ProtocolError("has a field line without a colon");
  if (!isToken(line.slice(0, colon)))
    return new ProtocolError("has a field name that is empty or holds a character no name may have");
  return new ProtocolError("has a control character in a field value");
}

/** RFC 9110 §5.6.2 */
export function isToken(text: string): boolean {
  return TOKEN.test(text);
}

// RFC 9110 §7.6.1. `Proxy-Authorization` is a credential meant for this hop, and no upstream's business.
const HOP_BY_HOP = new Set([
  "connection",
  "keep-alive",
  "proxy-connection",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-authentication-info",
  "te",
  "transfer-encoding",
  "content-length",
  "upgrade",
  "http2-settings",
]);

// What `Connection` may not name: dropping one of these would change what the message means.
const END_TO_END = new Set([
  "host",
  "content-length",
  "transfer-encoding",
  "content-type",
  "content-encoding",
  "content-range",
  "authorization",
  "cookie",
  "set-cookie",
  "cache-control",
  "expect",
  "range",
  "trailer",
  "location",
]);

/** Alt-Svc would send clients to HTTP/3, which no listener here carries; a verdict is the sidecar's to give. */
export const NOT_FROM_UPSTREAM = ["alt-svc", "x-bot-bottle-verdict"] as const;

// Never in a trailer section (RFC 9110 §6.5.1): framing, routing, authentication, content and control.
const NOT_IN_TRAILERS = new Set([...HOP_BY_HOP, ...END_TO_END, ...NOT_FROM_UPSTREAM, "www-authenticate"]);

/** The members of every `Connection` field, lower case. */
export function connectionOptions(values: readonly string[]): readonly string[] {
  if (values.length === 0) return NO_OPTIONS;
  const options = values.length === 1 ? (values[0] ?? "").toLowerCase() : values.join(",").toLowerCase();
  if (options === "keep-alive") return KEEP_ALIVE;
  const list = options
    .split(",")
    .map((o) => o.trim())
    .filter((o) => o !== "");
  for (const option of list) {
    if (!isToken(option)) throw new ProtocolError("has a Connection field that is no list of names");
    if (END_TO_END.has(option)) throw new ProtocolError(`names ${option} in Connection`);
  }
  return list;
}
const NO_OPTIONS: readonly string[] = [];
const KEEP_ALIVE: readonly string[] = ["keep-alive"];

/**
 * The fields that go on to the next hop: without the hop-by-hop ones, those `Connection` names, framing, and what
 * `also` names (lower case).
 */
export function endToEnd(fields: HeaderList, options: readonly string[], ...also: string[]): string[] {
  const kept: string[] = [];
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i] ?? "";
    const lower = name.toLowerCase();
    if (HOP_BY_HOP.has(lower) || also.includes(lower) || (options.length > 0 && options.includes(lower)))
      continue;
    kept.push(name, fields[i + 1] ?? "");
  }
  return kept;
}

/** Throws ProtocolError for a trailer section that repeats what only a head may say. */
export function checkTrailers(fields: HeaderList): void {
  for (let i = 0; i < fields.length; i += 2)
    if (NOT_IN_TRAILERS.has((fields[i] ?? "").toLowerCase()))
      throw new ProtocolError("has a trailer that repeats a framing, routing or authentication field");
}

/** The first value of a field by its lower-case name. */
export function fieldValue(fields: HeaderList, lowerName: string): string | undefined {
  for (let i = 0; i < fields.length; i += 2)
    if ((fields[i] ?? "").toLowerCase() === lowerName) return fields[i + 1];
  return undefined;
}
