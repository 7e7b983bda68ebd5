import type { HeaderList, RequestFacts } from "../../policy/facts.ts";
import type { Code, Refusal } from "../../policy/verdict.ts";
import type { WebSocketAgreement, WebSocketOffer } from "./websocket/handshake.ts";

/**
 * The version-neutral seam: an exchange stands between a `ClientSide` (HTTP/1.1 or HTTP/2 towards the bottle) and an
 * `UpstreamSide` (either, towards the origin). Bytes are pushed; whoever's `flush` answers false is backed up, and
 * says so again with `clientDrained` / `upstreamDrained`.
 */

/** How a body comes: none, of stated length, or until it ends. */
export type Body = "none" | "stream" | number;

/** A request as it was read, framing and hop-by-hop fields taken off. */
export interface IncomingRequest {
  readonly facts: RequestFacts;
  /** end-to-end fields without Host */
  readonly fields: HeaderList;
  readonly protocol: "http/1.1" | "h2";
  /** the address and port the agent dialled, for the journal */
  readonly dialled: string;
  readonly body: Body;
  readonly takesTrailers: boolean;
  readonly expectsContinue: boolean;
  /** it opens a WebSocket: its method is GET, its body none, and the fields of the handshake are taken off */
  readonly websocket?: WebSocketOffer;
}

/** A request as it goes out, framing left to the version it goes out in. */
export interface OutgoingRequest {
  readonly method: string;
  readonly scheme: "https" | "http";
  /** Host or :authority */
  readonly authority: string;
  readonly target: string;
  /** without Host */
  readonly fields: HeaderList;
  readonly body: Body;
  readonly takesTrailers: boolean;
  /** the version it goes out in writes the handshake */
  readonly websocket?: WebSocketOffer;
}

/** A final response's head, framing and hop-by-hop fields taken off. */
export interface ResponseStart {
  readonly status: number;
  /** empty in HTTP/2 */
  readonly reason: string;
  readonly fields: HeaderList;
  /** "none" also where the head states a length without a body (HEAD, 304) */
  readonly body: Body;
  /** Content-Length as stated, body or not */
  readonly contentLength: number | undefined;
  /** the upstream has switched: status 101, in whichever version, and from here on bytes are frames */
  readonly websocket?: WebSocketAgreement;
}

export interface ClientSide {
  informational(status: number, fields: HeaderList): void;
  respond(start: ResponseStart): void;
  write(bytes: Buffer): void;
  /** completes the answer and hands it over */
  end(trailers: HeaderList): void;
  /** the answer is journalled: the connection may go on with its next request */
  proceed(): void;
  /** hands over what was written; false: backed up, `clientDrained` will follow */
  flush(): boolean;
  /**
   * The response can't be completed: closes the connection or resets the stream. `last`: sent before, where the framing
   * then still says that this is no whole answer.
   */
  abort(last?: Buffer): void;
  pauseRequest(): void;
  resumeRequest(): void;
}

/** What answers one request. `begin` comes first; a body of no bytes has ended before it. */
export interface RequestHandler {
  begin(): void;
  requestData(bytes: Buffer): void;
  requestEnd(trailers: HeaderList): void;
  /** what came in one read is delivered; false: read no more of the body until `resumeRequest` */
  requestFlush(): boolean;
  clientDrained(): void;
  clientGone(reason: string): void;
  refuse(refusal: Refusal): void;
  /** an error of ours */
  crashed(error: unknown): void;
}

/** A plane of the sidecar's own, which answers some requests itself. */
export interface InnerPlane {
  takes(facts: RequestFacts): boolean;
  open(client: ClientSide, request: IncomingRequest): RequestHandler;
}

export interface UpstreamSide {
  write(bytes: Buffer): void;
  end(trailers: HeaderList): void;
  flush(): boolean;
  /** nothing more is wanted: closes the connection or resets the stream */
  abort(): void;
  pauseResponse(): void;
  resumeResponse(): void;
}

/** What an upstream side tells the exchange that opened it. */
export interface ResponseSink {
  /** false: nobody wants it any more, the connection may serve another */
  opened(side: UpstreamSide): boolean;
  informational(status: number, fields: HeaderList): void;
  responseStart(start: ResponseStart): void;
  responseData(bytes: Buffer): void;
  responseEnd(trailers: HeaderList): void;
  /** what came in one read is delivered */
  responseFlush(): void;
  upstreamDrained(): void;
  upstreamFailed(error: UpstreamError): void;
  /** an error of ours */
  crashed(error: unknown): void;
}

/** Why no response, or no whole one, came from the upstream. */
export class UpstreamError extends Error {
  readonly code: Code;
  readonly retryable: boolean;
  /** a kept connection had been closed by the server before it took the request: a new one may do */
  readonly stale: boolean;

  /** `detail`: one sentence, its untrusted parts printable. */
  constructor(detail: string, code: Code, options: { retryable?: boolean; stale?: boolean } = {}) {
    super(detail);
    this.name = "UpstreamError";
    this.code = code;
    this.retryable = options.retryable ?? false;
    this.stale = options.stale ?? false;
  }
}
