import { printable } from "../../../base/printable.ts";
import type { Code } from "../../../policy/verdict.ts";
import type { HeldReason } from "../../supervise/proposal.ts";
import { SHOWN_COUNT } from "../limits.ts";
import type { LocatedFinding } from "../scan/locate.ts";

/** What the findings of a push come to. */
export interface Judgement {
  /** the code of the refusal; undefined: none of them refuses */
  readonly code: Code | undefined;
  /** those that refuse */
  readonly refused: readonly LocatedFinding[];
  /** those that wait for the operator */
  readonly held: readonly LocatedFinding[];
}

/** In this order the first that was found names the refusal. */
const CODES: readonly (readonly [detector: string, code: Code])[] = [
  ["canary", "dlp.canary"],
  ["known_secrets", "dlp.known_secret"],
  ["token_patterns", "dlp.token_pattern"],
  ["gitleaks", "dlp.token_pattern"],
  ["too_large", "dlp.body_too_large"],
  ["unreadable", "dlp.body_unreadable"],
];

/**
 * A finding refuses, but for two that the operator may let pass: what a `gitleaks:allow` stands beside, and files that
 * can't be looked into (an encrypted archive). A secret the sidecar knows is never one of them.
 */
export function judgeFindings(findings: readonly LocatedFinding[]): Judgement {
  const held = findings.filter(mayPass);
  const refused = findings.filter((finding) => !mayPass(finding));
  const code = CODES.find(([detector]) => refused.some((finding) => finding.detector === detector))?.[1];
  return { code: refused.length === 0 ? undefined : (code ?? "dlp.token_pattern"), refused, held };
}

/** Whether the operator may let it pass. */
export function mayPass({ detector, allowComment }: LocatedFinding): boolean {
  if (detector === "unreadable" || detector === "too_large") return true;
  return allowComment && (detector === "token_patterns" || detector === "gitleaks");
}

export function heldReason(finding: LocatedFinding): HeldReason {
  const code = CODES.find(([detector]) => detector === finding.detector)?.[1] ?? "dlp.token_pattern";
  return { code, text: describeFinding(finding) };
}

/** `commit 1a2b3c4d5e6f src/config.ts:12: github-pat in blob: token = [github-pat]` */
export function describeFinding(finding: LocatedFinding): string {
  const { commit, path, oid, line, surface, rule, encoding, snippet, allowComment } = finding;
  const where = [
    commit === undefined ? undefined : `commit ${commit.slice(0, 12)}`,
    path === undefined
      ? oid === undefined || oid === commit
        ? undefined
        : `${/^tag/.test(surface) ? "tag" : "object"} ${oid.slice(0, 12)}`
      : `${printable(path, 200)}${line === undefined ? "" : `:${line}`}`,
  ].filter((part) => part !== undefined);
  const how = encoding === "raw" || encoding === "" ? "" : ` (${encoding})`;
  const allowed = allowComment ? ", beside gitleaks:allow" : "";
  return `${where.length === 0 ? "" : `${where.join(" ")}: `}${printable(rule, 100)} in ${printable(surface, 100)}${how}${allowed}${snippet === "" ? "" : `: ${snippet}`}`;
}

/** The first few, and how many more there are. */
export function shown(lines: readonly string[]): readonly string[] {
  const first = lines.slice(0, SHOWN_COUNT).map((line) => `  ${line}`);
  return lines.length > SHOWN_COUNT ? [...first, `  and ${lines.length - SHOWN_COUNT} more`] : first;
}
