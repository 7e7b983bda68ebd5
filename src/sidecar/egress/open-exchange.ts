import { Exchange } from "./exchange.ts";
import type { Plane } from "./plane.ts";
import type { ClientSide, IncomingRequest, RequestHandler } from "./stream.ts";

/** Who answers a request: the plane inside that it is for, else what the policy decides. */
export function openExchange(plane: Plane, client: ClientSide, request: IncomingRequest): RequestHandler {
  for (const inner of plane.inner) if (inner.takes(request.facts)) return inner.open(client, request);
  return new Exchange(plane, client, request);
}
