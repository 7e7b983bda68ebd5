import { type AllowDecision, type Decision, decide, isAllowed } from "../../policy/decide.ts";
import type { HeaderList, RequestFacts } from "../../policy/facts.ts";
import type { RouteAuth, RouteSpec } from "../../policy/route.ts";
import type { CompiledRoute } from "../../policy/routes.ts";
import { type Refusal, refuse } from "../../policy/verdict.ts";
import type { Brokered } from "./credential/foreign.ts";
import type { ExchangeRecord } from "./exchange-record.ts";
import type { GateOutlet } from "./inspect/body-gate.ts";
import { BodyHold } from "./inspect/body-hold.ts";
import { forgeGate } from "./inspect/forge-gate.ts";
import { modelGate } from "./inspect/model-gate.ts";
import type { HeadValues } from "./inspect/redacted-head.ts";
import type { RequestInspection } from "./inspect/request-inspection.ts";
import type { BodyOut } from "./outgoing-body.ts";
import type { Plane } from "./plane.ts";
import type { IncomingRequest } from "./stream.ts";

/** A request that policy and quotas let go, as it goes. */
export interface Admission {
  /** with the route's credential, and without any other */
  readonly fields: HeaderList;
  readonly target: string;
  /** the part of `fields` that the agent wrote */
  readonly brought: HeaderList;
  /** the sidecar's credential is among the fields */
  readonly brokered?: Brokered;
  /** what holds it until its body has been read whole */
  readonly hold?: BodyOut;
}

/** Counts an allowed request, and puts the route's credential on. A Refusal: a quota is used up, or its body can't be read. */
export function admit(
  plane: Plane,
  decision: AllowDecision,
  request: IncomingRequest,
  record: ExchangeRecord,
  outlet: GateOutlet,
): Admission | Refusal {
  const { route, host, target } = decision;
  const { spec } = route;
  const { fields } = request;
  const gate = modelGate(plane, decision, request, outlet) ?? forgeGate(plane, decision, request, outlet);
  if (gate && "code" in gate) return gate;
  const over = plane.quotas.admit(spec, host, request.facts, performance.now());
  if (over) return over;
  const put = spec.auth && putOn(plane, spec, spec.auth, host, { fields, target }, record);
  // Last: nothing behind it throws, so that what it reserves is given back by the inspection that gets it.
  const hold = gate ?? holdToRedact(plane, route, request, outlet);
  return { ...(put ?? { fields, target, brought: fields }), ...(hold && { hold }) };
}

function putOn(
  { credentials }: Plane,
  spec: RouteSpec,
  auth: RouteAuth,
  host: string,
  { fields, target }: Pick<Admission, "fields" | "target">,
  record: ExchangeRecord,
): Admission {
  const credential = credentials.of(spec, auth);
  const put = credential.putOn(fields, target, host);
  record.putOn(credential, put);
  return {
    fields: put.fields,
    target: put.target,
    // The credential that was put on stands last.
    brought: put.fields.slice(0, -2),
    brokered: { credential, host, grant: put.grant },
  };
}

/** A body of stated length that may be redacted goes when its length is known. */
function holdToRedact(
  { inspector }: Plane,
  route: CompiledRoute,
  { body }: IncomingRequest,
  outlet: GateOutlet,
): BodyHold | undefined {
  if (typeof body !== "number" || body === 0) return undefined;
  if (inspector.rules(route).inspection.onMatch !== "redact") return undefined;
  return BodyHold.of(body, inspector.heldToRedact, outlet);
}

/** Counts bytes of an allowed request. A Refusal: a quota of bytes is used up. */
export function payFor(
  { quotas }: Plane,
  decision: Decision | undefined,
  bytes: number,
): Refusal | undefined {
  if (!decision || !isAllowed(decision)) return undefined;
  return quotas.send(decision.route.spec, bytes, performance.now());
}

/** Reads an admitted request's head. What may be sent of it; a Refusal; undefined: it was refused already. */
export function admitHead(
  plane: Plane,
  decision: AllowDecision,
  { facts }: IncomingRequest,
  admitted: Admission,
  reading: RequestInspection,
): { readonly decision: AllowDecision; readonly admission: Admission } | Refusal | undefined {
  const values = { target: admitted.target, fields: admitted.brought };
  const read = reading.head(facts.method, decision.host, values);
  if (!read) return undefined;
  if (read === values) return { decision, admission: admitted };
  return admitRedacted(plane, decision, facts, admitted, read);
}

/**
 * Decides again about a request from whose head something was taken out: rules must allow what is sent. The route has to
 * be the same; its credential stays.
 */
function admitRedacted(
  { policy }: Plane,
  decided: AllowDecision,
  facts: RequestFacts,
  admission: Admission,
  redacted: HeadValues,
): { readonly decision: AllowDecision; readonly admission: Admission } | Refusal {
  const { fields, brought } = admission;
  const headers = redactedHeaders(facts.headers, brought, redacted.fields);
  const decision = decide(policy, { ...facts, target: redacted.target, headers });
  if (!isAllowed(decision)) return decision.verdict;
  if (decision.route !== decided.route || decision.target !== redacted.target)
    return refuse(
      "egress.path_ambiguous",
      "The path is another one without what was taken out.",
      decided.route.rule,
    );
  const kept = { fields: [...redacted.fields, ...fields.slice(brought.length)], brought: redacted.fields };
  return { decision, admission: { ...admission, ...kept, target: decision.target } };
}

/** What the policy looks at, with the values that are sent; a cookie's may have lost a part before. */
function redactedHeaders(headers: HeaderList, brought: HeaderList, redacted: HeaderList): HeaderList {
  const result = [...headers];
  for (let i = 0; i < brought.length; i += 2) {
    if (redacted[i + 1] === brought[i + 1]) continue;
    const lines = result.flatMap((name, at) => (at % 2 === 0 && name === brought[i] ? [at + 1] : []));
    const same = lines.filter((at) => result[at] === brought[i + 1]);
    for (const at of same.length > 0 ? same : lines) result[at] = redacted[i + 1] ?? "";
  }
  return result;
}
