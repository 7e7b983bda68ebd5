import type { Socket } from "node:net";
import type { HeaderList } from "../../../policy/facts.ts";
import { refuse } from "../../../policy/verdict.ts";
import type { Timed } from "../deadlines.ts";
import { describe } from "../exchange-record.ts";
import { DISCARD_BYTES, HEAD_MS, KEEP_ALIVE_MS, LINGER_MS, PIPELINE_BYTES } from "../limits.ts";
import { openExchange } from "../open-exchange.ts";
import { type Arrival, type Plane, recordRefusedConnection } from "../plane.ts";
import { ProtocolError } from "../protocol-error.ts";
import type { ClientSide, RequestHandler, ResponseStart } from "../stream.ts";
import { unreadableRequest } from "../unreadable.ts";
import { readAsked } from "./asked.ts";
import { type BodyDecoder, type BodySink, ChunkedDecoder, LengthDecoder } from "./body.ts";
import type { ClientState } from "./client-state.ts";
import { parseRequestHead, type RequestHead } from "./head.ts";
import { ReadAhead } from "./read-ahead.ts";
import type { ConnectTarget } from "./request.ts";
import { ResponseWriter } from "./response-writer.ts";
import { listen } from "./socket-listeners.ts";
import type { TunnelOwner } from "./tunnel-owner.ts";

const NO_FIELDS: HeaderList = [];

/** One HTTP/1.1 connection from the bottle: requests are read, decided and answered one after the other, in order. */
export class ClientConnection implements ClientSide, BodySink, Timed {
  deadline: number;
  readonly #socket: Socket;
  readonly #arrival: Arrival;
  readonly #plane: Plane;
  readonly #tunnels: TunnelOwner | undefined;
  readonly #answer: ResponseWriter;
  readonly #unlisten: () => void;
  #state: ClientState = "head";
  readonly #pending = new ReadAhead();
  #advancing = false;
  #exchange: RequestHandler | undefined;
  #decoder: BodyDecoder | undefined;
  /** the client waits for 100 before it sends its body */
  #awaitsContinue = false;
  #responseDone = false;

