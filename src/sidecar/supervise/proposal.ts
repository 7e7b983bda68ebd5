import { hash } from "node:crypto";
import type { RefUpdate } from "../../policy/git/push-rules.ts";
import type { Code } from "../../policy/verdict.ts";

/** `push`: paths or refs are held; `gitleaks-allow`: findings on lines that say `gitleaks:allow`. */
export type ProposalKind = "push" | "gitleaks-allow";

/** Only a pending one waits for the operator; only an approved one can be used, and then it is. */
export type ProposalState = "pending" | "approved" | "rejected" | "used" | "expired";

/** Why a push waits: one path, one finding. `text` never holds a secret's value. */
export interface HeldReason {
  readonly code: Code;
  readonly text: string;
}

/** A push as it is asked for. The new ids stand for all that would be pushed. */
export interface PushAsk {
  readonly repo: string;
  readonly upstream: string;
  readonly updates: readonly RefUpdate[];
  /** push options, which can make an upstream do much (merge, skip its checks) */
  readonly options: readonly string[];
  readonly held: readonly HeldReason[];
}

/** `p` and eight letters and digits. */
export const PROPOSAL_ID = /^p[0-9a-z]{8}$/;

/** JSON. Every text in it but names of refs and push options is printable. */
export interface Proposal {
  readonly id: string;
  readonly kind: ProposalKind;
  /** milliseconds since 1970 */
  readonly createdAt: number;
  readonly state: ProposalState;
  /** the operator's, of a rejection */
  readonly reason?: string;
  readonly push: PushAsk;
  /** names all of the above but the state and the reason: a decision is about exactly what was shown */
  readonly digest: string;
}

/** SHA-256, hex, of what is shown of a proposal. */
export function proposalDigest(shown: Pick<Proposal, "id" | "kind" | "createdAt" | "push">): string {
  const { id, kind, createdAt, push } = shown;
  const reasons = push.held.map(({ code, text }) => [code, text]);
  return hash(
    "sha256",
    JSON.stringify([id, kind, createdAt, push.repo, push.upstream, refsOf(push), push.options, reasons]),
  );
}

/** The same for two pushes of the same refs from the same to the same objects, with the same options, to the same repository. */
export function pushKey(push: PushAsk): string {
  const refs = refsOf(push)
    .map((ref) => JSON.stringify(ref))
    .sort();
  return JSON.stringify([push.repo, push.upstream, refs, push.options]);
}

function refsOf({ updates }: PushAsk): string[][] {
  return updates.map((update) => [update.ref, update.old, update.new]);
}

/** Whether everything `push` is held for was among what `shown` was held for. */
export function coversHeld(shown: PushAsk, push: PushAsk): boolean {
  const granted = new Set(shown.held.map(reasonKey));
  return push.held.every((reason) => granted.has(reasonKey(reason)));
}

function reasonKey({ code, text }: HeldReason): string {
  return `${code} ${text}`;
}
