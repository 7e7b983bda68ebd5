import { Readable } from "node:stream";
import type { HeaderList } from "../../../policy/facts.ts";
import type {
  OutgoingRequest,
  ResponseSink,
  ResponseStart,
  UpstreamError,
  UpstreamSide,
} from "../../egress/stream.ts";
import type { Origin, Upstream } from "../../egress/upstream.ts";
import { HTTP_IDLE_MS, RESPONSE_BUFFER_BYTES } from "../limits.ts";
import { UpstreamRefused } from "./conversation.ts";

/** A body that comes as it is made. */
export interface StreamedBody {
  readonly source: AsyncIterable<Buffer>;
  /** bytes; undefined: as many as come */
  readonly length: number | undefined;
}

/** A request of the gate's own. */
export interface HttpRequest {
  readonly origin: Origin;
  readonly method: string;
  /** path and query */
  readonly target: string;
  /** `[name, value, …]`, without Host and what frames the body */
  readonly fields: HeaderList;
  readonly body?: Buffer | StreamedBody;
  /**
   * asking twice is as good as asking once: it may go over a kept connection, and again over a new one where the server
   * has closed that meanwhile
   */
  readonly repeatable: boolean;
  /** when nobody wants it any more */
  readonly signal?: AbortSignal;
}

/** `body` must be read to its end or destroyed. It fails with `UpstreamRefused`, or with what the request's body threw. */
export interface HttpResponse {
  readonly status: number;
  readonly fields: HeaderList;
  readonly body: Readable;
}

/**
 * Requests of the gate's own, over the connections, certificate checks and the dialler of the egress plane. Follows no
 * redirect, keeps no cookie.
 */
export class HttpClient {
  readonly #upstream: Upstream;

  constructor(upstream: Upstream) {
    this.#upstream = upstream;
  }

  /** Rejects with `UpstreamRefused` when no answer comes, and with what the body threw. */
  request(request: HttpRequest): Promise<HttpResponse> {
    return new Promise((resolve, reject) => {
      const sending = new Sending(request, this.#upstream, resolve, reject);
      sending.open(!request.repeatable);
    });
  }
}

/** One request and its answer: what the connection pushes becomes streams, as fast as the slower side goes. */
class Sending implements ResponseSink {
  readonly #request: HttpRequest;
  readonly #upstream: Upstream;
  readonly #resolve: (response: HttpResponse) => void;
  readonly #reject: (error: unknown) => void;
  readonly #timer: NodeJS.Timeout;
  readonly #aborted = () => this.#fail(this.#request.signal?.reason);
  #side: UpstreamSide | undefined;
  #body: Readable | undefined;
  /** the answer's reader is behind, and the connection paused */
  #full = false;
  /** the request's body has nothing to send yet */
  #starved = false;
  #drained: (() => void) | undefined;
  #over = false;
  #repeated = false;

