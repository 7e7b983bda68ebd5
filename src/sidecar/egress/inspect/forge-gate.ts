import type { AllowDecision } from "../../../policy/decide.ts";
import { graphqlProblem } from "../../../policy/graphql.ts";
import { neededApiWrite } from "../../../policy/needed.ts";
import { type Refusal, refuse } from "../../../policy/verdict.ts";
import type { Plane } from "../plane.ts";
import type { IncomingRequest } from "../stream.ts";
import { type BodyGate, bodyGate, type GateOutlet } from "./body-gate.ts";

/**
 * What holds a request to the GraphQL endpoint of a forge whose git goes through the gate, until its document is known to
 * do nothing but read; undefined: it goes as any other. A WebSocket is not opened there: what it would ask isn't read.
 */
export function forgeGate(
  plane: Plane,
  decision: AllowDecision,
  request: IncomingRequest,
  outlet: GateOutlet,
): BodyGate | Refusal | undefined {
  const { forge } = decision;
  if (forge === undefined) return undefined;
  if (request.websocket)
    return blocked(decision, "No WebSocket is opened to a forge whose git goes through the gate.");
  if (forge === "harmless") return undefined;
  const unreadable = (problem: string): Refusal => blocked(decision, `The body ${problem}.`);
  const judge = (text: Buffer) => {
    const problem = graphqlProblem(text);
    return problem === undefined ? undefined : { refusal: unreadable(problem) };
  };
  return bodyGate(plane, { rule: decision.route.rule, judge, unreadable }, request, outlet);
}

function blocked({ route }: AllowDecision, detail: string): Refusal {
  return refuse("egress.git_api_write_blocked", detail, route.rule, { needed: neededApiWrite(route.spec) });
}
