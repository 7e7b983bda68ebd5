import { randomBytes } from "node:crypto";
import type { Socket } from "node:net";
import { printable } from "../../../base/printable.ts";
import type { HeaderList } from "../../../policy/facts.ts";
import { INFORMATIONAL_COUNT } from "../limits.ts";
import { Outbox } from "../outbox.ts";
import { ProtocolError } from "../protocol-error.ts";
import {
  type Body,
  type OutgoingRequest,
  type ResponseSink,
  UpstreamError,
  type UpstreamSide,
} from "../stream.ts";
import { checkSwitch, readAgreed, type WebSocketOffer, withoutHandshake } from "../websocket/handshake.ts";
import { type BodyDecoder, type BodySink, ChunkedDecoder, CloseDecoder, LengthDecoder } from "./body.ts";
import { endToEnd, NOT_FROM_UPSTREAM } from "./fields.ts";
import { findHeadEnd, parseResponseHead, type ResponseHead } from "./head.ts";
import { lastChunk, requestText } from "./text.ts";

const EMPTY = Buffer.alloc(0);
const NO_FIELDS: HeaderList = [];

/** Where a connection goes when it has served a request, or is lost. */
export interface ConnectionOwner {
  idle(connection: UpstreamConnection): void;
  closed(connection: UpstreamConnection): void;
  /** its last bytes are on their way; it is given up when they don't leave in time */
  leaving(connection: UpstreamConnection): void;
}

/** One HTTP/1.1 connection to an origin: one request at a time, again and again. */
export class UpstreamConnection implements UpstreamSide, BodySink {
  /** for the owner: when an idle connection is given up */
  deadline = Number.POSITIVE_INFINITY;
  readonly #socket: Socket;
  readonly #out: Outbox;
  readonly #owner: ConnectionOwner;
  #sink: ResponseSink | undefined;
  #method = "";
  #chunkedRequest = false;
  #requestDone = true;
  #decoder: BodyDecoder | undefined;
  #pending: Buffer = EMPTY;
  #scanned = 0;
  #informational = 0;
  #reusable = true;
  #answered = false;
  #ended = false;
  #trailers: HeaderList = NO_FIELDS;
  #served = 0;
  #websocket: { readonly offer: WebSocketOffer; readonly key: string } | undefined;
  #switched = false;

