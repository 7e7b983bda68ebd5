import { isIPv6, type Socket } from "node:net";
import { TLSSocket } from "node:tls";
import { printable } from "../../base/printable.ts";
import type { CertificateAuthority } from "./ca.ts";
import { describe } from "./exchange-record.ts";
import { ClientConnection } from "./http1/client-connection.ts";
import { serveSession } from "./http2/client-session.ts";
import { HANDSHAKE_MS } from "./limits.ts";
import { type Arrival, type Plane, recordRefusedConnection } from "./plane.ts";
import { type Opening, readOpening } from "./tls/client-hello.ts";

/** Protocols offered to the bottle's clients, in our order of preference, as ALPN's wire format. */
const PROTOCOLS = Buffer.from("\x02h2\x08http/1.1", "latin1");

/**
 * Reads the first bytes of a connection and sends it on its way: TLS to its handshake, plain HTTP, which may only be
 * refused, to HTTP. `plain`: whether a request in the clear can be answered at all; inside a CONNECT tunnel it can't.
 */
export function sniff(
  socket: Socket,
  first: Buffer,
  arrival: Arrival,
  plane: Plane,
  ca: CertificateAuthority,
  plain: boolean,
): void {
  let bytes = first;
  const timed = {
    deadline: plane.deadlines.now + HANDSHAKE_MS,
    expire: () => refused("tcp", "nothing to answer came in time"),
  };
  plane.deadlines.add(timed);
  const stop = () => {
    plane.deadlines.delete(timed);
    socket.off("data", onData).off("end", onEnd).off("close", onClose).off("error", onClose);
  };
  const refused = (protocol: "tls" | "tcp", problem: string) => {
    stop();
    socket.on("error", () => {});
    socket.destroy();
    const code = protocol === "tls" ? "egress.protocol_error" : "egress.tls_required";
    recordRefusedConnection(plane, arrival, protocol, code, `closed: ${problem}`);
  };
  const onData = (more: Buffer) => {
    bytes = bytes.length === 0 ? more : Buffer.concat([bytes, more]);
    look();
  };
  const onEnd = () =>
    bytes.length === 0 ? socket.end() : refused("tls", "the client closed inside its first message");
  const onClose = () => {
    stop();
    socket.destroy();
  };
  const look = () => {
    try {
      decide();
    } catch (error) {
      // Ours, and nobody else's connection pays for it.
      stop();
      socket.destroy();
      recordRefusedConnection(plane, arrival, "tcp", "sidecar.internal", describe(error));
    }
  };
  const decide = () => {
    const opening = readOpening(bytes);
    if (opening.kind === "more") return;
    if (opening.kind === "invalid") refused("tls", opening.problem);
    else if (opening.kind === "not_tls" && !(plain && looksLikeHttp(bytes)))
      refused("tcp", "neither TLS nor HTTP");
    else {
      stop();
      socket.pause();
      socket.unshift(bytes);
      if (opening.kind === "not_tls") serveHttp1(socket, { ...arrival, scheme: "http" }, plane);
      else terminate(socket, opening, arrival, plane, ca);
    }
  };
  socket.on("data", onData).on("end", onEnd).on("close", onClose).on("error", onClose);
  if (bytes.length > 0) look();
}

/** A method's first letter. */
function looksLikeHttp(bytes: Buffer): boolean {
  return /^[A-Za-z]/.test(bytes.toString("latin1", 0, 1));
}

function serveHttp1(socket: Socket, arrival: Arrival, plane: Plane): void {
  new ClientConnection(socket, arrival, plane);
  socket.resume();
}

/** Ends TLS with a leaf for the name asked for, allowed or not, so that a refusal can be read. */
function terminate(
  socket: Socket,
  hello: Extract<Opening, { kind: "hello" }>,
  arrival: Arrival,
  plane: Plane,
  ca: CertificateAuthority,
): void {
  const sni = hello.sni;
  const named: Arrival = { ...arrival, scheme: "https", sni };
  const subject = sni ?? arrival.connectHost ?? localAddress(socket);
  const secureContext = ca.contextFor(subject, Date.now());
  if (!secureContext) {
    socket.destroy();
    recordRefusedConnection(
      plane,
      { ...named, sni: printable(subject, 253) },
      "tls",
      "egress.protocol_error",
      "closed: a server name no certificate can carry",
    );
    return;
  }
  // A TLS client that closes its half is gone; node:http2 would wait for it for ever.
  socket.allowHalfOpen = false;
  const tls = new TLSSocket(socket, {
    isServer: true,
    secureContext,
    ...(hello.alpn.length > 0 ? { ALPNProtocols: PROTOCOLS } : {}),
  });
  const timed = {
    deadline: plane.deadlines.now + HANDSHAKE_MS,
    expire: () => failed(new Error("the TLS handshake took too long")),
  };
  plane.deadlines.add(timed);
  const stop = () => {
    plane.deadlines.delete(timed);
    tls.off("secure", onSecure).off("error", failed).off("close", onClose);
  };
  const failed = (error: Error) => {
    stop();
    tls.on("error", () => {});
    tls.destroy();
    recordRefusedConnection(
      plane,
      named,
      "tls",
      "egress.protocol_error",
      `TLS with the client failed: ${printable(error.message, 200)}`,
    );
  };
  const onClose = () => failed(new Error("the client closed the connection"));
  const onSecure = () => {
    stop();
    // A tls.Server does this; node:http2 waits for it.
    Object.assign(tls, { secureConnecting: false });
    if (tls.alpnProtocol === "h2") serveSession(tls, named, plane);
    else new ClientConnection(tls, named, plane);
  };
  tls.on("secure", onSecure).on("error", failed).on("close", onClose);
}

/** The address the client dialled; IPv4 in its own form. */
export function localAddress(socket: Socket): string {
  const address = socket.localAddress ?? "";
  return isIPv6(address) && address.startsWith("::ffff:") && address.includes(".")
    ? address.slice(7)
    : address;
}
