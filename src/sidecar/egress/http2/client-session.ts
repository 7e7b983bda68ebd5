import type { ServerHttp2Session, ServerHttp2Stream } from "node:http2";
import type { TLSSocket } from "node:tls";
import type { HeaderList, RequestFacts } from "../../../policy/facts.ts";
import { refuse } from "../../../policy/verdict.ts";
import { checkTrailers } from "../http1/fields.ts";
import {
  DISCARD_BYTES,
  FIELD_COUNT,
  HEADER_LIST_BYTES,
  KEEP_ALIVE_MS,
  LINGER_MS,
  SESSION_MEMORY_MB,
  SESSION_WINDOW_BYTES,
  STREAM_COUNT,
  STREAM_WINDOW_BYTES,
} from "../limits.ts";
import { openExchange } from "../open-exchange.ts";
import type { Arrival, Plane } from "../plane.ts";
import { ProtocolError } from "../protocol-error.ts";
import type { ClientSide, IncomingRequest, RequestHandler, ResponseStart } from "../stream.ts";
import { unreadableRequest } from "../unreadable.ts";
import { agreementFields, opening, readOffer } from "../websocket/handshake.ts";
import { END_STREAM, INTERNAL_ERROR, loadHttp2, NO_ERROR } from "./codes.ts";
import { readSection, readTrailers, type Section, trailerObject, writeSection } from "./fields.ts";

const NO_FIELDS: HeaderList = [];

/**
 * Serves one HTTP/2 connection from the bottle. Every request on it must name the host that the handshake named: names
 * that a browser would coalesce onto it are refused by the policy. Floods of resets, settings and empty frames are
 * bounded by node:http2 (CVE-2019-9511 and following, CVE-2023-44487).
 */
export function serveSession(tls: TLSSocket, arrival: Arrival, plane: Plane): void {
  const session: ServerHttp2Session = loadHttp2().performServerHandshake(tls, {
    settings: {
      maxConcurrentStreams: STREAM_COUNT,
      initialWindowSize: STREAM_WINDOW_BYTES,
      maxHeaderListSize: HEADER_LIST_BYTES,
      enableConnectProtocol: true,
    },
    maxHeaderListPairs: FIELD_COUNT,
    maxSessionMemory: SESSION_MEMORY_MB,
    // What is repeated arrives repeated; node would throw.
    strictSingleValueFields: false,
  });
  const timed = { deadline: plane.deadlines.now + KEEP_ALIVE_MS, expire: () => session.destroy() };
  plane.deadlines.add(timed);
  let streams = 0;
  session.once("connect", () => session.setLocalWindowSize(SESSION_WINDOW_BYTES));
  session.on("stream", (stream, _headers, flags, rawHeaders) => {
    streams++;
    timed.deadline = Number.POSITIVE_INFINITY;
    stream.once("close", () => {
      streams--;
      if (streams === 0) timed.deadline = plane.deadlines.now + KEEP_ALIVE_MS;
    });
    new ClientStream(stream, rawHeaders, flags, arrival, plane);
  });
  // Every stream hears of it too; what came before the first stream needs no record, nothing was asked.
  session.on("error", () => session.destroy());
  tls.on("error", () => session.destroy());
  session.on("close", () => plane.deadlines.delete(timed));
}

/** One request on it. */
class ClientStream implements ClientSide {
  readonly #stream: ServerHttp2Stream;
  #exchange: RequestHandler | undefined;
  #requestDone = false;
  #requestTrailers: HeaderList = NO_FIELDS;
  #responseTrailers: HeaderList = NO_FIELDS;
  #complete = false;
  #discarded = 0;

  constructor(stream: ServerHttp2Stream, raw: HeaderList, flags: number, arrival: Arrival, plane: Plane) {
    this.#stream = stream;
    const bodiless = (flags & END_STREAM) !== 0;
    this.#requestDone = bodiless;
    stream.on("data", (bytes: Buffer) => this.#data(bytes));
    stream.on("trailers", (_headers, _flags, trailers: string[]) => this.#trailers(trailers));
    stream.on("end", () => this.#end());
    stream.on("drain", () => this.#exchange?.clientDrained());
    // Without trailers sent the stream doesn't end: a reset one must never look like a whole answer.
    stream.on("wantTrailers", () => {
      if (!this.#complete) return;
      this.#guard(() => stream.sendTrailers(trailerObject(this.#responseTrailers)));
    });
    stream.on("finish", () => {
      // RFC 9113 §8.1: a complete answer may ask the client to stop sending.
      if (!this.#requestDone) setImmediate(() => stream.close(NO_ERROR));
    });
    stream.on("error", () => this.#gone());
    stream.on("close", () => this.#gone());

    let request: IncomingRequest | undefined;
    let problem: ProtocolError | undefined;
    try {
      request = readRequest(readSection(raw), bodiless, arrival);
    } catch (error) {
      problem = error instanceof ProtocolError ? error : new ProtocolError("can't be read");
    }
    const exchange = openExchange(plane, this, request ?? unreadableRequest(arrival, "h2"));
    this.#exchange = exchange;
    if (problem) exchange.refuse(refuse(problem.code, `The request ${problem.message}.`, "RFC 9113"));
    else if (raw.includes(":protocol") && !request?.websocket) {
      const detail = "An extended CONNECT to anything but WebSocket is not inspected.";
      exchange.refuse(refuse("egress.upgrade_refused", detail, "no uninspected protocols"));
    } else
      this.#guard(() => {
        // Frames wait for the answer (RFC 8441 §5).
        if (request?.websocket) stream.pause();
        exchange.begin();
        exchange.requestFlush();
      });
  }

  #guard(handle: () => void): void {
    try {
      handle();
    } catch (error) {
      if (!(error instanceof ProtocolError)) {
        this.#exchange?.crashed(error);
        this.abort();
      } else this.#exchange?.refuse(refuse(error.code, `The request ${error.message}.`, "RFC 9113"));
    }
  }

  #data(bytes: Buffer): void {
    const exchange = this.#exchange;
    if (!exchange) {
      this.#discarded += bytes.length;
      if (this.#discarded > DISCARD_BYTES) this.#stream.close(NO_ERROR);
      return;
    }
    this.#guard(() => {
      exchange.requestData(bytes);
      if (!exchange.requestFlush()) this.#stream.pause();
    });
  }

  #trailers(raw: HeaderList): void {
    this.#guard(() => {
      const trailers = readTrailers(raw);
      checkTrailers(trailers);
      this.#requestTrailers = trailers;
    });
  }

