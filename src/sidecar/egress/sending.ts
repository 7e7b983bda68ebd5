import { mayRepeat } from "./outgoing-request.ts";
import type { Body, IncomingRequest, OutgoingRequest, ResponseSink, UpstreamError } from "./stream.ts";
import type { Origin, Upstream } from "./upstream.ts";

/** One request on its way to its upstream: opened once, and once more where a kept connection turned out to be closed. */
export class Sending {
  readonly #upstream: Upstream;
  readonly #origin: Origin;
  readonly #protocol: IncomingRequest["protocol"];
  readonly #sink: ResponseSink;
  #request: OutgoingRequest;
  #repeated = false;

  constructor(
    upstream: Upstream,
    { facts, protocol }: IncomingRequest,
    host: string,
    request: OutgoingRequest,
    sink: ResponseSink,
  ) {
    this.#upstream = upstream;
    this.#origin = { scheme: facts.scheme, host, port: facts.port };
    this.#protocol = protocol;
    this.#request = request;
    this.#sink = sink;
  }

  /** `body`: as it came to be known since. */
  open(body: Body = this.#request.body): void {
    if (body !== this.#request.body) this.#request = { ...this.#request, body };
    this.#upstream.open(this.#origin, this.#protocol, this.#request, this.#sink, this.#repeated);
  }

  /** After a failure. False: it isn't tried again. */
  repeat({ stale }: UpstreamError): boolean {
    if (!stale || this.#repeated || !mayRepeat(this.#request)) return false;
    this.#repeated = true;
    this.open();
    return true;
  }
}
