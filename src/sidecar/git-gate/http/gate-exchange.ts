import { Readable } from "node:stream";
import { printable } from "../../../base/printable.ts";
import type { HeaderList } from "../../../policy/facts.ts";
import type { Refusal } from "../../../policy/verdict.ts";
import type { ClientSide, IncomingRequest, RequestHandler } from "../../egress/stream.ts";
import { GATE_IDLE_MS, REQUEST_BUFFER_BYTES } from "../limits.ts";

/** What the gate answers. A body that throws is broken off, so that it can't be taken for a whole one. */
export interface GateAnswer {
  readonly status: number;
  /** `[name, value, …]` */
  readonly fields: HeaderList;
  readonly body: Buffer | AsyncIterable<Buffer>;
}

/** A request as the gate's services take it. `gone` aborts when the client has. */
export interface GateRequest {
  readonly incoming: IncomingRequest;
  readonly body: Readable;
  readonly gone: AbortSignal;
}

export type Serve = (request: GateRequest) => Promise<GateAnswer>;

/** One request to the gate and its answer, between the connection's pushed bytes and a service's streams. */
export class GateExchange implements RequestHandler {
  readonly #client: ClientSide;
  readonly #incoming: IncomingRequest;
  readonly #serve: Serve;
  readonly #refuse: (incoming: IncomingRequest, refusal: Refusal) => GateAnswer;
  readonly #body: Readable;
  readonly #gone = new AbortController();
  readonly #idle: NodeJS.Timeout;
  #roomy = true;
  #begun = false;
  #drained: (() => void) | undefined;

  constructor(
    client: ClientSide,
    incoming: IncomingRequest,
    serve: Serve,
    refuse: (incoming: IncomingRequest, refusal: Refusal) => GateAnswer,
  ) {
    this.#client = client;
    this.#incoming = incoming;
    this.#serve = serve;
    this.#refuse = refuse;
    this.#body = new Readable({
      highWaterMark: REQUEST_BUFFER_BYTES,
      read: () => {
        this.#roomy = true;
        client.resumeRequest();
      },
    });
    this.#body.on("error", () => {});
    this.#idle = setTimeout(
      () => this.crashed(new Error("nothing moved for too long")),
      GATE_IDLE_MS,
    ).unref();
    if (incoming.body === "none") this.#body.push(null);
  }

  begin(): void {
    if (this.#incoming.expectsContinue) this.#client.informational(100, []);
    const request = { incoming: this.#incoming, body: this.#body, gone: this.#gone.signal };
    this.#serve(request).then(
      (answer) => this.#answer(answer),
      (error: unknown) => this.crashed(error),
    );
  }

  requestData(bytes: Buffer): void {
    this.#idle.refresh();
    if (!this.#gone.signal.aborted) this.#roomy = this.#body.push(bytes);
  }

  requestEnd(): void {
    this.#body.push(null);
  }

  requestFlush(): boolean {
    return this.#roomy || this.#gone.signal.aborted;
  }

  clientDrained(): void {
    this.#drained?.();
    this.#drained = undefined;
  }

  clientGone(reason: string): void {
    this.#end(new Error(reason));
  }

  refuse(refusal: Refusal): void {
    if (this.#begun) {
      this.#client.abort();
      this.#end(new Error(refusal.detail));
    } else void this.#answer(this.#refuse(this.#incoming, refusal));
  }

  crashed(error: unknown): void {
    if (this.#gone.signal.aborted) return;
    this.#client.abort();
    this.#end(error instanceof Error ? error : new Error(printable(String(error))));
  }

  /** Nothing more is to be had or said. */
  #end(reason: Error): void {
    if (this.#gone.signal.aborted) return;
    clearTimeout(this.#idle);
    this.#gone.abort(reason);
    this.#body.destroy(reason);
    this.clientDrained();
  }

  async #answer({ status, fields, body }: GateAnswer): Promise<void> {
    const client = this.#client;
    const { signal } = this.#gone;
    if (signal.aborted || this.#begun) return;
    this.#begun = true;
    const length = Buffer.isBuffer(body) ? body.length : undefined;
    const none = this.#incoming.facts.method === "HEAD";
    client.respond({
      status,
      reason: "",
      fields,
      contentLength: length,
      body: none ? "none" : (length ?? "stream"),
    });
    try {
      for await (const bytes of none ? [] : Buffer.isBuffer(body) ? [body] : body) {
        if (signal.aborted) return;
        this.#idle.refresh();
        client.write(bytes);
        if (client.flush()) continue;
        await new Promise<void>((resolve) => {
          this.#drained = resolve;
        });
      }
    } catch (error) {
      this.crashed(error);
      return;
    }
    if (signal.aborted) return;
    client.end([]);
    client.flush();
    this.#end(new Error("the answer is complete"));
    client.proceed();
  }
}
