import { randomBytes } from "node:crypto";
import type { Refusal } from "../../../policy/verdict.ts";
import type { Timed } from "../deadlines.ts";
import type { Holder } from "../inspect/hold-timer.ts";
import type { RouteRules } from "../inspect/inspector.ts";
import type { RequestReading } from "../inspect/request-inspection.ts";
import type { Transcript } from "../log/transcript.ts";
import type { OutgoingBody } from "../outgoing-body.ts";
import type { Plane } from "../plane.ts";
import type { AnswerSink, ResponseInspection } from "../response/inspection.ts";
import { BAD_GATEWAY, POLICY_VIOLATION, WebSocketFault } from "./fault.ts";
import { CLOSE, closePayload, encodeFrame } from "./frame.ts";
import type { WebSocketAgreement } from "./handshake.ts";
import { InboundJudge } from "./inbound-judge.ts";
import { Lane } from "./lane.ts";
import { CLOSE_MS } from "./limits.ts";
import { MessageCoding } from "./message-coding.ts";
import { ModelJudge } from "./model-judge.ts";
import { OutboundJudge } from "./outbound-judge.ts";

/** Where a relay's bytes go. */
export interface RelaySides {
  /** to the upstream */
  readonly out: OutgoingBody;
  /** to the client */
  readonly sink: AnswerSink;
  /** with `log` 2: takes the text of messages, not frames, whose masking would hide what they hold */
  readonly transcript: Transcript | undefined;
}

const NO_FIELDS: readonly string[] = [];
const MAX_WINDOW_BITS = 15;

/** What an exchange becomes when its upstream has switched to WebSocket: two directions of frames, until both have closed. */
export class WebSocketRelay implements Timed, Holder {
  deadline = Number.POSITIVE_INFINITY;
  readonly requests: RequestReading;
  readonly answers: ResponseInspection;
  readonly #plane: Plane;
  readonly #sides: RelaySides;
  readonly #toUpstream: Lane;
  readonly #toClient: Lane;
  #closeCode: number | undefined;
  #done = false;

  constructor({ deflate }: WebSocketAgreement, plane: Plane, rules: RouteRules, sides: RelaySides) {
    this.#plane = plane;
    this.#sides = sides;
    const { out, sink, transcript } = sides;
    const coding = (bits: number | undefined, noTakeover: boolean) =>
      deflate && new MessageCoding(bits ?? MAX_WINDOW_BITS, !noTakeover);
    const found = sink.found.bind(sink);
    const outbound = new OutboundJudge(plane.inspector, rules, found);
    const { heldMessages: held } = plane.inspector;
    const { body } = rules.route.spec;
    const oversize =
      rules.inspection.oversize === "pass" ? (why: string) => sink.notInspected(why) : undefined;
    this.#toUpstream = new Lane({
      masked: true,
      coding: coding(deflate?.clientMaxWindowBits, deflate?.clientNoContextTakeover ?? false),
      judge: body ? new ModelJudge(outbound, plane, rules.route, body, found) : outbound,
      held,
      // what is not read as a model API's must not go
      oversize: body ? undefined : oversize,
      write: (bytes) => out.write(bytes),
      closed: () => this.#closing(),
      copy: transcript && ((text) => transcript.request.data(text)),
    });
    this.#toClient = new Lane({
      masked: false,
      coding: coding(deflate?.serverMaxWindowBits, deflate?.serverNoContextTakeover ?? false),
      judge: new InboundJudge(plane.inspector, rules, transcript !== undefined, found),
      held,
      oversize,
      write: (bytes) => sink.answerData(bytes),
      closed: () => this.#closing(),
      copy: transcript && ((text) => transcript.response?.data(text)),
    });
    this.requests = {
      data: (bytes) =>
        this.#guard(() => {
          if (!this.#toUpstream.closed) outbound.wire(bytes);
          this.#toUpstream.write(bytes);
        }),
      end: () => this.#end(this.#toUpstream.closed ? undefined : "the client closed without a close frame"),
      roomy: () => true,
      close: () => this.#stop(),
    };
    this.answers = {
      data: (bytes) => this.#guard(() => this.#toClient.write(bytes)),
      end: () => this.#end(this.#toClient.closed ? undefined : "the upstream closed without a close frame"),
      flush: () => sink.answerFlush(),
      clientDrained: () => sink.answerRoom(),
      abort: () => this.#stop(),
    };
  }

  get holds(): boolean {
    return !this.#done && (this.#toUpstream.holds || this.#toClient.holds);
  }

  settle(): void {
    this.#guard(() => {
      this.#toUpstream.settle();
      this.#toClient.settle();
    });
    this.#sides.out.flush();
    this.#sides.sink.answerFlush();
  }

  get messages(): { readonly out: number; readonly in: number } {
    return { out: this.#toUpstream.messages, in: this.#toClient.messages };
  }

  expire(): void {
    this.#end("the closing handshake took too long");
  }

  /**
   * It is refused to go on: the upstream gets its close frame, where one can still be put; the client's is returned.
   * The reason is the code, never what was found.
   */
  part(refusal: Refusal): Buffer | undefined {
    const lost = refusal.code === "egress.upstream_unreachable";
    const code = this.#closeCode ?? (lost ? BAD_GATEWAY : POLICY_VIOLATION);
    const { out } = this.#sides;
    if (!lost && mayClose(this.#toUpstream)) {
      out.write(encodeFrame(CLOSE, closePayload(code, ""), { key: randomBytes(4) }));
      out.flush();
    }
    if (!mayClose(this.#toClient)) return undefined;
    return encodeFrame(CLOSE, closePayload(code, refusal.code), { key: undefined });
  }

  #guard(pass: () => void): void {
    if (this.#done) return;
    try {
      pass();
      if (this.holds) this.#plane.inspector.holds.touch(this);
    } catch (error) {
      if (!(error instanceof WebSocketFault)) throw error;
      this.#closeCode = error.closeCode;
      this.#sides.sink.refuse(error.refusal);
    }
  }

  /** One side has said that it closes: the other answers, and then both are done (RFC 6455 §7.1.1). */
  #closing(): void {
    if (this.#toUpstream.closed && this.#toClient.closed) {
      this.#end(undefined);
      return;
    }
    const { deadlines } = this.#plane;
    this.deadline = deadlines.now + CLOSE_MS;
    deadlines.add(this);
  }

  #end(error: string | undefined): void {
    if (this.#done) return;
    this.#stop();
    const { out, sink } = this.#sides;
    out.end(NO_FIELDS);
    sink.answerEnd(NO_FIELDS, error);
  }

  #stop(): void {
    if (this.#done) return;
    this.#done = true;
    const { transcript } = this.#sides;
    transcript?.request.end(NO_FIELDS);
    transcript?.response?.end(NO_FIELDS);
    this.#toUpstream.drop();
    this.#toClient.drop();
    const { deadlines, inspector } = this.#plane;
    deadlines.delete(this);
    inspector.holds.drop(this);
  }
}

function mayClose(lane: Lane): boolean {
  return lane.atBoundary && !lane.closed;
}
