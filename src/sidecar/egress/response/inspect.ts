import type { HeaderList } from "../../../policy/facts.ts";
import type { ResponseStart } from "../stream.ts";
import type { AnswerSink, ResponseInspection } from "./inspection.ts";
import { createBodyMask, maskFields } from "./mask.ts";

/** What an answer is looked through for. */
export interface ResponseContext {
  /** name and spellings of the credential that was put on; undefined: none */
  readonly injected: string | undefined;
  readonly secrets: readonly string[];
}

/** Inspects the answer that begins with `start`, and passes it on to `sink`. */
export function createResponseInspection(
  start: ResponseStart,
  context: ResponseContext,
  sink: AnswerSink,
): ResponseInspection {
  const { injected, secrets } = context;
  const fields = maskFields(start.fields, secrets, injected);
  const masked = fields === start.fields ? start : { ...start, fields };
  const mask = injected === undefined ? undefined : createBodyMask(masked, secrets, injected, sink);
  if (!mask) sink.answerStart(masked);
  return {
    data: (bytes) => (mask ? mask.write(bytes) : sink.answerData(bytes)),
    end(trailers: HeaderList) {
      mask?.end();
      sink.answerEnd(maskFields(trailers, secrets, injected));
    },
    flush: () => sink.answerFlush(),
    clientDrained: () => sink.answerRoom(),
    abort() {},
  };
}
