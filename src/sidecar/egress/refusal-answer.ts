import { problemJson } from "../../policy/refusal.ts";
import type { Refusal } from "../../policy/verdict.ts";
import type { Transcript } from "./log/transcript.ts";
import type { ClientSide } from "./stream.ts";

/** Answers a request that was refused, whole, and returns the status. `id` names the refusal, here and in the journal. */
export function answerRefusal(
  client: ClientSide,
  refusal: Refusal,
  id: string,
  method: string,
  transcript: Transcript | undefined,
): number {
  const { status, headers, body } = problemJson(refusal, { id });
  const fields = Object.entries(headers).flatMap((field) => (field[0] === "content-length" ? [] : field));
  const bodiless = method === "HEAD";
  client.respond({
    status,
    reason: "",
    fields,
    contentLength: body.length,
    body: bodiless ? "none" : body.length,
  });
  transcript?.respond(fields);
  if (!bodiless) {
    client.write(body);
    transcript?.response?.data(body);
  }
  client.end([]);
  transcript?.response?.end([]);
  return status;
}
