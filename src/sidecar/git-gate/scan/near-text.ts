import { printable } from "../../../base/printable.ts";
import { coveredBy, type Finding, isUnsearched } from "../../../dlp/finding.ts";
import { NEAR_BYTES, SNIPPET_CHARS } from "./limits.ts";

const LINE_FEED = 10;
const ALLOW = "gitleaks:allow";
/** Characters before and behind what was found that are shown. */
const BEFORE_CHARS = 60;
const AFTER_CHARS = 30;
/** What may be more of a value that was found: its letters, digits, and the signs of base64; of a known one, which can be found by a piece of it, anything. */
const VALUE = /[\w+/~-]/;
const KNOWN_VALUE = /\S/;

/** What stands around a finding. */
export interface NearText {
  /** without any of what was found, printable; empty where that isn't certain */
  readonly snippet: string;
  readonly allowComment: boolean;
  /** latin1, at most `NEAR_BYTES` before and behind it */
  readonly line: string;
}

/** `text` with a label where each finding is, latin1. */
export function withLabels(
  text: string,
  findings: readonly Pick<Finding, "name" | "start" | "end">[],
): string {
  const parts: string[] = [];
  let at = 0;
  for (const { name, start, end } of findings) {
    parts.push(text.slice(at, Math.max(at, start)), `[${name}]`);
    at = end;
  }
  return parts.join("") + text.slice(at);
}

/**
 * Around one of the `findings` of a text, all of them in bytes of `text`. `isClean`: whether nothing is found in a text.
 */
export function nearText(
  text: Buffer,
  finding: Finding,
  findings: readonly Finding[],
  isClean: (text: Buffer) => boolean,
): NearText {
  if (isUnsearched(finding)) return { snippet: "", allowComment: false, line: "" };
  const lineStart = text.subarray(0, finding.start).lastIndexOf(LINE_FEED) + 1;
  const lineFeed = text.indexOf(LINE_FEED, Math.max(finding.start, finding.end - 1));
  const lineEnd = lineFeed < 0 ? text.length : lineFeed;
  const from = Math.max(lineStart, finding.start - NEAR_BYTES);
  const to = Math.min(lineEnd, finding.end + NEAR_BYTES);
  const first = text.toString("latin1", from, Math.min(to, finding.start + NEAR_BYTES));
  const last = text.toString("latin1", Math.max(from, finding.end - NEAR_BYTES), to);
  const allowComment = first.includes(ALLOW) || last.includes(ALLOW);
  return { snippet: snippetOf(text, finding, findings, from, to, isClean), allowComment, line: first };
}

function snippetOf(
  text: Buffer,
  finding: Finding,
  findings: readonly Finding[],
  from: number,
  to: number,
  isClean: (text: Buffer) => boolean,
): string {
  const label = `[${finding.name}]`;
  if (!finding.replaceable) return label;
  const shownFrom = Math.max(from, finding.start - BEFORE_CHARS);
  const shownTo = Math.min(to, finding.end + AFTER_CHARS);
  const near = findings.filter(
    (other) => !isUnsearched(other) && other.end > shownFrom && other.start < shownTo,
  );
  const covered = coveredBy(near.map((other) => wholeValue(text, other, from, to))).map(
    ({ name, start, end }) => ({
      name,
      start: Math.max(0, start - shownFrom),
      end: end - shownFrom,
    }),
  );
  const shown = withLabels(text.toString("latin1", shownFrom, shownTo), covered).trim();
  const bytes = Buffer.from(shown, "latin1");
  if (bytes.includes(0) || !isClean(bytes)) return label;
  return printable(bytes.toString("utf8"), SNIPPET_CHARS);
}

/** With all that may be more of the same value. */
function wholeValue(text: Buffer, finding: Finding, from: number, to: number): Finding {
  let { start, end } = finding;
  const value = finding.detector === "token_patterns" ? VALUE : KNOWN_VALUE;
  while (start > from && value.test(String.fromCharCode(text[start - 1] ?? 0))) start--;
  while (end < to && value.test(String.fromCharCode(text[end] ?? 0))) end++;
  return { ...finding, start, end };
}
