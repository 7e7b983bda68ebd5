import { createGunzip } from "node:zlib";
import { fieldValue } from "../../../policy/headers.ts";
import type { GateRequest } from "./gate-exchange.ts";

/** A request's body without the gzip that git puts around a long one. Undefined: it has another coding. */
export function requestBody({ incoming, body }: GateRequest): AsyncIterable<Buffer> | undefined {
  const coding = fieldValue(incoming.fields, "content-encoding")?.toLowerCase() ?? "identity";
  if (coding === "identity") return body as AsyncIterable<Buffer>;
  if (coding !== "gzip" && coding !== "x-gzip") return undefined;
  const inflated = createGunzip();
  body.on("error", (error) => inflated.destroy(error));
  return body.pipe(inflated) as AsyncIterable<Buffer>;
}