  /** `tunnels`: on the proxy port only; elsewhere CONNECT is refused like any other method that is never forwarded. */
  constructor(socket: Socket, arrival: Arrival, plane: Plane, tunnels?: TunnelOwner) {
    this.#socket = socket;
    this.#arrival = arrival;
    this.#plane = plane;
    this.#tunnels = tunnels;
    this.#answer = new ResponseWriter(socket);
    this.deadline = plane.deadlines.now + HEAD_MS;
    plane.deadlines.add(this);
    this.#unlisten = listen(socket, {
      data: (bytes) => this.#data(bytes),
      drain: () => this.#exchange?.clientDrained(),
      end: () => this.#end(),
      gone: () => this.#gone(),
    });
  }

  #data(bytes: Buffer): void {
    if (this.#state === "closing") return;
    // The first byte of a head starts its clock, later ones don't wind it up again.
    if (this.#pending.length === 0 && this.#state === "head")
      this.deadline = this.#plane.deadlines.now + HEAD_MS;
    this.#pending.push(bytes);
    this.#advance();
  }

  #end(): void {
    if (this.#state === "switched") {
      this.#exchange?.requestEnd(NO_FIELDS);
      return;
    }
    // Over TLS a client that closes is gone. In the clear it may have closed its half only (RFC 9112 §9.6).
    if (this.#state === "answer" && this.#arrival.scheme === "http") {
      this.#answer.keepAlive = false;
      return;
    }
    this.#exchange?.clientGone("the client closed the connection");
    this.#exchange = undefined;
    if (this.#state === "head") this.#socket.end();
    else if (this.#state !== "closing") this.#socket.destroy();
  }

  #gone(): void {
    this.#plane.deadlines.delete(this);
    this.#exchange?.clientGone("the client closed the connection");
    this.#exchange = undefined;
    this.#socket.destroy();
  }

  expire(): void {
    this.#socket.destroy();
  }

  #advance(): void {
    if (this.#advancing) return;
    this.#advancing = true;
    try {
      while (this.#step()) {
        // until what was read is used up, or an answer has to come first
      }
      if (this.#exchange && !this.#exchange.requestFlush()) this.#socket.pause();
    } catch (error) {
      if (error instanceof ProtocolError) this.#reject(error);
      else this.#crash(error);
    } finally {
      this.#advancing = false;
    }
  }

  /** One head, or one piece of body; false: nothing more can be done now. */
  #step(): boolean {
    const pending = this.#pending;
    if (this.#state === "answer" && pending.length > PIPELINE_BYTES) this.#socket.pause();
    if (pending.length === 0) return false;
    if (this.#state === "head") {
      const head = pending.takeHead();
      if (head !== undefined) this.#begin(parseRequestHead(head));
      return head !== undefined;
    }
    if (this.#state === "switched") {
      this.#exchange?.requestData(pending.take());
      return false;
    }
    if (this.#state !== "body" || !this.#decoder) return false;
    pending.takeBody(this.#decoder, this);
    if (this.#decoder.done) this.#requestDone();
    return true;
  }

  #begin(head: RequestHead): void {
    const http10 = head.minor === 0;
    const keepAlive = http10 ? head.connection.includes("keep-alive") : !head.connection.includes("close");
    this.#answer.next(http10, keepAlive);
    this.#responseDone = false;
    this.#awaitsContinue = head.expectsContinue;
    const asked = readAsked(head, this.#arrival, this.#tunnels);
    if (asked.kind === "tunnel") {
      this.#detach(asked.target);
      return;
    }
    const { request, key, refusal } = asked;
    this.#answer.key = key;
    this.deadline = Number.POSITIVE_INFINITY;
    const { body } = request;
    if (body === "none" || body === 0) this.#state = "answer";
    else {
      this.#state = "body";
      this.#decoder = body === "stream" ? new ChunkedDecoder() : new LengthDecoder(body);
    }
    const exchange = openExchange(this.#plane, this, request);
    this.#exchange = exchange;
    if (refusal) {
      exchange.refuse(refusal);
      return;
    }
    if (body === 0) exchange.requestEnd(NO_FIELDS);
    exchange.begin();
  }

  /** Gives the socket to a tunnel; nothing here hears of it again. */
  #detach(target: ConnectTarget): void {
    this.#state = "detached";
    this.#plane.deadlines.delete(this);
    this.#socket.pause();
    this.#unlisten();
    this.#tunnels?.tunnel(this.#socket, target, this.#pending.take(), this.#arrival);
  }

  bodyData(bytes: Buffer): void {
    if (bytes.length > 0) this.#awaitsContinue = false;
    this.#exchange?.requestData(bytes);
  }

  bodyEnd(trailers: HeaderList): void {
    this.#exchange?.requestEnd(trailers);
  }

  #requestDone(): void {
    this.#decoder = undefined;
    if (this.#state !== "body") return;
    this.#state = "answer";
    if (this.#responseDone) this.#next();
  }

  /** The message breaks the protocol: answered with the refusal, never forwarded, and the connection ends. */
  #reject(error: ProtocolError): void {
    this.#answer.keepAlive = false;
    const refusal = refuse(error.code, `The request ${error.message}.`, "RFC 9112");
    const current = this.#exchange;
    if (current === undefined && this.#state === "body") {
      this.#close();
      return;
    }
    // Inside a body: `refuse` cuts off what was forwarded of it, so that it can't be taken for a whole message.
    const exchange = current ?? openExchange(this.#plane, this, unreadableRequest(this.#arrival, "http/1.1"));
    this.#exchange = exchange;
    this.#state = "answer";
    this.#responseDone = false;
    exchange.refuse(refusal);
  }

  #crash(error: unknown): void {
    if (this.#exchange) this.#exchange.crashed(error);
    else {
      recordRefusedConnection(this.#plane, this.#arrival, "tcp", "sidecar.internal", describe(error));
      this.#socket.destroy();
    }
  }

  informational(status: number, fields: HeaderList): void {
    if (status === 100) this.#awaitsContinue = false;
    this.#answer.informational(status, fields);
  }

  respond(start: ResponseStart): void {
    // A client that still waits for 100 may send its body or not: where the next request begins is unknown.
    if (this.#awaitsContinue) this.#answer.keepAlive = false;
    // Behind a body that may be too long to be thrown away the next request would meet a connection that closes.
    if (this.#decoder && this.#decoder.left > DISCARD_BYTES) this.#answer.keepAlive = false;
    this.#answer.head(start);
    if (!start.websocket) return;
    this.#state = "switched";
    this.#socket.resume();
    // A client should have waited for the answer.
    if (this.#pending.length > 0) this.#advance();
  }

  write(bytes: Buffer): void {
    this.#answer.data(bytes);
  }

  end(trailers: HeaderList): void {
    this.#answer.end(trailers);
  }

  proceed(): void {
    this.#exchange = undefined;
    this.#responseDone = true;
    if (this.#state === "answer") this.#next();
    else if (!this.#answer.keepAlive) this.#close();
    else {
      // The rest of the request, which has its bound, is read and thrown away.
      this.deadline = this.#plane.deadlines.now + HEAD_MS;
      this.#socket.resume();
    }
  }

  flush(): boolean {
    return this.#answer.flush();
  }

  abort(last?: Buffer): void {
    this.#exchange = undefined;
    if (last && (this.#answer.chunked || this.#state === "switched")) {
      this.#answer.data(last);
      this.#close();
    } else this.#socket.destroy();
  }

  pauseRequest(): void {
    this.#socket.pause();
  }

  resumeRequest(): void {
    if (this.#state === "body" || this.#state === "switched" || this.#pending.length <= PIPELINE_BYTES)
      this.#socket.resume();
  }

  /** Request and answer are complete. */
  #next(): void {
    if (!this.#answer.keepAlive) {
      this.#close();
      return;
    }
    this.#state = "head";
    this.deadline = this.#plane.deadlines.now + (this.#pending.length > 0 ? HEAD_MS : KEEP_ALIVE_MS);
    this.#socket.resume();
    if (this.#pending.length > 0) this.#advance();
  }

  /** Ends our side; reads on for a moment, because a reset would take the answer from the client (RFC 9112 §9.6). */
  #close(): void {
    this.#state = "closing";
    this.#pending.take();
    this.#answer.flush();
    this.deadline = this.#plane.deadlines.now + LINGER_MS;
    this.#socket.end();
    this.#socket.resume();
  }
}
