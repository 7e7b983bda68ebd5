import type { RecordedFinding } from "../../journal/record.ts";
import { type Decision, decide, isAllowed } from "../../policy/decide.ts";
import type { HeaderList } from "../../policy/facts.ts";
import { fieldBytes } from "../../policy/head-bytes.ts";
import { type Refusal, refuse } from "../../policy/verdict.ts";
import { admit, admitHead, payFor } from "./admission.ts";
import type { Brokered } from "./credential/foreign.ts";
import type { Timed } from "./deadlines.ts";
import { describe, ExchangeRecord } from "./exchange-record.ts";
import type { GateOutlet } from "./inspect/body-gate.ts";
import { gathered } from "./inspect/gathered-reading.ts";
import { RequestInspection, type RequestOutlet, type RequestReading } from "./inspect/request-inspection.ts";
import { EXCHANGE_IDLE_MS } from "./limits.ts";
import type { Transcript } from "./log/transcript.ts";
import { OutgoingBody } from "./outgoing-body.ts";
import { outgoingRequest } from "./outgoing-request.ts";
import type { Plane } from "./plane.ts";
import { answerRefusal, FAILED, TIMED_OUT } from "./refusal-answer.ts";
import { createResponseInspection } from "./response/inspect.ts";
import type { AnswerSink, ResponseInspection } from "./response/inspection.ts";
import { maskFields } from "./response/mask-fields.ts";
import { Sending } from "./sending.ts";
import type {
  ClientSide,
  IncomingRequest,
  RequestHandler,
  ResponseSink,
  ResponseStart,
  UpstreamError,
  UpstreamSide,
} from "./stream.ts";
import { notSwitched } from "./websocket/handshake.ts";
import { WebSocketRelay } from "./websocket/relay.ts";

/** One request and its answer: decide, put the credential on, pass both bodies through, journal. */
export class Exchange implements RequestHandler, ResponseSink, AnswerSink, RequestOutlet, GateOutlet, Timed {
  deadline: number;
  readonly #plane: Plane;
  readonly #client: ClientSide;
  readonly #request: IncomingRequest;
  readonly #record: ExchangeRecord;
  #decision: Decision | undefined;
  #brokered: Brokered | undefined;
  #sending: Sending | undefined;
  #upstream: UpstreamSide | undefined;
  readonly #out = new OutgoingBody();
  /** `begin` runs: what follows in the same read leaves together with the head */
  #beginning = false;
  #finished = false;
  #reading: RequestReading | undefined;
  #inspection: ResponseInspection | undefined;
  #relay: WebSocketRelay | undefined;
  /** with `log` 2 only */
  readonly #transcript: Transcript | undefined;

  constructor(plane: Plane, client: ClientSide, request: IncomingRequest) {
    this.#plane = plane;
    this.#client = client;
    this.#request = request;
    this.#record = new ExchangeRecord(request, plane);
    this.#transcript = this.#record.transcript;
    this.deadline = plane.deadlines.now + EXCHANGE_IDLE_MS;
    plane.deadlines.add(this);
  }