  constructor(
    request: HttpRequest,
    upstream: Upstream,
    resolve: (response: HttpResponse) => void,
    reject: (error: unknown) => void,
  ) {
    this.#request = request;
    this.#upstream = upstream;
    this.#resolve = resolve;
    this.#reject = reject;
    this.#timer = setTimeout(() => this.#idle(), HTTP_IDLE_MS).unref();
    request.signal?.addEventListener("abort", this.#aborted, { once: true });
  }

  open(fresh: boolean): void {
    const { origin, method, target, fields, body, signal } = this.#request;
    if (signal?.aborted === true) {
      this.#aborted();
      return;
    }
    const port = origin.port === (origin.scheme === "https" ? 443 : 80) ? "" : `:${origin.port}`;
    const outgoing: OutgoingRequest = {
      method,
      scheme: origin.scheme,
      authority: `${origin.host}${port}`,
      target,
      fields,
      body: body === undefined ? "none" : (body.length ?? "stream"),
      takesTrailers: false,
    };
    // Over HTTP/1.1, which every forge's git service speaks: one that insists on HTTP/2 gets that.
    this.#upstream.open(origin, "http/1.1", outgoing, this, fresh);
  }

  opened(side: UpstreamSide): boolean {
    if (this.#over) return false;
    this.#side = side;
    void this.#send(side);
    return true;
  }

  async #send(side: UpstreamSide): Promise<void> {
    const { body } = this.#request;
    try {
      if (Buffer.isBuffer(body)) side.write(body);
      else if (body !== undefined && !(await this.#stream(side, body))) return;
      side.end([]);
      side.flush();
    } catch (error) {
      this.#fail(error);
    }
  }

  /** False: nobody wants the rest. */
  async #stream(side: UpstreamSide, { source, length }: StreamedBody): Promise<boolean> {
    side.flush();
    let left = length ?? Number.POSITIVE_INFINITY;
    // One piece behind, so that a body that goes on after its length is never sent as if it were whole.
    let held: Buffer | undefined;
    this.#starved = true;
    for await (const bytes of source) {
      this.#starved = false;
      left -= bytes.length;
      // More or fewer bytes than the head says would be another request's beginning (RFC 9112 §6.3).
      if (left < 0) throw new Error("the body is longer than it said");
      if (held !== undefined && this.#side === side) side.write(held);
      held = bytes;
      if (this.#side === side && !side.flush()) await this.#drain();
      if (this.#side !== side) return false;
      this.#timer.refresh();
      this.#starved = true;
    }
    this.#starved = false;
    if (length !== undefined && left > 0) throw new Error("the body is shorter than it said");
    if (held !== undefined && this.#side === side) side.write(held);
    return this.#side === side;
  }

  #drain(): Promise<void> {
    return new Promise((resolve) => {
      this.#drained = resolve;
    });
  }

  #idle(): void {
    if (this.#full || this.#starved) this.#timer.refresh();
    else
      this.#fail(
        new UpstreamRefused(`${this.#request.origin.host} said nothing for ${HTTP_IDLE_MS / 1000} s.`),
      );
  }

  informational(): void {
    this.#timer.refresh();
  }

  responseStart({ status, fields }: ResponseStart): void {
    this.#timer.refresh();
    const body = new Readable({
      highWaterMark: RESPONSE_BUFFER_BYTES,
      read: () => {
        if (!this.#full) return;
        this.#full = false;
        this.#timer.refresh();
        this.#side?.resumeResponse();
      },
      destroy: (error, done) => {
        this.#end()?.abort();
        done(error);
      },
    });
    // Whoever reads it sees the error; who has stopped reading needs none.
    body.on("error", () => {});
    this.#body = body;
    this.#resolve({ status, fields, body });
  }

  responseData(bytes: Buffer): void {
    this.#timer.refresh();
    if (this.#body?.push(bytes) === false) this.#full = true;
  }

  responseFlush(): void {
    if (this.#full) this.#side?.pauseResponse();
  }

  responseEnd(): void {
    // The connection may serve another request already.
    this.#end();
    this.#body?.push(null);
  }

  upstreamDrained(): void {
    this.#timer.refresh();
    this.#drained?.();
    this.#drained = undefined;
  }

  upstreamFailed(error: UpstreamError): void {
    const { repeatable } = this.#request;
    if (error.stale && repeatable && !this.#repeated && this.#body === undefined && !this.#over) {
      this.#repeated = true;
      this.#side = undefined;
      this.open(true);
    } else this.#fail(new UpstreamRefused(error.message));
  }

  crashed(error: unknown): void {
    this.#fail(error);
  }

  #fail(error: unknown): void {
    if (this.#over) return;
    const side = this.#end();
    side?.abort();
    const reason = error instanceof Error ? error : new Error(String(error));
    if (this.#body === undefined) this.#reject(reason);
    else this.#body.destroy(reason);
  }

  /** Nothing more is sent. Gives the connection, where it is still its own. */
  #end(): UpstreamSide | undefined {
    const side = this.#side;
    this.#over = true;
    this.#side = undefined;
    clearTimeout(this.#timer);
    this.#request.signal?.removeEventListener("abort", this.#aborted);
    this.#drained?.();
    return side;
  }
}

/** The first `most` bytes of an answer's body as text. The rest is not read. */
export async function beginningOf(body: Readable, most: number): Promise<string> {
  const parts: Buffer[] = [];
  let length = 0;
  for await (const bytes of body as AsyncIterable<Buffer>) {
    parts.push(bytes);
    length += bytes.length;
    if (length >= most) break;
  }
  return Buffer.concat(parts).subarray(0, most).toString("utf8");
}
