import { printable } from "../base/printable.ts";
import type { GitEvent, ProposalEvent, RequestEvent } from "../journal/record.ts";
import type { QuotaEvent } from "../policy/quota.ts";
import { ALARM_COUNT } from "./limits.ts";

const NOUNS = { requests: "requests", bytes_out: "bytes sent", hosts: "different hosts" } as const;

/** What the operator is told while the bottle runs, each thing once; the journal has the rest. */
export class Alarms {
  readonly #tell: (line: string) => void;
  readonly #told = new Set<string>();

  /** `tell`: a line without line breaks, its untrusted parts printable. */
  constructor(tell: (line: string) => void) {
    this.#tell = tell;
  }

  request({ code, host, rule }: RequestEvent): void {
    if (code === "dlp.canary")
      this.#once(`the canary was in a request to ${host}, which was blocked: something collects credentials`);
    else if (code === "egress.quota_exceeded") this.#once(`${rule}: the hard limit is reached`);
  }

  quota(event: QuotaEvent): void {
    if (event.event !== "quota_warning") return;
    const { scope, quota, per, soft } = event;
    const window = { minute: "a minute", hour: "an hour", life: "in all" }[per];
    this.#once(`${scope}: more than ${soft} ${NOUNS[quota]} ${window}, the soft limit`);
  }

  git({ code, repo, upstream }: GitEvent): void {
    if (code !== "dlp.canary") return;
    const where = printable(repo === "" ? upstream : repo, 200);
    this.#once(`the canary was in a push to ${where}, which was blocked: something collects credentials`);
  }

  proposal({ event, id, asks, repo }: ProposalEvent): void {
    if (event !== "filed") return;
    const what = asks === "push" ? "a push to" : "findings marked gitleaks:allow in a push to";
    this.#once(`a proposal waits for you: ${what} ${repo}: bot-bottle supervise --once (${id})`);
  }

  #once(line: string): void {
    if (this.#told.has(line) || this.#told.size > ALARM_COUNT) return;
    this.#told.add(line);
    this.#tell(this.#told.size > ALARM_COUNT ? "more is in the journal" : line);
  }
}
