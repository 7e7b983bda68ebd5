import { CODES, type Code } from "../policy/verdict.ts";
import type { OperatorAnswer } from "../sidecar/supervise/operator-request.ts";
import type { Proposal, PushAsk } from "../sidecar/supervise/proposal.ts";

/** What a launcher answered about proposals: a launcher may be of another version. Undefined: it can't be read. */
export function readOperatorAnswer(value: unknown): OperatorAnswer | undefined {
  if (!isObject(value)) return undefined;
  const { ok, why, proposals } = value;
  if (ok === false && typeof why === "string") return { ok, why };
  return ok === true && Array.isArray(proposals) && proposals.every(isProposal)
    ? { ok, proposals }
    : undefined;
}

const KINDS = new Set<unknown>(["push", "gitleaks-allow"] satisfies Proposal["kind"][]);
const STATES = new Set<unknown>([
  "pending",
  "approved",
  "rejected",
  "used",
  "expired",
] satisfies Proposal["state"][]);

function isProposal(value: unknown): value is Proposal {
  if (!isObject(value)) return false;
  return (
    hasTexts(value, ["id", "digest"]) &&
    KINDS.has(value.kind) &&
    STATES.has(value.state) &&
    isTime(value.createdAt) &&
    (value.reason === undefined || typeof value.reason === "string") &&
    isPush(value.push)
  );
}

/** Milliseconds that a `Date` can hold (ECMA-262, "Time Values and Time Range"). */
function isTime(value: unknown): boolean {
  return typeof value === "number" && Math.abs(value) <= 8.64e15;
}

function isPush(value: unknown): value is PushAsk {
  if (!isObject(value) || !hasTexts(value, ["repo", "upstream"])) return false;
  const { updates, options, held } = value;
  return (
    Array.isArray(updates) &&
    updates.every((update) => isObject(update) && hasTexts(update, ["ref", "old", "new"])) &&
    Array.isArray(options) &&
    options.every((option) => typeof option === "string") &&
    Array.isArray(held) &&
    held.every((reason) => isObject(reason) && isCode(reason.code) && hasTexts(reason, ["text"]))
  );
}

function isCode(value: unknown): value is Code {
  return typeof value === "string" && Object.hasOwn(CODES, value);
}

function hasTexts(value: Readonly<Record<string, unknown>>, names: readonly string[]): boolean {
  return names.every((name) => typeof value[name] === "string");
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}
