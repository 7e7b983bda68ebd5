import type { AllowDecision } from "../../../policy/decide.ts";
import { graphqlProblem } from "../../../policy/graphql.ts";
import { neededApiWrite } from "../../../policy/needed.ts";
import { type Refusal, refuse } from "../../../policy/verdict.ts";
import type { Plane } from "../plane.ts";
import type { IncomingRequest } from "../stream.ts";
import { BodyFault } from "./body-fault.ts";
import { BodyGate, type GateOutlet, isJson } from "./body-gate.ts";
import { statedCodings } from "./content-codings.ts";

/**
 * What holds a request to the GraphQL endpoint of a forge whose git goes through the gate, until its document is known to
 * do nothing but read; undefined: it goes as any other. A WebSocket is not opened there: what it would ask isn't read.
 */
export function forgeGate(
  plane: Plane,
  decision: AllowDecision,
  { body, websocket, fields }: IncomingRequest,
  outlet: GateOutlet,
): BodyGate | Refusal | undefined {
  const { forge } = decision;
  if (forge === undefined) return undefined;
  if (websocket)
    return blocked(decision, "No WebSocket is opened to a forge whose git goes through the gate.");
  if (forge === "harmless") return undefined;
  const unreadable = (problem: string): Refusal => blocked(decision, `The body ${problem}.`);
  if (body === "none" || body === 0) return unreadable("is empty");
  const codings = statedCodings(fields);
  if (codings instanceof BodyFault) return unreadable(codings.message);
  if (!isJson(fields)) return unreadable("is not said to be application/json in UTF-8");
  const judge = (text: Buffer) => {
    const problem = graphqlProblem(text);
    return problem === undefined ? undefined : { refusal: unreadable(problem) };
  };
  return new BodyGate(plane, { rule: decision.route.rule, judge, unreadable }, codings, outlet);
}

function blocked({ route }: AllowDecision, detail: string): Refusal {
  return refuse("egress.git_api_write_blocked", detail, route.rule, { needed: neededApiWrite(route.spec) });
}
