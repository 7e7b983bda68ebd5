import type { Refusal } from "../../../policy/verdict.ts";

/** The event (WHATWG HTML §9.2.6) that says in a stream of them why it breaks off. */
export function lastEvent({ code, detail }: Refusal): Buffer {
  return Buffer.from(`event: error\ndata: ${JSON.stringify({ code, detail })}\n\n`);
}
