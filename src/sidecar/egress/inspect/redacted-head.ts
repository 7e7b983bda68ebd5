import type { Finding } from "../../../dlp/finding.ts";
import { coveredBy } from "../../../dlp/finding.ts";
import type { HeaderList } from "../../../policy/facts.ts";
import type { HeadText } from "./head-text.ts";
import { ESCAPE_CHARS, escapeEnd, escapeStart, type LabelForm, redactedLabel } from "./label.ts";

/** A target and fields, or trailers, whose target is empty. */
export interface HeadValues {
  readonly target: string;
  readonly fields: HeaderList;
}

/**
 * A head in which labels stand where `findings` were. Undefined: one is in the method, the host or a field's name, or
 * goes over more than one of these values.
 */
export function redactedHead(
  head: HeadText,
  { target, fields }: HeadValues,
  findings: readonly Finding[],
): HeadValues | undefined {
  let redactedTarget = target;
  const redacted = [...fields];
  // From the end, so that what stands before keeps its place.
  for (const { name, start, end } of coveredBy(findings).toReversed()) {
    const place = head.place(start, end);
    if (place === undefined) return undefined;
    const { index, from, to } = place;
    if (index === "target") redactedTarget = cut(redactedTarget, from, to, name, "target");
    else {
      const form = (fields[index - 1] ?? "").toLowerCase() === "cookie" ? "cookie" : "text";
      redacted[index] = cut(redacted[index] ?? "", from, to, name, form);
    }
  }
  return { target: redactedTarget, fields: redacted };
}

function cut(text: string, from: number, to: number, name: string, form: LabelForm): string {
  const before = text.slice(Math.max(0, from - ESCAPE_CHARS), from);
  const start = escapeStart(before, from, form);
  const end = form === "target" ? escapeEnd(text.slice(start, to), text.slice(to), to) : to;
  return text.slice(0, start) + redactedLabel(name, form, end - start) + text.slice(end);
}
