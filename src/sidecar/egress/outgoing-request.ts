import type { HeaderList } from "../../policy/facts.ts";
import type { IncomingRequest, OutgoingRequest } from "./stream.ts";

const IDEMPOTENT = new Set(["GET", "HEAD", "OPTIONS", "PUT", "DELETE"]);

/** Whether it may be sent a second time (RFC 9110 §9.2.2) when a kept connection had been closed. */
export function mayRepeat({ body, method }: OutgoingRequest): boolean {
  return body === "none" && IDEMPOTENT.has(method);
}

/**
 * The request as it goes to `host`, which was decided on, with its fields and target as they are to be sent. `held`: its
 * body is there when it goes, so there is nothing to wait for.
 */
export function outgoingRequest(
  { facts, body, takesTrailers, expectsContinue, websocket }: IncomingRequest,
  host: string,
  target: string,
  fields: HeaderList,
  held = false,
): OutgoingRequest {
  const { method, scheme, port } = facts;
  return {
    method,
    scheme,
    authority: port === (scheme === "https" ? 443 : 80) ? host : `${host}:${port}`,
    target,
    fields: expectsContinue && !held ? [...fields, "Expect", "100-continue"] : fields,
    body,
    takesTrailers,
    ...(websocket === undefined ? {} : { websocket }),
  };
}
