import { RUN_CHARS } from "../../../dlp/decode/limits.ts";
import type { Finding } from "../../../dlp/finding.ts";
import type { HeaderList } from "../../../policy/facts.ts";
import { type Refusal, refuse } from "../../../policy/verdict.ts";
import type { BodyFault } from "../inspect/body-fault.ts";
import { ContentDecoder } from "../inspect/content-decoder.ts";
import type { Holder } from "../inspect/hold-timer.ts";
import type { Inspector } from "../inspect/inspector.ts";
import { ANSWER_HELD_BYTES, MASK_WHOLE_BYTES } from "../limits.ts";
import { overwrite, replaced } from "../replace.ts";
import type { ResponseStart } from "../stream.ts";
import { AnswerText } from "./answer-text.ts";
import type { AnswerRules, AnswerSink, ResponseInspection } from "./inspection.ts";
import { lastEvent } from "./last-event.ts";
import { maskFields } from "./mask-fields.ts";
import { rewrittenFields } from "./rewritten-fields.ts";
import { textKind } from "./text-kind.ts";

const EMPTY = Buffer.alloc(0);
/** RFC 9110 §15.3.7: the length of a part is also in Content-Range */
const PARTIAL = 206;

/**
 * The body of an answer on its way to the agent. A short one of stated length is held whole, so that it can be rewritten
 * and its length stated anew; any other streams, as far as nothing that covers its bytes can still be completed. Codings
 * are undone to read; the bytes that go are those that came, unless there was something to mask.
 */
export class AnswerBody implements ResponseInspection, Holder {
  readonly #inspector: Inspector;
  readonly #rules: AnswerRules;
  readonly #sink: AnswerSink;
  readonly #start: ResponseStart;
  readonly #text: AnswerText;
  readonly #whole: boolean;
  readonly #sse: boolean;
  #decoder: ContentDecoder | undefined;
  /** came, and not gone yet; `end`: the bytes of text that they end at */
  #queue: { bytes: Buffer; end: number }[] = [];
  #waiting: Buffer[] = [];
  /** to be replaced, in the order found */
  #spans: Finding[] = [];
  /** of a coded answer that is held whole; undefined: it became too large to be rewritten */
  #decodedParts: Buffer[] | undefined = [];
  #held = 0;
  #decoded = 0;
  #gone = 0;
  #started = false;
  #busy = false;
  #trailers: HeaderList | undefined;
  #done = false;
  #full = false;
  #warned = false;
  #passing = false;

