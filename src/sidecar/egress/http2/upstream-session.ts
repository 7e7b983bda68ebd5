import type { ClientHttp2Session, ClientHttp2Stream } from "node:http2";
import type { TLSSocket } from "node:tls";
import { printable } from "../../../base/printable.ts";
import type { HeaderList } from "../../../policy/facts.ts";
import type { Deadlines, Timed } from "../deadlines.ts";
import { checkTrailers, endToEnd, NOT_FROM_UPSTREAM } from "../http1/fields.ts";
import {
  HEADER_LIST_BYTES,
  INFORMATIONAL_COUNT,
  LINGER_MS,
  SESSION_MEMORY_MB,
  SESSION_WINDOW_BYTES,
  STREAM_WINDOW_BYTES,
  UPSTREAM_IDLE_MS,
} from "../limits.ts";
import { ProtocolError } from "../protocol-error.ts";
import { type OutgoingRequest, type ResponseSink, UpstreamError, type UpstreamSide } from "../stream.ts";
import type { Origin } from "../upstream.ts";
import { offerFields, readAgreed, type WebSocketOffer, withoutHandshake } from "../websocket/handshake.ts";
import { CANCEL, END_STREAM, loadHttp2, NO_ERROR, REFUSED_STREAM } from "./codes.ts";
import { readSection, readTrailers, trailerObject, writeSection } from "./fields.ts";

const NO_FIELDS: HeaderList = [];

/** One HTTP/2 connection to an origin; carries many requests at once. */
export class UpstreamSession implements Timed {
  deadline: number;
  readonly #session: ClientHttp2Session;
  readonly #deadlines: Deadlines;
  #streams = 0;
  #leaving = false;
  /** the server's SETTINGS came, or the connection went */
  readonly #settled: Promise<unknown>;

  /** `tls`: verified, h2 agreed on. `closed` is called once, when no more requests may be started. */
  constructor(tls: TLSSocket, origin: Origin, closed: () => void, deadlines: Deadlines) {
    this.#deadlines = deadlines;
    this.deadline = deadlines.now + UPSTREAM_IDLE_MS;
    const options = {
      createConnection: () => tls,
      maxSessionMemory: SESSION_MEMORY_MB,
      // What is repeated arrives repeated; node would throw.
      strictSingleValueFields: false,
      settings: {
        enablePush: false,
        initialWindowSize: STREAM_WINDOW_BYTES,
        maxHeaderListSize: HEADER_LIST_BYTES,
      },
    };
    const session = loadHttp2().connect(`https://${origin.host}:${origin.port}`, options);
    this.#session = session;
    this.#settled = new Promise((resolve) => {
      session.once("remoteSettings", resolve);
      session.once("close", resolve);
    });
    const leave = () => {
      this.#leaving = true;
      closed();
    };
    session.on("connect", () => session.setLocalWindowSize(SESSION_WINDOW_BYTES));
    session.on("goaway", leave);
    session.on("close", leave);
    // Every stream hears of it too.
    session.on("error", leave);
    tls.on("error", leave);
  }

  hasRoom(): boolean {
    const { closed, destroyed, remoteSettings } = this.#session;
    return (
      !this.#leaving && !closed && !destroyed && this.#streams < (remoteSettings?.maxConcurrentStreams ?? 100)
    );
  }

  /** Whether a WebSocket can be opened on it (RFC 8441 §3). */
  async takesWebSocket(): Promise<boolean> {
    await this.#settled;
    return this.hasRoom() && this.#session.remoteSettings.enableConnectProtocol === true;
  }

  start(request: OutgoingRequest, sink: ResponseSink): void {
    const { websocket } = request;
    const pseudo = [
      ":method",
      ...(websocket ? ["CONNECT", ":protocol", "websocket"] : [request.method]),
      ":scheme",
      request.scheme,
      ":authority",
      request.authority,
      ":path",
      request.target,
    ];
    const fields = writeSection(pseudo, [...(websocket ? offerFields(websocket) : []), ...request.fields]);
    if (request.takesTrailers) fields.push("te", "trailers");
    if (typeof request.body === "number") fields.push("content-length", String(request.body));
    const endStream = !websocket && (request.body === "none" || request.body === 0);
    let stream: ClientHttp2Stream;
    try {
      stream = this.#session.request(fields, { endStream, waitForTrailers: !endStream });
    } catch (error) {
      const detail = `The upstream's HTTP/2 connection takes no request: ${printable(String(error), 200)}.`;
      sink.upstreamFailed(
        new UpstreamError(detail, "egress.upstream_unreachable", { retryable: true, stale: true }),
      );
      return;
    }
    this.#streams++;
    this.deadline = Number.POSITIVE_INFINITY;
    stream.once("close", () => {
      this.#streams--;
      if (this.#streams === 0) this.deadline = this.#deadlines.now + UPSTREAM_IDLE_MS;
    });
    const side = new UpstreamStream(stream, request.method, endStream, websocket, sink);
    if (!sink.opened(side)) side.abort();
  }

  expire(): void {
    this.#session.destroy();
  }
}

/** One request on it. */
class UpstreamStream implements UpstreamSide {
  readonly #stream: ClientHttp2Stream;
  readonly #method: string;
  readonly #bodiless: boolean;
  readonly #offer: WebSocketOffer | undefined;
  #switched = false;
  #sink: ResponseSink | undefined;
  #requestTrailers: HeaderList = NO_FIELDS;
  #requestDone: boolean;
  #trailers: HeaderList = NO_FIELDS;
  #informational = 0;
  #ended = false;

