import { createHash } from "node:crypto";
import type { HeaderList } from "../../../policy/facts.ts";
import { type Refusal, refuse } from "../../../policy/verdict.ts";
import type { RequestHead } from "../http1/head.ts";
import { ProtocolError } from "../protocol-error.ts";
import type { IncomingRequest, ResponseStart } from "../stream.ts";
import {
  agreementText,
  type DeflateAgreement,
  type DeflateOffer,
  offersText,
  readAgreement,
  readOffers,
} from "./extensions.ts";

/** What a client asks for in its opening handshake (RFC 6455 §4.1, RFC 8441 §5). */
export interface WebSocketOffer {
  /** permessage-deflate, in its order of preference; no other extension is offered on */
  readonly deflate: readonly DeflateOffer[];
  /** subprotocols, as sent */
  readonly protocols: readonly string[];
}

/** What the server agreed to. From here on both bodies are frames. */
export interface WebSocketAgreement {
  readonly deflate: DeflateAgreement | undefined;
}

// RFC 6455 §1.3
const GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
const VERSION = "13";

/** Fields that each hop of a handshake writes itself; the subprotocols go through. */
const OF_THE_HOP = new Set([
  "sec-websocket-key",
  "sec-websocket-version",
  "sec-websocket-extensions",
  "sec-websocket-accept",
]);

/** What an HTTP/1.1 request opens; undefined: it upgrades to something else, or to no version there is. Throws ProtocolError. */
export function readUpgrade(
  head: RequestHead,
): { readonly offer: WebSocketOffer; readonly key: string } | undefined {
  const { method, minor, framing, fields, connection } = head;
  if (method !== "GET" || minor !== 1 || (framing !== "none" && framing !== 0)) return undefined;
  if (!isWebSocketUpgrade(fields, connection)) return undefined;
  const offer = readOffer(fields);
  return offer && { offer, key: readKey(fields) };
}

/** The offer in a request's fields. Throws ProtocolError; undefined: another version than 13. */
export function readOffer(fields: HeaderList): WebSocketOffer | undefined {
  if (only(fields, "sec-websocket-version") !== VERSION) return undefined;
  return {
    deflate: readOffers(joined(fields, "sec-websocket-extensions")),
    protocols: (joined(fields, "sec-websocket-protocol") ?? "")
      .split(",")
      .map((protocol) => protocol.trim())
      .filter((protocol) => protocol !== ""),
  };
}

/** The key of an HTTP/1.1 request: 16 bytes in base64. Throws ProtocolError. */
function readKey(fields: HeaderList): string {
  const key = only(fields, "sec-websocket-key");
  if (key === undefined || !/^[A-Za-z0-9+/]{21}[AQgw]==$/.test(key))
    throw new ProtocolError("has no Sec-WebSocket-Key of 16 bytes");
  return key;
}

/** Sec-WebSocket-Accept for a key. */
export function acceptOf(key: string): string {
  return createHash("sha1")
    .update(key + GUID)
    .digest("base64");
}

/** The request that opens a WebSocket, as it is sent on. */
export function opening(request: IncomingRequest, offer: WebSocketOffer): IncomingRequest {
  return { ...request, fields: withoutHandshake(request.fields), body: "none", websocket: offer };
}

/** Fields without those of the handshake that are this hop's own. */
export function withoutHandshake(fields: HeaderList): string[] {
  const kept: string[] = [];
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i] ?? "";
    if (!OF_THE_HOP.has(name.toLowerCase())) kept.push(name, fields[i + 1] ?? "");
  }
  return kept;
}

/** Fields of a handshake sent on, names as in HTTP/1.1. */
export function offerFields(offer: WebSocketOffer): string[] {
  const extensions = offersText(offer.deflate);
  return [
    "Sec-WebSocket-Version",
    VERSION,
    ...(extensions === undefined ? [] : ["Sec-WebSocket-Extensions", extensions]),
  ];
}

export function agreementFields(agreement: WebSocketAgreement): string[] {
  const { deflate } = agreement;
  return deflate === undefined ? [] : ["Sec-WebSocket-Extensions", agreementText(deflate)];
}

/** What a server's handshake agrees to, checked against the offer. Throws ProtocolError. */
export function readAgreed(fields: HeaderList, offer: WebSocketOffer): WebSocketAgreement {
  const protocol = only(fields, "sec-websocket-protocol");
  if (protocol !== undefined && !offer.protocols.includes(protocol))
    throw new ProtocolError("chooses a WebSocket subprotocol that was not offered");
  return { deflate: readAgreement(joined(fields, "sec-websocket-extensions"), offer.deflate) };
}

/** Checks the fields of a 101 (RFC 6455 §4.1) to a request that was sent with `key`. Throws ProtocolError. */
export function checkSwitch(fields: HeaderList, connection: readonly string[], key: string): void {
  if (!isWebSocketUpgrade(fields, connection))
    throw new ProtocolError("switches to another protocol than WebSocket");
  if (only(fields, "sec-websocket-accept") !== acceptOf(key))
    throw new ProtocolError("has a Sec-WebSocket-Accept that doesn't answer the key");
}

/** Why an answer can't be passed on: in HTTP/2 any 2xx says that what follows are frames (RFC 8441 §5). */
export function notSwitched(
  { websocket, protocol }: IncomingRequest,
  start: ResponseStart,
): Refusal | undefined {
  if (websocket === undefined || start.websocket || protocol !== "h2" || start.status >= 300)
    return undefined;
  return refuse("egress.upstream_unreachable", "The upstream did not switch to WebSocket.", "RFC 8441");
}

/** Whether a head upgrades to WebSocket and nothing else. `connection`: its options in lower case. */
function isWebSocketUpgrade(fields: HeaderList, connection: readonly string[]): boolean {
  return joined(fields, "upgrade")?.toLowerCase() === "websocket" && connection.includes("upgrade");
}

/** The one value of a field; throws ProtocolError where it is repeated. */
function only(fields: HeaderList, lowerName: string): string | undefined {
  let value: string | undefined;
  for (let i = 0; i < fields.length; i += 2) {
    if ((fields[i] ?? "").toLowerCase() !== lowerName) continue;
    if (value !== undefined) throw new ProtocolError(`repeats ${lowerName}`);
    value = fields[i + 1];
  }
  return value;
}

function joined(fields: HeaderList, lowerName: string): string | undefined {
  let value: string | undefined;
  for (let i = 0; i < fields.length; i += 2) {
    if ((fields[i] ?? "").toLowerCase() !== lowerName) continue;
    value = value === undefined ? fields[i + 1] : `${value}, ${fields[i + 1]}`;
  }
  return value;
}