  /** `socket`: connected and, where TLS is spoken, verified. */
  constructor(socket: Socket, owner: ConnectionOwner) {
    this.#socket = socket;
    this.#out = new Outbox(socket);
    this.#owner = owner;
    socket.on("data", (bytes) => this.#onData(bytes));
    socket.on("drain", () => this.#sink?.upstreamDrained());
    socket.on("end", () => this.#onEnd());
    socket.on("error", (error) => this.#lost(`the connection failed: ${printable(error.message)}`));
    socket.on("close", () => this.#lost("the connection was closed"));
  }

  /** Sends a request's head; its body follows through `write` and `end`. */
  start(request: OutgoingRequest, sink: ResponseSink): void {
    this.#sink = sink;
    this.#method = request.method;
    this.#requestDone = request.body === "none";
    this.#chunkedRequest = request.body === "stream";
    this.#answered = false;
    this.#informational = 0;
    if (request.websocket) {
      this.#websocket = { offer: request.websocket, key: randomBytes(16).toString("base64") };
      this.#reusable = false;
    }
    this.#out.push(requestText(request, this.#websocket?.key));
  }

  /** The owner gives up a connection that is idle, or doesn't end. */
  expire(): void {
    this.#socket.destroy();
  }

  write(bytes: Buffer): void {
    if (!this.#chunkedRequest) this.#out.push(bytes);
    else if (bytes.length > 0) {
      this.#out.push(`${bytes.length.toString(16)}\r\n`);
      this.#out.push(bytes);
      this.#out.push("\r\n");
    }
  }

  end(trailers: HeaderList): void {
    if (this.#switched) this.#leave();
    else if (this.#chunkedRequest) this.#out.push(lastChunk(trailers));
    this.#requestDone = true;
  }

  flush(): boolean {
    return this.#out.flush();
  }

  abort(): void {
    this.#sink = undefined;
    this.#reusable = false;
    if (this.#switched) this.#leave();
    else this.#socket.destroy();
  }

  /** Ends a WebSocket: a close frame still leaves. */
  #leave(): void {
    this.#sink = undefined;
    this.#out.flush();
    this.#owner.leaving(this);
    this.#socket.resume();
    this.#socket.destroySoon();
  }

  pauseResponse(): void {
    this.#socket.pause();
  }

  resumeResponse(): void {
    this.#socket.resume();
  }

  #onData(bytes: Buffer): void {
    const sink = this.#sink;
    if (sink === undefined) {
      if (this.#switched) return;
      // Nothing was asked: an answer out of turn could be taken for the next request's (RFC 9112 §9.2).
      this.#socket.destroy();
      return;
    }
    this.#pending = this.#pending.length === 0 ? bytes : Buffer.concat([this.#pending, bytes]);
    this.#answered = true;
    try {
      this.#read(sink);
      if (this.#sink === sink) sink.responseFlush();
    } catch (error) {
      if (error instanceof ProtocolError) this.#fail(`The answer ${error.message}.`);
      else this.#crash(error);
    }
  }

  #read(sink: ResponseSink): void {
    const pending = this.#pending;
    let at = 0;
    while (at < pending.length && this.#sink === sink) {
      if (this.#switched) {
        sink.responseData(at === 0 ? pending : pending.subarray(at));
        at = pending.length;
      } else if (this.#decoder) at = this.#decoder.decode(pending, at, this);
      else {
        const rest = at === 0 ? pending : pending.subarray(at);
        const end = findHeadEnd(rest, this.#scanned);
        if (end < 0) {
          this.#scanned = rest.length;
          this.#pending = rest;
          return;
        }
        this.#scanned = 0;
        at += end;
        this.#head(parseResponseHead(rest.toString("latin1", 0, end)), sink);
      }
      if (this.#ended) {
        // Bytes behind the answer belong to no request.
        if (at < pending.length) this.#reusable = false;
        this.#pending = EMPTY;
        this.#finish();
        return;
      }
    }
    this.#pending = EMPTY;
  }

  #head(head: ResponseHead, sink: ResponseSink): void {
    const { status } = head;
    if (status === 101) {
      this.#switch(head, sink);
      return;
    }
    if (status < 200) {
      if (++this.#informational > INFORMATIONAL_COUNT)
        throw new ProtocolError("has too many interim responses");
      if (head.chunked || head.contentLength !== undefined)
        throw new ProtocolError("is an interim response that states a length");
      sink.informational(status, endToEnd(head.fields, head.connection, ...NOT_FROM_UPSTREAM));
      return;
    }
    const closes =
      head.minor === 0 ? !head.connection.includes("keep-alive") : head.connection.includes("close");
    if (closes) this.#reusable = false;
    const body = responseBody(head, this.#method);
    if (body === "none") this.#ended = true;
    else if (head.chunked) this.#decoder = new ChunkedDecoder();
    else if (typeof body === "number") this.#decoder = new LengthDecoder(body);
    else {
      this.#decoder = new CloseDecoder();
      this.#reusable = false;
    }
    sink.responseStart({
      status,
      reason: head.reason,
      fields: endToEnd(head.fields, head.connection, ...NOT_FROM_UPSTREAM),
      contentLength: status === 204 ? undefined : head.contentLength,
      body,
    });
  }

  #switch(head: ResponseHead, sink: ResponseSink): void {
    const asked = this.#websocket;
    if (!asked) throw new ProtocolError("switches protocols unasked");
    checkSwitch(head.fields, head.connection, asked.key);
    const websocket = readAgreed(head.fields, asked.offer);
    this.#switched = true;
    const fields = endToEnd(withoutHandshake(head.fields), head.connection, ...NOT_FROM_UPSTREAM);
    sink.responseStart({
      status: 101,
      reason: "",
      fields,
      contentLength: undefined,
      body: "stream",
      websocket,
    });
  }

  bodyData(bytes: Buffer): void {
    this.#sink?.responseData(bytes);
  }

  bodyEnd(trailers: HeaderList): void {
    this.#trailers = trailers;
    this.#ended = true;
  }

  /** The response is whole: first frees the connection, if the request went out whole too, then says so. */
  #finish(): void {
    const sink = this.#sink;
    const trailers = this.#trailers;
    this.#trailers = NO_FIELDS;
    this.#ended = false;
    this.#decoder = undefined;
    this.#sink = undefined;
    this.#served++;
    if (this.#requestDone && this.#reusable && !this.#socket.destroyed) {
      this.#socket.resume();
      this.#owner.idle(this);
    } else this.#socket.destroy();
    sink?.responseEnd(trailers);
  }

  #onEnd(): void {
    if (this.#sink && (this.#switched || this.#decoder instanceof CloseDecoder)) this.#finish();
    else this.#lost("the connection was closed");
  }

  #lost(what: string): void {
    this.#owner.closed(this);
    this.#fail(`The upstream gave no whole answer: ${what}.`, this.#served > 0 && !this.#answered);
  }

  #crash(error: unknown): void {
    const sink = this.#sink;
    this.abort();
    sink?.crashed(error);
  }

  #fail(detail: string, stale = false): void {
    const sink = this.#sink;
    this.#sink = undefined;
    this.#socket.destroy();
    sink?.upstreamFailed(
      new UpstreamError(detail, "egress.upstream_unreachable", { retryable: true, stale }),
    );
  }
}

/** RFC 9112 §6.3 */
function responseBody(head: ResponseHead, method: string): Body {
  if (method === "HEAD" || head.status === 204 || head.status === 304) return "none";
  if (head.chunked || head.contentLength === undefined) return "stream";
  return head.contentLength === 0 ? "none" : head.contentLength;
}