  constructor(inspector: Inspector, rules: AnswerRules, start: ResponseStart, sink: AnswerSink) {
    this.#inspector = inspector;
    this.#rules = rules;
    this.#sink = sink;
    this.#start = start;
    const kind = textKind(start.fields);
    this.#sse = kind === "sse";
    this.#whole = typeof start.body === "number" && start.body <= MASK_WHOLE_BYTES;
    this.#text = new AnswerText(inspector.detectors, rules.inbound === "off" ? undefined : kind, (finding) =>
      this.#found(finding),
    );
    if (rules.codings.length > 0)
      this.#decoder = new ContentDecoder(rules.codings, {
        decoded: (bytes) => {
          if (this.#decoded + bytes.length > ANSWER_HELD_BYTES) this.#decodedParts = undefined;
          else if (this.#whole) this.#decodedParts?.push(bytes);
          this.#read(bytes);
        },
        failed: (fault) => this.#fault(fault),
      });
  }

  data(bytes: Buffer): void {
    if (this.#passing) this.#sink.answerData(bytes);
    if (this.#done) return;
    this.#held += bytes.length;
    if (this.#decoder) {
      this.#waiting.push(bytes);
      this.#feed();
      return;
    }
    this.#queue.push({ bytes, end: this.#decoded + bytes.length });
    // Held whole it is read whole, at its end.
    if (this.#whole) return;
    this.#read(bytes);
    this.#release();
    this.#watchHold();
  }

  end(trailers: HeaderList): void {
    this.#trailers = trailers;
    if (this.#passing) this.#sink.answerEnd(trailers);
    if (this.#done) return;
    if (this.#decoder) this.#feed();
    else this.#finish();
  }

  flush(): boolean {
    // A head whose body takes its time doesn't wait for it.
    if (!this.#started && !this.#done && this.#held === 0 && !this.#whole) this.#begin();
    this.#full = this.#decoder !== undefined && this.#held > ANSWER_HELD_BYTES;
    return this.#sink.answerFlush() && !this.#full;
  }

  clientDrained(): void {
    if (!this.#full) this.#sink.answerRoom();
  }

  abort(): void {
    this.#done = true;
    this.#decoder?.close();
    this.#queue = [];
    this.#waiting = [];
    this.#decodedParts = [];
    this.#inspector.holds.drop(this);
  }

  get holds(): boolean {
    return !this.#done && this.#held > 0;
  }

  settle(): void {
    if (this.#done || this.#whole || this.#trailers !== undefined) return;
    this.#text.settle();
    this.#judge();
    this.#release();
    this.#sink.answerFlush();
  }

  #watchHold(): void {
    if (this.holds && !this.#whole) this.#inspector.holds.touch(this);
  }

  #feed(): void {
    if (this.#busy || this.#done || !this.#decoder) return;
    const bytes = this.#waiting.shift();
    if (!bytes && this.#trailers === undefined) return;
    this.#busy = true;
    if (!bytes) {
      this.#decoder.end(() => this.#finish());
      return;
    }
    const piece = { bytes, end: Number.POSITIVE_INFINITY };
    this.#queue.push(piece);
    this.#decoder.write(bytes, () => {
      this.#busy = false;
      if (this.#done) return;
      piece.end = this.#decoded;
      this.#release();
      if (this.#done) return;
      this.#sink.answerFlush();
      this.#watchHold();
      if (this.#full && this.#held <= ANSWER_HELD_BYTES) {
        this.#full = false;
        this.#sink.answerRoom();
      }
      this.#feed();
    });
  }

  #read(bytes: Buffer): void {
    if (this.#done) return;
    this.#decoded += bytes.length;
    this.#text.write(bytes);
    this.#judge();
  }

  #judge(): void {
    const found = this.#text.injection;
    if (!found || this.#done) return;
    const { rule, inbound } = this.#rules;
    const blocks = found.grade === "block" && inbound === "block";
    if (!this.#warned || blocks) {
      this.#warned = true;
      const action = blocks ? "block" : "warn";
      const { phrase: name } = found;
      this.#sink.found({ detector: "naive_injection_detection", name, surface: "response body", action });
    }
    if (!blocks) return;
    const detail = `The answer holds text that tries to instruct the agent (${found.phrase}).`;
    this.#cut(refuse("dlp.injection", detail, `${rule} inbound_detectors`));
  }

  #cut(refusal: Refusal): void {
    this.abort();
    const last = this.#sse ? lastEvent(refusal) : undefined;
    this.#sink.refuse(refusal, last);
  }

  #fault({ code, message }: BodyFault): void {
    if (this.#done) return;
    const { rule, inbound, oversize } = this.#rules;
    const { masks } = this.#inspector.detectors;
    if (!masks && (inbound !== "block" || oversize === "pass")) {
      this.#passUnread(message);
      return;
    }
    // A client that knows no codings reads the bytes as they stand.
    const why = masks ? "the sidecar's credentials can't be taken out of it" : "it can't be read";
    this.#cut(refuse(code, `The answer ${message}, so that ${why}.`, rule));
  }

  /** There is no credential to take out of it: it passes as it is. */
  #passUnread(why: string): void {
    this.#sink.notInspected(`the answer ${why}`);
    const rest = [...this.#queue.map(({ bytes }) => bytes), ...this.#waiting];
    const trailers = this.#trailers;
    this.#passing = true;
    this.abort();
    if (!this.#started) this.#begin();
    for (const bytes of rest) this.#sink.answerData(bytes);
    if (trailers) this.#sink.answerEnd(trailers);
    else this.#sink.answerRoom();
  }

  #found(finding: Finding): void {
    const { name, encoding } = finding;
    // Of its beginning some may have gone, a vendor's prefix say: what is left of it is replaced.
    this.#spans.push({ ...finding, start: Math.max(finding.start, this.#gone) });
    const surface = "response body";
    this.#sink.found({ detector: "response_mask", name, surface, encoding, action: "mask" });
    // An encoded run is known as one by its first characters; when more has gone, the rest may tell on its own.
    const partlyGone = !finding.replaceable && finding.start + RUN_CHARS < this.#gone;
    if ((this.#rules.codings.length > 0 && !this.#whole) || partlyGone) this.#cutMasked(name);
  }

  #cutMasked(name: string): void {
    const detail = `The answer holds the credential ${name} where it can't be replaced.`;
    this.#cut(refuse("dlp.known_secret", detail, `${this.#rules.rule} response mask`));
  }

  #begin(start = this.#start): void {
    this.#started = true;
    this.#sink.answerStart(start);
  }

  #release(): void {
    if (this.#done || this.#whole) return;
    const { safe } = this.#text;
    const spans = this.#spans;
    while (!this.#done) {
      const first = this.#queue[0];
      if (!first) break;
      if (first.end <= safe) this.#queue.shift();
      else if (this.#decoder || safe <= this.#gone) break;
      const bytes = first.end <= safe ? first.bytes : first.bytes.subarray(0, safe - this.#gone);
      if (bytes !== first.bytes) first.bytes = first.bytes.subarray(bytes.length);
      this.#held -= bytes.length;
      if (!this.#started) this.#begin();
      const from = this.#gone;
      this.#gone += bytes.length;
      this.#sink.answerData(spans.length === 0 ? bytes : this.#masked(bytes, from));
    }
    if (spans.length > 0) this.#spans = spans.filter(({ end }) => end > this.#gone);
  }

  /** Where a length or a range was stated it stays. */
  #masked(bytes: Buffer, from: number): Buffer {
    const { body, status } = this.#start;
    const mask = typeof body === "number" || status === PARTIAL ? overwrite : replaced;
    return mask(bytes, from, this.#spans, "masked");
  }

  #finish(): void {
    if (this.#done) return;
    const came = this.#whole ? this.#joined() : EMPTY;
    if (!this.#decoder) this.#text.write(came, true);
    this.#text.end();
    this.#judge();
    if (this.#done) return;
    if (this.#whole) this.#releaseWhole(came);
    else this.#release();
    if (this.#done) return;
    if (!this.#started) this.#begin();
    this.abort();
    this.#sink.answerEnd(maskFields(this.#trailers ?? [], this.#inspector.detectors, this.#sink, "trailer"));
  }

  #joined(): Buffer {
    const [first = { bytes: EMPTY }, ...more] = this.#queue;
    return more.length === 0 ? first.bytes : Buffer.concat(this.#queue.map(({ bytes }) => bytes));
  }

  #releaseWhole(came: Buffer): void {
    const spans = this.#spans;
    if (spans.length === 0) {
      this.#begin();
      if (came.length > 0) this.#sink.answerData(came);
      return;
    }
    const coded = this.#rules.codings.length > 0;
    const partial = this.#start.status === PARTIAL;
    if (partial && !coded) {
      this.#begin();
      this.#sink.answerData(overwrite(came, 0, spans, "masked"));
      return;
    }
    const parts = coded ? this.#decodedParts : [came];
    if (partial || !parts) {
      this.#cutMasked(spans[0]?.name ?? "");
      return;
    }
    // A coding is not put on again: what is masked goes as it reads, which every client takes.
    const body = replaced(Buffer.concat(parts), 0, spans, "masked");
    const fields = rewrittenFields(this.#start.fields, coded);
    this.#begin({ ...this.#start, fields, body: body.length, contentLength: body.length });
    this.#sink.answerData(body);
  }
}
