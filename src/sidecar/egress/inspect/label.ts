import { coveredBy, type Finding } from "../../../dlp/finding.ts";
import { REDACTION_COUNT } from "./limits.ts";
import type { MediaType } from "./media-type.ts";

/**
 * How the label of what was taken out is written where it stands: as it is; as a value of a form; percent-encoded, in a
 * request target; without a space, in a cookie; or in as many bytes as were cut out, where something counts them.
 */
export type LabelForm = "text" | "form" | "target" | "cookie" | "fixed";

/** In a text of a type; what isn't known to be text may count its bytes. */
export function labelForm(type: MediaType | undefined): LabelForm {
  if (type?.type === "application/x-www-form-urlencoded") return "form";
  return type !== undefined && TEXT.test(type.type) ? "text" : "fixed";
}

const TEXT =
  /^(?:text\/.*|application\/(?:json|x-ndjson|jsonl|xml|yaml|javascript|graphql)|.*\+(?:json|xml))$/;

/** `[redacted NAME]`, latin1. `length`: bytes that were cut out. No quote, backslash or control character is in it. */
export function redactedLabel(name: string, form: LabelForm, length: number): string {
  const safe = name.replace(/[^A-Za-z0-9_.-]/g, "_");
  switch (form) {
    case "text":
      return `[redacted ${safe}]`;
    case "form":
      return `%5Bredacted+${safe}%5D`;
    case "target":
      return `%5Bredacted%20${safe}%5D`;
    case "cookie":
      return `[redacted_${safe}]`;
    case "fixed":
      return `[redacted ${safe}]`.slice(0, length).padEnd(length, "*");
  }
}

/**
 * Where an escape begins in which `at` stands, so that no half of one is left over: a backslash escape of JSON, a percent
 * escape; `at` where there is none. `before`: the text that stands before `at`.
 */
export function escapeStart(before: string, at: number, form: LabelForm): number {
  const begun = form === "form" || form === "target" ? PERCENT : BACKSLASH;
  return at - (begun.exec(before)?.[0].length ?? 0);
}

/** Where the percent escape ends in which `at` stands; `at` where there is none. `around`: from 2 before `at` to 2 behind. */
export function escapeEnd(before: string, after: string, at: number): number {
  const begun = PERCENT.exec(before)?.[0];
  if (begun === undefined) return at;
  const rest = 3 - begun.length;
  return /^[0-9A-Fa-f]*$/.test(after.slice(0, rest)) ? at + Math.min(rest, after.length) : at;
}

/** Characters before a place that say whether it stands in an escape. */
export const ESCAPE_CHARS = 64;

// of an odd number of backslashes the last one escapes
const BACKSLASH = /(?<=(?:^|[^\\])(?:\\\\)*)\\(?:u[0-9A-Fa-f]{0,3})?$/;
const PERCENT = /%[0-9A-Fa-f]?$/;

/**
 * A whole text with everything taken out that is found in it, searched again. Undefined: nothing is found; without
 * `text`: it can't be taken out.
 */
export function redactedText(
  text: Buffer,
  form: LabelForm,
  search: (text: Buffer) => readonly Finding[],
): { readonly finding: Finding; readonly text: Buffer | undefined } | undefined {
  const findings = search(text);
  const [finding] = findings;
  if (finding === undefined) return undefined;
  const fixed = findings.find(({ replaceable, detector }) => !replaceable || detector === "canary");
  if (fixed) return { finding: fixed, text: undefined };
  if (findings.length > REDACTION_COUNT) return { finding, text: undefined };
  const parts: Buffer[] = [];
  let at = 0;
  for (const { name, start, end } of coveredBy(findings)) {
    const before = text.toString("latin1", Math.max(at, start - ESCAPE_CHARS), start);
    const from = Math.max(at, escapeStart(before, start, form));
    parts.push(text.subarray(at, from), Buffer.from(redactedLabel(name, form, end - from), "latin1"));
    at = end;
  }
  parts.push(text.subarray(at));
  const redacted = Buffer.concat(parts);
  const [left] = search(redacted);
  return left === undefined ? { finding, text: redacted } : { finding: left, text: undefined };
}
