import { printable } from "../../base/printable.ts";
import type { RecordedFinding, RequestEvent } from "../../journal/record.ts";
import type { Decision } from "../../policy/decide.ts";
import type { Refusal } from "../../policy/verdict.ts";
import type { Transcript } from "./log/transcript.ts";
import type { Plane } from "./plane.ts";
import type { IncomingRequest } from "./stream.ts";

/** What an exchange has come to, for the journal. */
export interface Outcome {
  readonly request: IncomingRequest;
  /** undefined: it was refused before it could be decided */
  readonly decision: Decision | undefined;
  readonly refusal: Refusal | undefined;
  readonly status: number;
  readonly bytesOut: number;
  readonly bytesIn: number;
  /** `performance.now()` when it began */
  readonly startedAt: number;
  /** as `PutOn.removed` */
  readonly removed: readonly string[];
  readonly injected: string | undefined;
  readonly findings: readonly RecordedFinding[];
  /** a sentence */
  readonly notInspected: string | undefined;
  /** of a WebSocket */
  readonly messages: { readonly out: number; readonly in: number } | undefined;
  readonly error: string | undefined;
  readonly id: string | undefined;
  /** with `log` 2 */
  readonly transcript: Transcript | undefined;
  /** the credential that was put on, as `Credential.forms` */
  readonly forms: readonly string[];
  readonly plane: Plane;
}

/** The journal's line of one exchange. No text in it holds a secret. */
export function requestEvent(outcome: Outcome): RequestEvent {
  const { request, decision, refusal, findings, messages, plane } = outcome;
  const { mask } = plane.inspector;
  const { facts, protocol, dialled } = request;
  const query = facts.target.indexOf("?");
  const redacted = findings.some(({ action }) => action === "redact");
  return {
    kind: "request",
    way: facts.way,
    protocol,
    host: mask(decision?.host ?? printable(facts.authority)),
    port: facts.port,
    dialled,
    method: mask(printable(facts.method)),
    path: mask(
      decision && "path" in decision
        ? decision.path
        : printable(query < 0 ? facts.target : facts.target.slice(0, query)),
    ),
    verdict: refusal !== undefined ? "block" : redacted ? "redact" : "allow",
    ...(refusal === undefined ? {} : { code: refusal.code }),
    rule: refusal?.rule ?? decision?.verdict.rule ?? "",
    status: outcome.status,
    bytes_out: outcome.bytesOut,
    bytes_in: outcome.bytesIn,
    ...(messages === undefined ? {} : { messages_out: messages.out, messages_in: messages.in }),
    ms: Math.round((performance.now() - outcome.startedAt) * 10) / 10,
    ...(findings.length === 0 ? {} : { findings }),
    ...(outcome.notInspected === undefined ? {} : { not_inspected: outcome.notInspected }),
    ...(outcome.removed.length === 0 ? {} : { removed: outcome.removed.map(mask) }),
    ...(outcome.injected === undefined ? {} : { injected: outcome.injected }),
    ...(outcome.error === undefined ? {} : { error: mask(outcome.error) }),
    ...(outcome.id === undefined ? {} : { id: outcome.id }),
    ...outcome.transcript?.masked({ ...outcome, policy: plane.policy }),
  };
}

/** An error of ours for the journal: its text, never its stack. */
export function describe(error: unknown): string {
  return printable(error instanceof Error ? `${error.name}: ${error.message}` : String(error));
}