  /** `bodiless`: the request is whole. `offer`: of one that opens a WebSocket. */
  constructor(
    stream: ClientHttp2Stream,
    method: string,
    bodiless: boolean,
    offer: WebSocketOffer | undefined,
    sink: ResponseSink,
  ) {
    this.#offer = offer;
    this.#stream = stream;
    this.#method = method;
    this.#bodiless = bodiless;
    this.#requestDone = bodiless;
    this.#sink = sink;
    stream.on("headers", (_headers, _flags, raw: string[]) => this.#guard(() => this.#interim(raw)));
    stream.on("response", (_headers, flags, raw: string[]) => this.#guard(() => this.#response(raw, flags)));
    stream.on("data", (bytes: Buffer) =>
      this.#guard(() => {
        this.#sink?.responseData(bytes);
        this.#sink?.responseFlush();
      }),
    );
    stream.on("trailers", (_headers, _flags, raw: string[]) =>
      this.#guard(() => {
        const trailers = readTrailers(raw);
        checkTrailers(trailers);
        this.#trailers = trailers;
      }),
    );
    stream.on("end", () => this.#guard(() => this.#finish()));
    stream.on("drain", () => this.#sink?.upstreamDrained());
    // Without trailers sent the stream doesn't end: one that is cut off must never look like a whole request.
    stream.on("wantTrailers", () => {
      if (!this.#requestDone) return;
      this.#guard(() => stream.sendTrailers(trailerObject(this.#requestTrailers)));
    });
    stream.on("error", (error: Error) => this.#fail(`the stream failed: ${printable(error.message, 200)}`));
    stream.on("close", () => this.#fail("the stream was closed"));
  }

  #interim(raw: HeaderList): void {
    const { pseudo, fields } = readSection(raw);
    const status = Number(pseudo.get(":status"));
    if (status === 101) throw new ProtocolError("switches protocols unasked");
    if (++this.#informational > INFORMATIONAL_COUNT)
      throw new ProtocolError("has too many interim responses");
    this.#sink?.informational(status, endToEnd(fields, NO_FIELDS, ...NOT_FROM_UPSTREAM));
    this.#sink?.responseFlush();
  }

  #response(raw: HeaderList, flags: number): void {
    const { pseudo, fields, contentLength } = readSection(raw);
    const status = Number(pseudo.get(":status"));
    if (this.#offer && status >= 200 && status < 300) {
      this.#switch(this.#offer, fields, flags);
      return;
    }
    const head = this.#method === "HEAD";
    const bodiless = head || status === 204 || status === 304 || (flags & END_STREAM) !== 0;
    this.#sink?.responseStart({
      status,
      reason: "",
      fields: endToEnd(fields, NO_FIELDS, ...NOT_FROM_UPSTREAM),
      contentLength: bodiless && !head && status !== 304 ? (status === 204 ? undefined : 0) : contentLength,
      body: bodiless ? "none" : (contentLength ?? "stream"),
    });
    this.#sink?.responseFlush();
  }

  #switch(offer: WebSocketOffer, fields: HeaderList, flags: number): void {
    if ((flags & END_STREAM) !== 0) throw new ProtocolError("switches to WebSocket and ends at once");
    const websocket = readAgreed(fields, offer);
    this.#switched = true;
    this.#sink?.responseStart({
      status: 101,
      reason: "",
      fields: endToEnd(withoutHandshake(fields), NO_FIELDS, ...NOT_FROM_UPSTREAM),
      contentLength: undefined,
      body: "stream",
      websocket,
    });
    this.#sink?.responseFlush();
  }

  #finish(): void {
    if (this.#ended) return;
    this.#ended = true;
    const sink = this.#sink;
    this.#sink = undefined;
    if (!this.#requestDone) this.#stream.close(NO_ERROR);
    sink?.responseEnd(this.#trailers);
  }

  #guard(handle: () => void): void {
    try {
      handle();
    } catch (error) {
      const sink = this.#sink;
      if (error instanceof ProtocolError) this.#fail(`it ${error.message}`);
      else {
        this.abort();
        sink?.crashed(error);
      }
    }
  }

  #fail(why: string): void {
    const sink = this.#sink;
    this.#sink = undefined;
    this.#stream.close(CANCEL);
    // REFUSED_STREAM: not processed, may be sent again (RFC 9113 §8.7)
    const stale = this.#stream.rstCode === REFUSED_STREAM;
    sink?.upstreamFailed(
      new UpstreamError(`The upstream gave no whole answer: ${why}.`, "egress.upstream_unreachable", {
        retryable: true,
        stale,
      }),
    );
  }

  write(bytes: Buffer): void {
    if (!this.#bodiless && !this.#stream.destroyed) this.#stream.write(bytes);
  }

  end(trailers: HeaderList): void {
    this.#requestDone = true;
    this.#requestTrailers = trailers;
    if (this.#switched) this.abort();
    else if (!this.#bodiless && !this.#stream.destroyed) this.#stream.end();
  }

  flush(): boolean {
    return !this.#stream.writableNeedDrain;
  }

  abort(): void {
    this.#sink = undefined;
    if (this.#switched && !this.#stream.destroyed) this.#leave();
    else this.#stream.close(CANCEL);
  }

  /** Ends a WebSocket: a close frame still leaves, if the peer takes it in time. */
  #leave(): void {
    const stream = this.#stream;
    this.#requestDone = true;
    stream.setTimeout(LINGER_MS, () => stream.close(CANCEL));
    stream.resume();
    if (!stream.writableEnded) stream.end();
    stream.close(NO_ERROR);
  }

  pauseResponse(): void {
    this.#stream.pause();
  }

  resumeResponse(): void {
    this.#stream.resume();
  }
}
