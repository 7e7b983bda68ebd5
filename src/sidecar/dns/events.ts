import { printable } from "../../base/printable.ts";
import type { DnsEvent } from "../../journal/record.ts";
import type { DnsAnswer } from "./answer.ts";
import { EVENT_BURST, EVENT_INTERVAL, LONG_NAME } from "./limits.ts";

/** Types every resolver library asks for; the rest carry data, or ask for it. */
const ORDINARY = new Set(["A", "AAAA", "HTTPS", "SVCB", "PTR"]);

/** Whether a question is worth a record: of a type or class that carries data, or with a name no one types. */
export function isWorthRecording({ kind, type, name }: DnsAnswer): boolean {
  if (kind === "dropped") return false;
  return kind === "refused" || !ORDINARY.has(type) || name.length > LONG_NAME;
}

/**
 * Passes events on, at most a burst of `EVENT_BURST` and one more per `EVENT_INTERVAL`, so that questions can't flood the
 * journal. Those held back are counted in the next event that passes.
 */
export class DnsEventGate {
  readonly #onEvent: (event: DnsEvent) => void;
  #tokens = EVENT_BURST;
  #refilled = 0;
  #leftOut = 0;

  constructor(onEvent: (event: DnsEvent) => void) {
    this.#onEvent = onEvent;
  }

  /** `server`: the resolver the question was sent to; `nowMs` must not run backwards. */
  report(answer: DnsAnswer, server: string, nowMs: number): void {
    const earned = Math.floor((nowMs - this.#refilled) / EVENT_INTERVAL);
    if (earned > 0) {
      this.#tokens = Math.min(EVENT_BURST, this.#tokens + earned);
      this.#refilled = this.#tokens === EVENT_BURST ? nowMs : this.#refilled + earned * EVENT_INTERVAL;
    }
    if (this.#tokens === 0 || answer.kind === "dropped") {
      this.#leftOut += 1;
      return;
    }
    this.#tokens -= 1;
    const event: DnsEvent = {
      kind: "dns",
      name: printable(answer.name, 253),
      type: answer.type,
      server,
      answer: answer.kind,
    };
    this.#onEvent(this.#leftOut === 0 ? event : { ...event, left_out: this.#leftOut });
    this.#leftOut = 0;
  }
}