  #end(): void {
    if (this.#requestDone) return;
    this.#requestDone = true;
    this.#guard(() => {
      this.#exchange?.requestEnd(this.#requestTrailers);
      this.#exchange?.requestFlush();
    });
  }

  #gone(): void {
    this.#exchange?.clientGone("the client closed the stream");
    this.#exchange = undefined;
  }

  informational(status: number, fields: HeaderList): void {
    if (this.#stream.destroyed || this.#stream.closed) return;
    this.#stream.additionalHeaders({ ...trailerObject(fields), ":status": status });
  }

  respond(start: ResponseStart): void {
    if (this.#stream.destroyed || this.#stream.closed) return;
    const { websocket } = start;
    if (websocket) {
      this.#stream.respond(
        writeSection([":status", "200"], [...agreementFields(websocket), ...start.fields]),
        { waitForTrailers: true },
      );
      this.#stream.resume();
      return;
    }
    const raw = writeSection([":status", String(start.status)], start.fields);
    if (start.contentLength !== undefined) raw.push("content-length", String(start.contentLength));
    const endStream = start.body === "none";
    this.#stream.respond(raw, { endStream, waitForTrailers: !endStream });
  }

  write(bytes: Buffer): void {
    if (!this.#stream.destroyed) this.#stream.write(bytes);
  }

  end(trailers: HeaderList): void {
    this.#responseTrailers = trailers;
    this.#complete = true;
    if (!this.#stream.destroyed && !this.#stream.writableEnded) this.#stream.end();
  }

  proceed(): void {
    this.#exchange = undefined;
    this.#stream.resume();
  }

  flush(): boolean {
    return !this.#stream.writableNeedDrain;
  }

  abort(last?: Buffer): void {
    this.#exchange = undefined;
    const reset = () => this.#stream.close(INTERNAL_ERROR);
    if (!last || !this.#stream.headersSent || this.#stream.destroyed) {
      reset();
      return;
    }
    this.#stream.setTimeout(LINGER_MS, reset);
    this.#stream.write(last, reset);
  }

  pauseRequest(): void {
    this.#stream.pause();
  }

  resumeRequest(): void {
    this.#stream.resume();
  }
}

function readRequest(section: Section, bodiless: boolean, arrival: Arrival): IncomingRequest {
  const { pseudo, fields, contentLength, host } = section;
  // RFC 8441 §4; to the policy it is the request it would be in HTTP/1.1.
  const offer =
    pseudo.get(":protocol") === "websocket" && pseudo.get(":method") === "CONNECT" && !bodiless
      ? readOffer(fields)
      : undefined;
  const method = offer ? "GET" : (pseudo.get(":method") ?? "");
  const scheme = pseudo.get(":scheme");
  if (scheme !== undefined && scheme !== arrival.scheme)
    throw new ProtocolError("has a :scheme other than its connection's");
  const authority = pseudo.get(":authority") ?? host;
  if (authority === undefined) throw new ProtocolError("has no :authority");
  const target = pseudo.get(":path") ?? "";
  if (target.includes("#") || /[^\x21-\x7e]/.test(target))
    throw new ProtocolError("has a :path that is no path");
  const facts: RequestFacts = {
    way: arrival.way,
    scheme: arrival.scheme,
    authority,
    port: arrival.port,
    sni: arrival.sni,
    connectHost: arrival.connectHost,
    method,
    target,
    // The policy compares a second name for the host with the first.
    headers: host === undefined ? fields : ["host", host, ...fields],
  };
  const request: IncomingRequest = {
    facts,
    fields,
    protocol: "h2",
    dialled: arrival.dialled,
    body: bodiless ? "none" : (contentLength ?? "stream"),
    takesTrailers: section.takesTrailers,
    expectsContinue: section.expectsContinue,
  };
  return offer ? opening(request, offer) : request;
}
