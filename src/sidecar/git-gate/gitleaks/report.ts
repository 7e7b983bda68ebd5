import { printable } from "../../../base/printable.ts";

/** One entry of gitleaks' report, of those fields that are used. */
export interface Reported {
  readonly rule: string;
  /** 1-based, of the whole text that it was given */
  readonly startLine: number;
  readonly endLine: number;
  /** how the secret was spelled, outermost first; `raw` when as it is */
  readonly encoding: string;
  /** printable; the name it is assigned to at most, never a part of the value */
  readonly snippet: string;
}

/** What gitleaks writes in the place of a secret (`--redact`). */
const REDACTED = "REDACTED";
/**
 * A name and what assigns: all of a match that is shown, since any other part of it may be of a secret. Without digits,
 * as hardly a token is.
 */
const ASSIGNED = /(?:^|[\s,{(])(["']?[A-Za-z_][A-Za-z_.-]{0,39}["']?\s{0,3}(?::=|=>|[:=])\s{0,3}["'`]?)$/;

/** Reads the JSON that gitleaks was told to write (`--report-format json --redact`). Undefined: it isn't that. */
export function readReport(json: string): readonly Reported[] | undefined {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    return undefined;
  }
  if (!Array.isArray(value)) return undefined;
  const entries = value.map(readEntry);
  return entries.every((entry) => entry !== undefined) ? entries : undefined;
}

function readEntry(value: unknown): Reported | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const field = (name: string): unknown => Reflect.get(value, name);
  const [rule, match, tags] = [field("RuleID"), field("Match"), field("Tags")];
  const [startLine, endLine] = [field("StartLine"), field("EndLine")];
  if (typeof rule !== "string" || typeof match !== "string") return undefined;
  if (!isLine(startLine) || !isLine(endLine) || endLine < startLine) return undefined;
  const name = printable(rule, 120);
  return { rule: name, startLine, endLine, encoding: encodingOf(tags), snippet: snippetOf(match, name) };
}

function isLine(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 1;
}

/** Tags that decoding adds: `decoded:base64`, `decode-depth:1`. */
function encodingOf(tags: unknown): string {
  const texts = Array.isArray(tags) ? tags.filter((tag) => typeof tag === "string") : [];
  const decoded = texts.flatMap((tag) => /^decoded:([a-z0-9_-]{1,20})$/.exec(tag)?.[1] ?? []);
  return decoded.length === 0 ? "raw" : decoded.slice(0, 5).join(" > ");
}

function snippetOf(match: string, rule: string): string {
  const before = match.slice(0, Math.max(0, match.indexOf(REDACTED)));
  return printable(`${ASSIGNED.exec(before.slice(-100))?.[1] ?? ""}[${rule}]`, 300);
}