  /** Decides, and opens the upstream or answers with the refusal. Its body, if any, follows, then `requestFlush`. */
  begin(): void {
    const { facts, body } = this.#request;
    const decision = decide(this.#plane.policy, facts);
    this.#decision = decision;
    if (!isAllowed(decision)) {
      this.refuse(decision.verdict);
      return;
    }
    const admitted = admit(this.#plane, decision, this.#request, this.#record, this);
    if ("code" in admitted) {
      this.refuse(admitted);
      return;
    }
    this.#brokered = admitted.brokered;
    const { route, host } = decision;
    const { inspector } = this.#plane;
    const reading = new RequestInspection(
      inspector,
      inspector.rules(route),
      admitted.hold ?? this.#out,
      this,
      admitted.brokered,
    );
    this.#reading = reading;
    const sent = admitHead(this.#plane, decision, this.#request, admitted, reading);
    if (!sent) return;
    if ("code" in sent) {
      this.refuse(sent);
      return;
    }
    this.#decision = sent.decision;
    const { fields, target, hold } = sent.admission;
    if (body !== "none" && body !== 0) {
      reading.startBody(fields, hold ? "held" : typeof body === "number" ? "fixed" : "free");
      this.#reading = gathered(reading, body, this, this.#client);
    }
    if (this.#finished) return;
    const outgoing = outgoingRequest(this.#request, host, target, fields, hold !== undefined);
    this.#sending = new Sending(this.#plane.upstream, this.#request, host, outgoing, this);
    if (hold) {
      if (this.#request.expectsContinue) this.#client.informational(100, []);
      this.#client.flush();
      return;
    }
    this.#beginning = true;
    this.#sending.open();
    this.#beginning = false;
  }

  letGo(body: Buffer, trailers: HeaderList): void {
    if (this.#finished) return;
    this.#out.write(body);
    this.#out.end(trailers);
    this.#sending?.open(trailers.length > 0 ? "stream" : body.length);
  }

  requestData(bytes: Buffer): void {
    this.#touch();
    this.#record.bytesOut += bytes.length;
    if (this.#finished) return;
    if (!this.#relay) this.#transcript?.request.data(bytes);
    if (this.#mayPay(bytes.length)) this.#reading?.data(bytes);
  }

  requestEnd(trailers: HeaderList): void {
    this.#transcript?.request.end(trailers);
    if (this.#finished || (trailers.length > 0 && !this.#mayPay(fieldBytes(trailers)))) return;
    if (this.#reading) this.#reading.end(trailers);
    else this.#out.end(trailers);
  }

  /** False: stop reading the request body until `resumeRequest`. */
  requestFlush(): boolean {
    if (this.#finished) return true;
    const roomy = this.#reading?.roomy() ?? true;
    return this.#out.flush() && roomy;
  }

  requestRoom(): void {
    if (this.#out.flush()) this.#client.resumeRequest();
  }

  /** False: a quota of bytes is used up, the request is refused. */
  #mayPay(bytes: number): boolean {
    const over = payFor(this.#plane, this.#decision, bytes);
    if (over) this.refuse(over);
    return over === undefined;
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
    this.refuse(TIMED_OUT);
  }

  /** Answers with a refusal, or breaks off an answer that has begun: `last` is its end where the framing carries it. */
  refuse(refusal: Refusal, last?: Buffer): void {
    if (this.#finished) return;
    const parting = last ?? this.#relay?.part(refusal);
    this.#upstream?.abort();
    this.#inspection?.abort();
    if (this.#record.status !== 0) {
      this.#client.abort(parting);
      this.#finish(refusal.detail, refusal);
      return;
    }
    const { status, id } = answerRefusal(this.#client, refusal, this.#request, this.#transcript);
    this.#record.status = status;
    this.#finish(undefined, refusal, id);
    this.#client.proceed();
  }

  opened(side: UpstreamSide): boolean {
    if (this.#finished) return false;
    this.#upstream = side;
    const waited = this.#out.attach(side);
    if (!this.#beginning && side.flush() && waited && this.#reading?.roomy() !== false)
      this.#client.resumeRequest();
    return true;
  }

  informational(status: number, fields: HeaderList): void {
    this.#touch();
    this.#client.informational(status, maskFields(fields, this.#plane.inspector.detectors, this));
  }

  responseStart(start: ResponseStart): void {
    this.#touch();
    this.#transcript?.respond(start.fields);
    const { inspector } = this.#plane;
    const decision = this.#decision;
    if (!decision || !isAllowed(decision)) return;
    const rules = inspector.rules(decision.route);
    const { websocket } = start;
    const unswitched = notSwitched(this.#request, start);
    if (unswitched) {
      this.refuse(unswitched);
      return;
    }
    if (!websocket) {
      this.#inspection = createResponseInspection(start, inspector, rules, this);
      return;
    }
    const sides = { out: this.#out, sink: this, transcript: this.#transcript };
    this.#relay = new WebSocketRelay(websocket, this.#plane, rules, sides);
    this.#reading = this.#relay.requests;
    this.#inspection = this.#relay.answers;
    this.answerStart({ ...start, fields: maskFields(start.fields, inspector.detectors, this) });
  }

  responseData(bytes: Buffer): void {
    this.#touch();
    this.#record.bytesIn += bytes.length;
    if (!this.#relay) this.#transcript?.response?.data(bytes);
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
    this.#record.status = start.status;
    this.#brokered?.credential.cookies.learn(this.#brokered.host, start.fields);
    this.#client.respond(start);
  }

  answerData(bytes: Buffer): void {
    this.#client.write(bytes);
  }

  answerEnd(trailers: HeaderList, error?: string): void {
    this.#client.end(trailers);
    this.#finish(error);
    this.#client.proceed();
  }

  answerFlush(): boolean {
    return this.#client.flush();
  }

  found(finding: RecordedFinding): void {
    this.#record.found(finding);
  }

  notInspected(why: string): void {
    this.#record.notInspected = why;
  }

  answerRoom(): void {
    this.#upstream?.resumeResponse();
  }

  upstreamDrained(): void {
    this.#touch();
    if (this.#reading?.roomy() !== false) this.#client.resumeRequest();
  }

  upstreamFailed(error: UpstreamError): void {
    this.#upstream = undefined;
    if (this.#finished || this.#sending?.repeat(error)) return;
    this.refuse(refuse(error.code, error.message, "upstream", { retryable: error.retryable }));
  }

  crashed(error: unknown): void {
    if (this.#finished) return;
    this.#upstream?.abort();
    this.#inspection?.abort();
    this.#client.abort();
    this.#finish(describe(error), FAILED);
  }

  #touch(): void {
    this.deadline = this.#plane.deadlines.now + EXCHANGE_IDLE_MS;
  }

  #finish(error?: string, refusal?: Refusal, id?: string): void {
    this.#finished = true;
    this.#reading?.close();
    this.#out.close();
    this.#upstream = undefined;
    const { deadlines, log, record } = this.#plane;
    deadlines.delete(this);
    if (refusal === undefined && log === 0) return;
    record(
      this.#record.event({ decision: this.#decision, refusal, messages: this.#relay?.messages, error, id }),
    );
  }
}
