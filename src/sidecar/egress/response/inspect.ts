import type { HeaderList } from "../../../policy/facts.ts";
import { refuse } from "../../../policy/verdict.ts";
import { BodyFault } from "../inspect/body-fault.ts";
import { statedCodings } from "../inspect/content-codings.ts";
import type { Inspector, RouteRules } from "../inspect/inspector.ts";
import type { ResponseStart } from "../stream.ts";
import { AnswerBody } from "./answer-body.ts";
import type { AnswerSink, ResponseInspection } from "./inspection.ts";
import { maskedReason, maskFields } from "./mask-fields.ts";

/** Inspects the answer that begins with `start`, and passes it on to `sink`. */
export function createResponseInspection(
  received: ResponseStart,
  inspector: Inspector,
  { route, inspection }: RouteRules,
  sink: AnswerSink,
): ResponseInspection {
  const { detectors } = inspector;
  const fields = maskFields(received.fields, detectors, sink);
  const reason = maskedReason(received.reason, detectors, sink);
  const unmasked = fields === received.fields && reason === received.reason;
  const start = unmasked ? received : { ...received, fields, reason };
  const { inbound, oversize } = inspection;
  const reads = detectors.masks || inbound !== "off";
  if (!reads || start.body === "none")
    return pass(start, sink, (trailers) => maskFields(trailers, detectors, sink, "trailer"));
  const codings = statedCodings(fields);
  if (!(codings instanceof BodyFault))
    return new AnswerBody(inspector, { rule: route.rule, inbound, oversize, codings }, start, sink);
  if (!detectors.masks) {
    // Whoever doesn't know the coding either reads it as it stands.
    sink.notInspected(`the answer ${codings.message}`);
    return new AnswerBody(inspector, { rule: route.rule, inbound, oversize, codings: [] }, start, sink);
  }
  const detail = `The answer ${codings.message}, so that the sidecar's credentials can't be taken out of it.`;
  sink.refuse(refuse(codings.code, detail, route.rule));
  return { data() {}, end() {}, flush: () => true, clientDrained() {}, abort() {} };
}

/** As it comes, but for what `last` makes of the trailers. */
function pass(
  start: ResponseStart,
  sink: AnswerSink,
  last: (trailers: HeaderList) => HeaderList,
): ResponseInspection {
  sink.answerStart(start);
  return {
    data: (bytes) => sink.answerData(bytes),
    end: (trailers) => sink.answerEnd(last(trailers)),
    flush: () => sink.answerFlush(),
    clientDrained: () => sink.answerRoom(),
    abort() {},
  };
}
