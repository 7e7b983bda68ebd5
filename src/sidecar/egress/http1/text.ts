import type { HeaderList } from "../../../policy/facts.ts";
import type { OutgoingRequest, ResponseStart } from "../stream.ts";
import { acceptOf, agreementFields, offerFields, type WebSocketAgreement } from "../websocket/handshake.ts";

/** Heads and last chunks as text (latin1), framing put on. Everything in them has been checked on the way in. */

/** For answers that came without a reason phrase, as in HTTP/2; the phrase may be empty (RFC 9112 §4). */
const REASONS: Readonly<Record<number, string>> = {
  100: "Continue",
  101: "Switching Protocols",
  103: "Early Hints",
  200: "OK",
  201: "Created",
  202: "Accepted",
  204: "No Content",
  206: "Partial Content",
  301: "Moved Permanently",
  302: "Found",
  304: "Not Modified",
  400: "Bad Request",
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not Found",
  429: "Too Many Requests",
  500: "Internal Server Error",
  502: "Bad Gateway",
  503: "Service Unavailable",
};

/** `key`: of a request that opens a WebSocket, for its Sec-WebSocket-Key. */
export function requestText(request: OutgoingRequest, key?: string): string {
  const { body, websocket } = request;
  let text = `${request.method} ${request.target} HTTP/1.1\r\nHost: ${request.authority}\r\n`;
  if (websocket) text += `${UPGRADE}Sec-WebSocket-Key: ${key}\r\n${fieldLines(offerFields(websocket))}`;
  text += fieldLines(request.fields);
  // RFC 9110 §10.1.4: TE is for the next hop, and Connection says so.
  if (request.takesTrailers) text += "TE: trailers\r\nConnection: TE\r\n";
  if (body === "stream") text += "Transfer-Encoding: chunked\r\n";
  else if (body !== "none") text += `Content-Length: ${body}\r\n`;
  return `${text}\r\n`;
}

const UPGRADE = "Upgrade: websocket\r\nConnection: Upgrade\r\n";

function fieldLines(fields: HeaderList): string {
  let text = "";
  for (let i = 0; i < fields.length; i += 2) text += `${fields[i]}: ${fields[i + 1]}\r\n`;
  return text;
}

export function informationalText(status: number, fields: HeaderList): string {
  return `HTTP/1.1 ${status} ${REASONS[status] ?? ""}\r\n${fieldLines(fields)}\r\n`;
}

/** The head of a 101 (RFC 6455 §4.2.2). `key`: the client's. */
export function switchText(fields: HeaderList, agreement: WebSocketAgreement, key: string): string {
  const accept = `Sec-WebSocket-Accept: ${acceptOf(key)}\r\n`;
  return `HTTP/1.1 101 ${REASONS[101]}\r\n${UPGRADE}${accept}${fieldLines([...agreementFields(agreement), ...fields])}\r\n`;
}

export function responseText(
  start: ResponseStart,
  connection: { readonly chunked: boolean; readonly http10: boolean; readonly keepAlive: boolean },
): string {
  const { status, fields } = start;
  let text = `HTTP/1.1 ${status} ${start.reason || (REASONS[status] ?? "")}\r\n${fieldLines(fields)}`;
  if (connection.chunked) text += "Transfer-Encoding: chunked\r\n";
  else if (start.contentLength !== undefined) text += `Content-Length: ${start.contentLength}\r\n`;
  if (!connection.keepAlive) text += "Connection: close\r\n";
  else if (connection.http10) text += "Connection: keep-alive\r\n";
  return `${text}\r\n`;
}

/** The last chunk and the trailer section (RFC 9112 §7.1). */
export function lastChunk(trailers: HeaderList): string {
  return `0\r\n${fieldLines(trailers)}\r\n`;
}
