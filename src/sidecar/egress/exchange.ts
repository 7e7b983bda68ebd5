import { randomBytes } from "node:crypto";
import { printable } from "../../base/printable.ts";
import type { RecordedFinding } from "../../journal/record.ts";
import { type AllowDecision, type Decision, decide } from "../../policy/decide.ts";
import type { HeaderList } from "../../policy/facts.ts";
import { problemJson } from "../../policy/refusal.ts";
import { type Refusal, refuse } from "../../policy/verdict.ts";
import type { Timed } from "./deadlines.ts";
import { requestEvent } from "./exchange-record.ts";
import { EXCHANGE_IDLE_MS, FINDING_COUNT } from "./limits.ts";
import { Transcript } from "./log/transcript.ts";
import type { Plane } from "./plane.ts";
import { createResponseInspection } from "./response/inspect.ts";
import type { AnswerSink, ResponseInspection } from "./response/inspection.ts";
import { maskFields } from "./response/mask.ts";
import type {
  ClientSide,
  IncomingRequest,
  OutgoingRequest,
  ResponseSink,
  ResponseStart,
  UpstreamError,
  UpstreamSide,
} from "./stream.ts";

const IDEMPOTENT = new Set(["GET", "HEAD", "OPTIONS", "PUT", "DELETE"]);
const NO_FIELDS: HeaderList = [];
const INTERNAL = "The sidecar failed; the request went no further.";

/** One request and its answer: decide, put the credential on, pass both bodies through, journal. */
export class Exchange implements ResponseSink, AnswerSink, Timed {
  deadline: number;
  readonly #plane: Plane;
  readonly #client: ClientSide;
  readonly #request: IncomingRequest;
  readonly #startedAt = performance.now();
  #decision: Decision | undefined;
  #outgoing: OutgoingRequest | undefined;
  #upstream: UpstreamSide | undefined;
  /** request body read before the upstream was there */
  #queue: Buffer[] = [];
  #requestEnd: HeaderList | undefined;
  /** `begin` runs: what follows in the same read leaves together with the head */
  #beginning = false;
  #retried = false;
  #finished = false;
  #status = 0;
  #bytesOut = 0;
  #bytesIn = 0;
  #removed: readonly string[] = NO_FIELDS;
  #injected: string | undefined;
  #secrets: readonly string[] = NO_FIELDS;
  #inspection: ResponseInspection | undefined;
  readonly #findings: RecordedFinding[] = [];
  #notInspected: string | undefined;
  /** with `log` 2 only */
  readonly #transcript: Transcript | undefined;

  constructor(plane: Plane, client: ClientSide, request: IncomingRequest) {
    this.#plane = plane;
    this.#client = client;
    this.#request = request;
    if (plane.known) this.#transcript = new Transcript(request.fields, plane.known);
    this.deadline = plane.deadlines.now + EXCHANGE_IDLE_MS;
    plane.deadlines.add(this);
  }

