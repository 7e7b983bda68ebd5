import type { AllowDecision } from "../../policy/decide.ts";
import type { HeaderList } from "../../policy/facts.ts";
import type { Refusal } from "../../policy/verdict.ts";
import type { Brokered } from "./credential/foreign.ts";
import type { ExchangeRecord } from "./exchange-record.ts";
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
}

/** Counts an allowed request, and puts the route's credential on. A Refusal: a quota is used up. */
export function admit(
  plane: Plane,
  { route, host, target }: AllowDecision,
  request: IncomingRequest,
  record: ExchangeRecord,
): Admission | Refusal {
  const { spec } = route;
  const { fields } = request;
  const over = plane.quotas.admit(spec, host, request.facts, performance.now());
  if (over) return over;
  if (!spec.auth) return { fields, target, brought: fields };
  const credential = plane.credentials.of(spec, spec.auth);
  const put = credential.putOn(fields, target, host);
  record.putOn(credential, put);
  // The credential that was put on stands last.
  const brought = put.fields.slice(0, -2);
  return {
    fields: put.fields,
    target: put.target,
    brought,
    brokered: { credential, host, grant: put.grant },
  };
}
