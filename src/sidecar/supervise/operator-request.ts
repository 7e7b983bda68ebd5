import { PROPOSAL_TEXT } from "./limits.ts";
import type { Proposal } from "./proposal.ts";
import type { Decided, ProposalStore } from "./proposals.ts";

/** What the operator asks of one bottle's proposals, over its control socket, its launcher and the sidecar's pipe. */
export type OperatorRequest =
  /** those that wait for a decision */
  | { readonly op: "list" }
  /** one, decided or not */
  | { readonly op: "show"; readonly id: string }
  /** `digest`: of the proposal as it was shown */
  | { readonly op: "approve"; readonly id: string; readonly digest: string }
  | { readonly op: "reject"; readonly id: string; readonly digest: string; readonly reason?: string };

/** `list`: the open proposals; `show`: one or none; a decision: the one it was about, as it now is. `why` is fit to print. */
export type OperatorAnswer =
  | { readonly ok: true; readonly proposals: readonly Proposal[] }
  | { readonly ok: false; readonly why: string };

/** Undefined: it is no such request. */
export function readOperatorRequest(value: unknown): OperatorRequest | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const { op, id, digest, reason }: Record<string, unknown> = { ...value };
  if (op === "list") return { op };
  if (op === "show") return isShort(id) ? { op, id } : undefined;
  if ((op !== "approve" && op !== "reject") || !isShort(id) || !isShort(digest)) return undefined;
  if (op === "approve") return reason === undefined ? { op, id, digest } : undefined;
  if (reason === undefined) return { op, id, digest };
  return isShort(reason) ? { op, id, digest, reason } : undefined;
}

function isShort(value: unknown): value is string {
  return typeof value === "string" && value.length <= PROPOSAL_TEXT;
}

export function answerOperator(store: ProposalStore, request: OperatorRequest): OperatorAnswer {
  switch (request.op) {
    case "list":
      return { ok: true, proposals: store.open() };
    case "show": {
      const proposal = store.find(request.id);
      return { ok: true, proposals: proposal ? [proposal] : [] };
    }
    case "approve":
      return decision(store.approve(request.id, request.digest));
    case "reject":
      return decision(store.reject(request.id, request.digest, request.reason));
  }
}

function decision(decided: Decided): OperatorAnswer {
  return "proposal" in decided
    ? { ok: true, proposals: [decided.proposal] }
    : { ok: false, why: decided.refused };
}
