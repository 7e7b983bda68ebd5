import type { RecordedFinding } from "../../../journal/record.ts";
import type { AllowDecision } from "../../../policy/decide.ts";
import type { ModelRefusal } from "../../../policy/model-api/check.ts";
import { checkModelApi } from "../../../policy/model-api/model-api.ts";
import { type Refusal, refuse } from "../../../policy/verdict.ts";
import type { Plane } from "../plane.ts";
import type { IncomingRequest } from "../stream.ts";
import { type BodyGate, type BodyReading, bodyGate, type GateOutlet } from "./body-gate.ts";
import type { Inspector } from "./inspector.ts";

/**
 * What holds a request to a model's API, by its head; undefined: nothing in its body is read as one, and it goes as any
 * other.
 */
export function modelGate(
  plane: Plane,
  decision: AllowDecision,
  request: IncomingRequest,
  outlet: GateOutlet,
): BodyGate | Refusal | undefined {
  const { endpoint } = decision;
  if (endpoint === undefined || endpoint === "upload") return undefined;
  if (request.websocket && endpoint !== "messages") return noSocket(decision);
  if (endpoint === "body") return bodyGate(plane, modelReading(plane, decision), request, outlet);
  const { body } = request;
  return body === "none" || body === 0
    ? undefined
    : unreadable(decision, "comes with a request that takes none");
}

function modelReading({ policy, inspector }: Plane, decision: AllowDecision): BodyReading {
  const { route } = decision;
  return {
    rule: `${route.rule} body`,
    judge: (text) => {
      const objection = route.spec.body && checkModelApi(route.spec.body, route, policy, text);
      return objection && { refusal: objection.refusal, finding: modelFinding(objection, "body", inspector) };
    },
    unreadable: (problem) => unreadable(decision, problem),
  };
}

/** For the journal: what was refused, and where it stands; never its value, nor a name that is a secret. */
export function modelFinding(
  { refusal, place }: ModelRefusal,
  surface: string,
  { mask }: Inspector,
): RecordedFinding {
  return {
    detector: "model_api",
    name: refusal.code,
    surface: place === "" ? surface : `${surface} ${mask(place)}`,
    action: "block",
  };
}

function noSocket({ route, path }: AllowDecision): Refusal {
  const detail = `No WebSocket on ${path} is read, so none is opened.`;
  return refuse("model.endpoint_not_allowed", detail, `${route.rule} body`);
}

function unreadable({ route }: AllowDecision, problem: string): Refusal {
  return refuse("model.body_unreadable", `The body ${problem}.`, `${route.rule} body`);
}