  /** Decides, and opens the upstream or answers with the refusal. Its body, if any, follows, then `requestFlush`. */
  begin(): void {
    const { facts, body, takesTrailers, expectsContinue, protocol } = this.#request;
    const decision = decide(this.#plane.policy, facts);
    this.#decision = decision;
    if (!isAllowed(decision)) {
      this.refuse(decision.verdict);
      return;
    }
    const { route, host } = decision;
    let fields: HeaderList = this.#request.fields;
    let target = decision.target;
    if (route.spec.auth) {
      const credential = this.#plane.credentials.of(route.spec.auth);
      const put = credential.putOn(fields, target);
      fields = put.fields;
      target = put.target;
      this.#removed = put.removed;
      this.#injected = credential.name;
      this.#secrets = credential.forms;
    }
    this.#outgoing = {
      method: facts.method,
      scheme: facts.scheme,
      authority: facts.port === (facts.scheme === "https" ? 443 : 80) ? host : `${host}:${facts.port}`,
      target,
      fields: expectsContinue ? [...fields, "Expect", "100-continue"] : fields,
      body,
      takesTrailers,
    };
    this.#beginning = true;
    this.#plane.upstream.open(
      { scheme: facts.scheme, host, port: facts.port },
      protocol,
      this.#outgoing,
      this,
      false,
    );
    this.#beginning = false;
  }

  requestData(bytes: Buffer): void {
    this.#touch();
    this.#bytesOut += bytes.length;
    if (this.#finished) return;
    this.#transcript?.request.data(bytes);
    if (this.#upstream) this.#upstream.write(bytes);
    else this.#queue.push(bytes);
  }

  requestEnd(trailers: HeaderList): void {
    this.#requestEnd = trailers;
    this.#transcript?.request.end(trailers);
    if (!this.#finished) this.#upstream?.end(trailers);
  }

  /** False: stop reading the request body until `resumeRequest`. */
  requestFlush(): boolean {
    if (this.#finished) return true;
    return this.#upstream ? this.#upstream.flush() : this.#queue.length === 0;
  }

  clientDrained(): void {
    this.#touch();
    this.#inspection?.clientDrained();
  }

  /** The client went away, or broke the protocol in its body. */
  clientGone(reason: string): void {
    if (this.#finished) return;
    this.#upstream?.abort();
    this.#inspection?.abort();
    this.#finish(reason);
  }

  expire(): void {
    const detail = "Nothing was sent for too long.";
    this.refuse(refuse("egress.upstream_unreachable", detail, "time-outs", { retryable: true }));
  }

  /**
   * Answers with a refusal; an answer that has begun is broken off, `last` being its end where the framing can carry it.
   * `close` is left to the client side.
   */
  refuse(refusal: Refusal, last?: Buffer): void {
    if (this.#finished) return;
    this.#upstream?.abort();
    this.#inspection?.abort();
    if (this.#status !== 0) {
      this.#client.abort(last);
      this.#finish(refusal.detail, refusal);
      return;
    }
    const id = randomBytes(6).toString("hex");
    const { status, headers, body } = problemJson(refusal, { id });
    const fields: string[] = [];
    for (const [name, value] of Object.entries(headers))
      if (name !== "content-length") fields.push(name, value);
    this.#status = status;
    const head = this.#request.facts.method === "HEAD";
    this.#client.respond({
      status,
      reason: "",
      fields,
      contentLength: body.length,
      body: head ? "none" : body.length,
    });
    this.#transcript?.respond(fields);
    if (!head) {
      this.#client.write(body);
      this.#transcript?.response?.data(body);
    }
    this.#client.end(NO_FIELDS);
    this.#transcript?.response?.end(NO_FIELDS);
    this.#finish(undefined, refusal, id);
    this.#client.proceed();
  }

  opened(side: UpstreamSide): boolean {
    if (this.#finished) return false;
    this.#upstream = side;
    const queue = this.#queue;
    this.#queue = [];
    for (const bytes of queue) side.write(bytes);
    if (this.#requestEnd) side.end(this.#requestEnd);
    if (!this.#beginning && side.flush() && queue.length > 0) this.#client.resumeRequest();
    return true;
  }

  informational(status: number, fields: HeaderList): void {
    this.#touch();
    this.#client.informational(status, maskFields(fields, this.#secrets, this.#injected));
  }

  responseStart(start: ResponseStart): void {
    this.#touch();
    this.#transcript?.respond(start.fields);
    this.#inspection = createResponseInspection(
      start,
      { injected: this.#injected, secrets: this.#secrets },
      this,
    );
  }

  responseData(bytes: Buffer): void {
    this.#touch();
    this.#bytesIn += bytes.length;
    this.#transcript?.response?.data(bytes);
    this.#inspection?.data(bytes);
  }

  responseEnd(trailers: HeaderList): void {
    this.#upstream = undefined;
    if (this.#finished) return;
    this.#transcript?.response?.end(trailers);
    this.#inspection?.end(trailers);
  }

  responseFlush(): void {
    if (this.#inspection ? !this.#inspection.flush() : !this.#client.flush()) this.#upstream?.pauseResponse();
  }

  answerStart(start: ResponseStart): void {
    this.#status = start.status;
    this.#client.respond(start);
  }

  answerData(bytes: Buffer): void {
    this.#client.write(bytes);
  }

  answerEnd(trailers: HeaderList): void {
    this.#client.end(trailers);
    this.#finish();
    this.#client.proceed();
  }

  answerFlush(): boolean {
    return this.#client.flush();
  }

  answerRefused(refusal: Refusal, last?: Buffer): void {
    this.refuse(refusal, last);
  }

  answerFound(finding: RecordedFinding): void {
    if (this.#findings.length < FINDING_COUNT) this.#findings.push(finding);
  }

  answerNotInspected(why: string): void {
    this.#notInspected = why;
  }

  answerRoom(): void {
    this.#upstream?.resumeResponse();
  }

  upstreamDrained(): void {
    this.#touch();
    this.#client.resumeRequest();
  }

  upstreamFailed(error: UpstreamError): void {
    this.#upstream = undefined;
    if (this.#finished) return;
    const request = this.#outgoing;
    if (error.stale && !this.#retried && request?.body === "none" && IDEMPOTENT.has(request.method)) {
      this.#retried = true;
      const { facts, protocol } = this.#request;
      const host = this.#decision?.host ?? "";
      this.#plane.upstream.open(
        { scheme: facts.scheme, host, port: facts.port },
        protocol,
        request,
        this,
        true,
      );
      return;
    }
    this.refuse(refuse(error.code, error.message, "upstream", { retryable: error.retryable }));
  }

  crashed(error: unknown): void {
    if (this.#finished) return;
    this.#upstream?.abort();
    this.#inspection?.abort();
    this.#client.abort();
    this.#finish(describe(error), refuse("sidecar.internal", INTERNAL, "fail closed", { retryable: true }));
  }

  #touch(): void {
    this.deadline = this.#plane.deadlines.now + EXCHANGE_IDLE_MS;
  }

  #finish(error?: string, refusal?: Refusal, id?: string): void {
    this.#finished = true;
    this.#queue = [];
    this.#upstream = undefined;
    const { deadlines, log, record } = this.#plane;
    deadlines.delete(this);
    if (refusal === undefined && log === 0) return;
    record({
      ...requestEvent({
        request: this.#request,
        decision: this.#decision,
        refusal,
        status: this.#status,
        bytesOut: this.#bytesOut,
        bytesIn: this.#bytesIn,
        startedAt: this.#startedAt,
        removed: this.#removed,
        injected: this.#injected,
        findings: this.#findings,
        notInspected: this.#notInspected,
        error,
        id,
        mask: (text) => text,
      }),
      ...this.#transcript?.masked({
        removed: this.#removed,
        injected: this.#injected,
        forms: this.#secrets,
        policy: this.#plane.policy,
      }),
    });
  }
}

function isAllowed(decision: Decision): decision is AllowDecision {
  return decision.verdict.action === "allow";
}

/** An error of ours for the journal: its text, never its stack. */
export function describe(error: unknown): string {
  return printable(error instanceof Error ? `${error.name}: ${error.message}` : String(error));
}
