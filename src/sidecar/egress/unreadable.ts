import type { Arrival } from "./plane.ts";
import type { IncomingRequest } from "./stream.ts";

/** Stands in for a request that could not be read, so that its refusal is answered and journalled like any other. */
export function unreadableRequest(arrival: Arrival, protocol: IncomingRequest["protocol"]): IncomingRequest {
  const { way, scheme, port, sni, connectHost, dialled } = arrival;
  const authority = sni ?? connectHost ?? "";
  return {
    facts: { way, scheme, authority, port, sni, connectHost, method: "", target: "", headers: [] },
    fields: [],
    protocol,
    dialled,
    body: "none",
    takesTrailers: false,
    expectsContinue: false,
  };
}
