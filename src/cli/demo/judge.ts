import type { Outcome } from "./outcome.ts";

/** What is known outside: the token, what the upstream received, which traps were touched, the journal. */
export interface Evidence {
  readonly token: string;
  /** each request that reached the upstream: its `attempt` marker and the Authorization it carried */
  readonly upstream: readonly { readonly attempt: string; readonly authorization: string }[];
  readonly trapsTouched: readonly string[];
  readonly records: readonly JournalLine[];
}

/** The fields of a journal record that prove a refusal. */
export interface JournalLine {
  readonly kind: string;
  readonly verdict?: string;
  readonly code?: string;
  readonly type?: string;
  readonly answer?: string;
}

export interface Finding {
  /** `escaped` and `unproven` fail the demo */
  readonly verdict: "allowed" | "blocked" | "escaped" | "unproven" | "not tried";
  readonly code: string;
  readonly stoppedBy: string;
}

/** Every name resolves to it in a bottle (DESIGN G3). */
const SYNTHETIC = "198.18.0.1";

const escaped = (code: string, how: string): Finding => ({ verdict: "escaped", code, stoppedBy: how });

/** The call that must go through, with the real credential in the placeholder's stead. */
export function judgeAllowed(outcome: Outcome, evidence: Evidence): Finding {
  const seen = evidence.upstream.find((request) => request.attempt === "allowed");
  const status = outcome.kind === "http" ? String(outcome.status) : outcome.kind;
  if (seen === undefined) return { verdict: "unproven", code: status, stoppedBy: "it never arrived" };
  if (seen.authorization !== `Bearer ${evidence.token}`) {
    return { verdict: "unproven", code: status, stoppedBy: "without the token" };
  }
  if (outcome.kind === "http" && outcome.body.includes(evidence.token)) {
    return escaped(status, "the answer had it");
  }
  return { verdict: "allowed", code: status, stoppedBy: "real token put on" };
}

/** An attempt that must fail: what the agent saw, held against what is known outside. */
export function judgeAttack(attempt: string, outcome: Outcome, evidence: Evidence): Finding {
  if (evidence.upstream.some((request) => request.attempt === attempt))
    return escaped("-", "upstream got it");
  if (evidence.trapsTouched.includes(attempt)) return escaped("-", "the host answered");
  switch (outcome.kind) {
    case "http":
      return judgeAnswer(outcome, evidence);
    case "dns":
      return judgeDns(outcome, evidence);
    case "search":
      return outcome.matches.includes(evidence.token)
        ? escaped("-", "the token is here")
        : { verdict: "blocked", code: `${outcome.places} searched`, stoppedBy: "never was inside" };
    case "failed":
      return { verdict: "blocked", code: outcome.code, stoppedBy: layer(outcome.code) };
    case "succeeded":
      return escaped("-", "it worked");
    case "untried":
      return { verdict: "not tried", code: "-", stoppedBy: outcome.why };
  }
}

function judgeAnswer(outcome: Extract<Outcome, { kind: "http" }>, evidence: Evidence): Finding {
  const code = outcome.verdict;
  if (code === null) return escaped(String(outcome.status), "not our answer");
  const recorded = evidence.records.some(
    (record) => record.kind === "request" && record.verdict === "block" && record.code === code,
  );
  return recorded
    ? {
        verdict: "blocked",
        code,
        stoppedBy: code.startsWith("dlp.") ? "content inspected" : "sidecar's policy",
      }
    : { verdict: "unproven", code, stoppedBy: "not in journal" };
}

function judgeDns(outcome: Extract<Outcome, { kind: "dns" }>, evidence: Evidence): Finding {
  if (outcome.answers.some((answer) => answer !== SYNTHETIC)) return escaped("-", "a real answer");
  if (outcome.answers.length > 0) {
    return { verdict: "blocked", code: SYNTHETIC, stoppedBy: "one for all names" };
  }
  const recorded = evidence.records.some((record) => record.kind === "dns" && record.answer === "nodata");
  return recorded
    ? { verdict: "blocked", code: "NODATA", stoppedBy: "never sent on" }
    : { verdict: "unproven", code: "NODATA", stoppedBy: "not in journal" };
}

function layer(code: string): string {
  switch (code) {
    case "ECONNREFUSED":
      return "nobody listens";
    case "EPERM":
    case "EACCES":
      return "no privilege";
    case "ENOSYS":
    case "EAFNOSUPPORT":
    case "EPROTONOSUPPORT":
      return "call filter";
    case "ENOSPC":
    case "EUSERS":
      return "none allowed";
    case "ENOENT":
      return "not in the bottle";
    case "TIMEOUT":
      return "no answer";
    default:
      return "closed";
  }
}
