import { printable } from "../../base/printable.ts";
import type { RecordedFinding, RequestEvent } from "../../journal/record.ts";
import type { Decision } from "../../policy/decide.ts";
import type { Refusal } from "../../policy/verdict.ts";
import type { Credential } from "./credential/credential.ts";
import type { TakenOff } from "./credential/take-off.ts";
import { FINDING_COUNT, REMOVED_COUNT } from "./limits.ts";
import { Transcript } from "./log/transcript.ts";
import type { Plane } from "./plane.ts";
import type { IncomingRequest } from "./stream.ts";

/** How an exchange ended. */
export interface Outcome {
  /** undefined: it was refused before it could be decided */
  readonly decision: Decision | undefined;
  readonly refusal: Refusal | undefined;
  /** of a WebSocket */
  readonly messages: { readonly out: number; readonly in: number } | undefined;
  readonly error: string | undefined;
  /** of the answered refusal */
  readonly id: string | undefined;
}

const NONE: readonly string[] = [];

/** What is gathered of an exchange for its line in the journal. */
export class ExchangeRecord {
  /** 0: no answer has begun */
  status = 0;
  bytesOut = 0;
  bytesIn = 0;
  /** a sentence */
  notInspected: string | undefined;
  /** with `log` 2 */
  readonly transcript: Transcript | undefined;
  readonly #request: IncomingRequest;
  readonly #plane: Plane;
  readonly #startedAt = performance.now();
  readonly #findings: RecordedFinding[] = [];
  /** as `TakenOff.removed` */
  #removed = NONE;
  #injected: string | undefined;
  /** the credential that was put on, as `Credential.forms` */
  #forms = NONE;

  constructor(request: IncomingRequest, plane: Plane) {
    this.#request = request;
    this.#plane = plane;
    if (plane.known) this.transcript = new Transcript(request.fields, plane.known, plane.inspector.detectors);
  }

  putOn({ name, forms }: Credential, { removed }: TakenOff): void {
    this.#injected = name;
    this.#forms = forms;
    this.#removed = removed;
  }

  found(finding: RecordedFinding): void {
    if (this.#findings.length < FINDING_COUNT) this.#findings.push(finding);
  }

  /** The journal's line. No text in it holds a secret. */
  event({ decision, refusal, messages, error, id }: Outcome): RequestEvent {
    const findings = this.#findings;
    const { policy, inspector } = this.#plane;
    const { mask } = inspector;
    const { facts, protocol, dialled } = this.#request;
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
      status: this.status,
      bytes_out: this.bytesOut,
      bytes_in: this.bytesIn,
      ...(messages === undefined ? {} : { messages_out: messages.out, messages_in: messages.in }),
      ms: Math.round((performance.now() - this.#startedAt) * 10) / 10,
      ...(findings.length === 0 ? {} : { findings }),
      ...(this.notInspected === undefined ? {} : { not_inspected: this.notInspected }),
      ...(this.#removed.length === 0 ? {} : { removed: listed(this.#removed).map(mask) }),
      ...(this.#injected === undefined ? {} : { injected: this.#injected }),
      ...(error === undefined ? {} : { error: mask(error) }),
      ...(id === undefined ? {} : { id }),
      ...this.transcript?.masked({
        removed: this.#removed,
        injected: this.#injected,
        forms: this.#forms,
        policy,
      }),
    };
  }
}

function listed(removed: readonly string[]): readonly string[] {
  if (removed.length <= REMOVED_COUNT) return removed;
  return [...removed.slice(0, REMOVED_COUNT), `and ${removed.length - REMOVED_COUNT} more`];
}

/** An error of ours for the journal: its text, never its stack. */
export function describe(error: unknown): string {
  return printable(error instanceof Error ? `${error.name}: ${error.message}` : String(error));
}
