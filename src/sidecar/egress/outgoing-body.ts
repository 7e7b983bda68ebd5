import type { HeaderList } from "../../policy/facts.ts";
import type { UpstreamSide } from "./stream.ts";

/** Where what may go of a request's body goes. */
export interface BodyOut {
  write(bytes: Buffer): void;
  end(trailers: HeaderList): void;
  /** hands over what was written; false: wait */
  flush(): boolean;
  /** nothing more goes out */
  close(): void;
}

/** What of a request's body may go, on its way to an upstream that may not be there yet. */
export class OutgoingBody implements BodyOut {
  #upstream: UpstreamSide | undefined;
  #queue: Buffer[] = [];
  #trailers: HeaderList | undefined;

  write(bytes: Buffer): void {
    if (this.#upstream) this.#upstream.write(bytes);
    else this.#queue.push(bytes);
  }

  end(trailers: HeaderList): void {
    this.#trailers = trailers;
    this.#upstream?.end(trailers);
  }

  /** Hands over what was written; false: wait for the upstream, to be there or to drain. */
  flush(): boolean {
    return this.#upstream ? this.#upstream.flush() : this.#queue.length === 0;
  }

  /** The upstream is there. True: there was something to send it. */
  attach(upstream: UpstreamSide): boolean {
    this.#upstream = upstream;
    const queue = this.#queue;
    this.#queue = [];
    for (const bytes of queue) upstream.write(bytes);
    if (this.#trailers) upstream.end(this.#trailers);
    return queue.length > 0;
  }

  /** Nothing more goes out. */
  close(): void {
    this.#upstream = undefined;
    this.#queue = [];
  }
}
