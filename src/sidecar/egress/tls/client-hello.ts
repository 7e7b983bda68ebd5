import { CLIENT_HELLO_BYTES } from "../limits.ts";

/** What the first bytes of a connection are. */
export type Opening =
  /** too few bytes to tell */
  | { readonly kind: "more" }
  | { readonly kind: "hello"; readonly sni: string | undefined; readonly alpn: readonly string[] }
  /** the first byte isn't that of a TLS handshake record */
  | { readonly kind: "not_tls" }
  /** begins like TLS, then breaks RFC 8446 §4.1.2 or RFC 6066 §3 */
  | { readonly kind: "invalid"; readonly problem: string };

const MORE: Opening = { kind: "more" };
const HANDSHAKE = 0x16;
const CLIENT_HELLO = 0x01;
const SERVER_NAME = 0;
const ALPN = 16;

const invalid = (problem: string): Opening => ({ kind: "invalid", problem });

/**
 * Reads server name and protocols out of a ClientHello, which may span records and segments: call it again with all
 * bytes so far while it answers `more`. An encrypted ClientHello shows its outer name, which is what the connection
 * claims to be for; without its key the handshake goes on with that one (RFC 9849 §7).
 */
export function readOpening(bytes: Buffer): Opening {
  if (bytes.length === 0) return MORE;
  if (bytes[0] !== HANDSHAKE) return { kind: "not_tls" };
  const message = joinRecords(bytes);
  if ("kind" in message) return message;
  return readHello(message.body);
}

/** The handshake message inside one or more records, without its own 4-byte header. */
function joinRecords(bytes: Buffer): Opening | { readonly body: Buffer } {
  const parts: Buffer[] = [];
  let have = 0;
  let at = 0;
  while (at + 5 <= bytes.length) {
    if (bytes[at] !== HANDSHAKE) return invalid("a record of another type inside the ClientHello");
    if (bytes[at + 1] !== 3) return invalid("not a TLS version");
    const length = bytes.readUInt16BE(at + 3);
    if (length === 0 || length > 16_384) return invalid("a record of impossible length");
    const part = bytes.subarray(at + 5, at + 5 + length);
    parts.push(part);
    have += part.length;
    at += 5 + length;
    if (have < 4) continue;
    const message = parts.length === 1 ? part : Buffer.concat(parts);
    if (message[0] !== CLIENT_HELLO) return invalid("a handshake that does not begin with ClientHello");
    const total = message.readUIntBE(1, 3);
    if (total > CLIENT_HELLO_BYTES) return invalid("an over-long ClientHello");
    if (message.length >= 4 + total) return { body: message.subarray(4, 4 + total) };
  }
  return bytes.length > CLIENT_HELLO_BYTES * 2 ? invalid("an over-long ClientHello") : MORE;
}

/** RFC 8446 §4.1.2: version, random, session id, cipher suites, compression, extensions. */
function readHello(body: Buffer): Opening {
  let at = 34;
  const sessionLength = body[at];
  if (sessionLength === undefined) return invalid("a cut ClientHello");
  at += 1 + sessionLength;
  if (at + 2 > body.length) return invalid("a cut ClientHello");
  at += 2 + body.readUInt16BE(at);
  const compressionLength = body[at];
  if (compressionLength === undefined) return invalid("a cut ClientHello");
  at += 1 + compressionLength;
  let sni: string | undefined;
  let alpn: readonly string[] = [];
  if (at === body.length) return { kind: "hello", sni, alpn };
  if (at + 2 > body.length) return invalid("a cut ClientHello");
  const end = at + 2 + body.readUInt16BE(at);
  at += 2;
  if (end !== body.length) return invalid("extensions of another length than stated");
  const seen = new Set<number>();
  while (at < end) {
    if (at + 4 > end) return invalid("a cut extension");
    const type = body.readUInt16BE(at);
    const value = body.subarray(at + 4, at + 4 + body.readUInt16BE(at + 2));
    at += 4 + body.readUInt16BE(at + 2);
    if (at > end) return invalid("a cut extension");
    if (seen.has(type)) return invalid("the same extension twice");
    seen.add(type);
    if (type === SERVER_NAME) {
      const name = readServerName(value);
      if (name === undefined) return invalid("a malformed server name");
      sni = name;
    } else if (type === ALPN) {
      const names = readProtocols(value);
      if (names === undefined) return invalid("a malformed protocol list");
      alpn = names;
    }
  }
  return { kind: "hello", sni, alpn };
}

/** RFC 6066 §3: a list that holds exactly one host_name; anything else could be read in two ways. */
function readServerName(value: Buffer): string | undefined {
  if (value.length < 5 || value.readUInt16BE(0) !== value.length - 2 || value[2] !== 0) return undefined;
  if (value.readUInt16BE(3) !== value.length - 5 || value.length === 5) return undefined;
  return value.toString("latin1", 5);
}

/** RFC 7301 §3.1 */
function readProtocols(value: Buffer): string[] | undefined {
  if (value.length < 2 || value.readUInt16BE(0) !== value.length - 2) return undefined;
  const names: string[] = [];
  let at = 2;
  while (at < value.length) {
    const length = value[at] ?? 0;
    if (length === 0 || at + 1 + length > value.length) return undefined;
    names.push(value.toString("latin1", at + 1, at + 1 + length));
    at += 1 + length;
  }
  return names;
}
