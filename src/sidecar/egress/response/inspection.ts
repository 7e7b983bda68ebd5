import type { RecordedFinding } from "../../../journal/record.ts";
import type { HeaderList } from "../../../policy/facts.ts";
import type { Refusal } from "../../../policy/verdict.ts";
import type { Coding } from "../inspect/content-codings.ts";
import type { ResponseStart } from "../stream.ts";

/**
 * Stands between the upstream's answer and the agent. It decides when the head goes, what of the body goes and in
 * which bytes; all of it leaves through an `AnswerSink`, at once or later.
 */
export interface ResponseInspection {
  data(bytes: Buffer): void;
  end(trailers: HeaderList): void;
  /** What came in one read is delivered. False: read no more of the upstream until `answerRoom`. */
  flush(): boolean;
  clientDrained(): void;
  /** Nobody waits for the rest. */
  abort(): void;
}

/** How an answer is to be read. */
export interface AnswerRules {
  readonly rule: string;
  readonly inbound: "off" | "warn" | "block";
  readonly oversize: "block" | "pass";
  readonly codings: readonly Coding[];
}

/** Where an inspected answer goes: the exchange. After `answerEnd` or `answerRefused` nothing follows. */
export interface AnswerSink {
  answerStart(start: ResponseStart): void;
  answerData(bytes: Buffer): void;
  /** the answer is whole; `error`: or it ended otherwise than it should, for the journal */
  answerEnd(trailers: HeaderList, error?: string): void;
  /** hands over what was written; false: the client is slower, `clientDrained` follows */
  answerFlush(): boolean;
  /**
   * The rest must not reach the agent. Before `answerStart` the refusal is the answer; after it the answer is broken off
   * so that it can't be taken for a whole one, `last` (an event of a stream that can carry one) being its end.
   */
  refuse(refusal: Refusal, last?: Buffer): void;
  found(finding: RecordedFinding): void;
  /** why something of it could not be looked into */
  notInspected(why: string): void;
  /** after a `flush` that said false: there is room again */
  answerRoom(): void;
}
