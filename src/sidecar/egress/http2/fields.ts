import type { HeaderList } from "../../../policy/facts.ts";
import { ProtocolError } from "../protocol-error.ts";

/** A field section as node:http2 hands it over: `[name, value, …]`, pseudo-fields among them. */
export interface Section {
  /** by name with its colon */
  readonly pseudo: ReadonlyMap<string, string>;
  /** the rest in order, without content-length, and in requests without host, te, cookie crumbs joined */
  readonly fields: string[];
  readonly contentLength: number | undefined;
  readonly host: string | undefined;
  readonly takesTrailers: boolean;
  readonly expectsContinue: boolean;
}

// RFC 9113 §8.2.2
const CONNECTION_FIELDS = new Set([
  "connection",
  "keep-alive",
  "proxy-connection",
  "transfer-encoding",
  "upgrade",
]);
const NAME = /^[!#$%&'*+\-.^_`|~0-9a-z]+$/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are the point
const BREAKS_A_LINE = /[\r\n\u0000]/;
const VALUE = /^(?![\t ])[\t\x20-\x7e\x80-\xff]*(?<![\t ])$/;

/**
 * Takes a field section apart, and holds it to HTTP/1.1's rules as well, because it may go on in that version
 * (RFC 9113 §10.3). Throws ProtocolError.
 */
export function readSection(raw: HeaderList): Section {
  const pseudo = new Map<string, string>();
  const fields: string[] = [];
  let contentLength: number | undefined;
  let host: string | undefined;
  let cookie: string | undefined;
  let takesTrailers = false;
  let expectsContinue = false;
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i] ?? "";
    const value = raw[i + 1] ?? "";
    if (BREAKS_A_LINE.test(value) || BREAKS_A_LINE.test(name))
      throw new ProtocolError("has CR, LF or NUL in a field", "dlp.crlf");
    if (name.startsWith(":")) {
      if (pseudo.has(name)) throw new ProtocolError(`repeats ${name}`);
      if (!VALUE.test(value)) throw new ProtocolError("has a control character in a field value");
      pseudo.set(name, value);
      continue;
    }
    if (!NAME.test(name)) throw new ProtocolError("has a field name that HTTP/2 does not allow");
    if (!VALUE.test(value)) throw new ProtocolError("has a field value that HTTP/2 does not allow");
    if (CONNECTION_FIELDS.has(name)) throw new ProtocolError(`has the connection field ${name}`);
    switch (name) {
      case "content-length":
        if (contentLength !== undefined) throw new ProtocolError("repeats content-length");
        if (!/^[0-9]{1,15}$/.test(value))
          throw new ProtocolError("has a content-length that is no plain number");
        contentLength = Number(value);
        break;
      case "host":
        if (host !== undefined) throw new ProtocolError("has two host fields");
        host = value;
        break;
      case "te":
        if (value !== "trailers") throw new ProtocolError("has a te field other than trailers");
        takesTrailers = true;
        break;
      case "expect":
        if (value.toLowerCase() !== "100-continue")
          throw new ProtocolError("expects something other than 100-continue");
        expectsContinue = true;
        break;
      case "cookie":
        // RFC 9113 §8.2.3: crumbs are one field in any other version.
        cookie = cookie === undefined ? value : `${cookie}; ${value}`;
        break;
      case "proxy-authorization":
      case "http2-settings":
        break;
      default:
        fields.push(name, value);
    }
  }
  if (cookie !== undefined) fields.push("cookie", cookie);
  return { pseudo, fields, contentLength, host, takesTrailers, expectsContinue };
}

/** A trailer section as node:http2 hands it over. Throws ProtocolError. */
export function readTrailers(raw: HeaderList): string[] {
  const { pseudo, fields, contentLength, host } = readSection(raw);
  if (pseudo.size > 0 || contentLength !== undefined || host !== undefined)
    throw new ProtocolError("has a trailer that repeats a framing, routing or authentication field");
  return fields;
}

/** Fields for node:http2 to send: names lower case, behind the pseudo-fields. */
export function writeSection(pseudo: readonly string[], fields: HeaderList): string[] {
  const raw = [...pseudo];
  for (let i = 0; i < fields.length; i += 2) raw.push((fields[i] ?? "").toLowerCase(), fields[i + 1] ?? "");
  return raw;
}

/** A trailer section for `sendTrailers`, which takes an object. */
export function trailerObject(fields: HeaderList): Record<string, string[]> {
  const values = new Map<string, string[]>();
  for (let i = 0; i < fields.length; i += 2) {
    const name = (fields[i] ?? "").toLowerCase();
    const value = fields[i + 1] ?? "";
    const before = values.get(name);
    if (before) before.push(value);
    else values.set(name, [value]);
  }
  return Object.fromEntries(values);
}
