import { randomBytes } from "node:crypto";
import type { HeaderList } from "../../policy/facts.ts";
import { isField } from "../../policy/headers.ts";
import { plainText, problemJson } from "../../policy/refusal.ts";
import { type Refusal, refuse } from "../../policy/verdict.ts";
import type { Transcript } from "./log/transcript.ts";
import type { ClientSide, IncomingRequest } from "./stream.ts";

/** An error of ours. */
export const FAILED = refuse(
  "sidecar.internal",
  "The sidecar failed; the request went no further.",
  "fail closed",
  { retryable: true },
);

export const TIMED_OUT = refuse(
  "egress.upstream_unreachable",
  "Nothing was sent for too long.",
  "time-outs",
  { retryable: true },
);

/** Answers a request that was refused, whole. `id` names the refusal, in the answer and in the journal. */
export function answerRefusal(
  client: ClientSide,
  refusal: Refusal,
  { facts }: IncomingRequest,
  transcript: Transcript | undefined,
): { readonly status: number; readonly id: string } {
  const id = randomBytes(6).toString("hex");
  const { status, headers, body } = fromGit(facts.headers)
    ? plainText(refusal, { id })
    : problemJson(refusal, { id });
  const fields = Object.entries(headers).flatMap((field) => (field[0] === "content-length" ? [] : field));
  const bodiless = facts.method === "HEAD";
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
  return { status, id };
}

/** Whether git itself asks, which shows its user a plain text only. */
function fromGit(headers: HeaderList): boolean {
  return headers.some(
    (name, at) => at % 2 === 0 && isField(name, "user-agent") && (headers[at + 1] ?? "").startsWith("git/"),
  );
}
