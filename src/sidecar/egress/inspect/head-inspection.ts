import type { Finding } from "../../../dlp/finding.ts";
import { HeadText } from "./head-text.ts";
import type { Inspector, RouteRules } from "./inspector.ts";
import { headIntegrity } from "./integrity.ts";
import { REDACTION_ROUNDS } from "./limits.ts";
import { type HeadValues, redactedHead } from "./redacted-head.ts";

/** Something that was found, and where: `target`, `header NAME`, `body`, … */
export interface Found {
  readonly finding: Finding;
  readonly surface: string;
}

/** What came of a head in which something was found. */
export type HeadOutcome =
  | { readonly kind: "redacted"; readonly values: HeadValues; readonly found: readonly Found[] }
  /** `why`: a sentence, where it was to be taken out and could not */
  | { readonly kind: "refused"; readonly found: Found; readonly why?: string };

/**
 * Reads a request's head, or its trailers (`lead` absent, `target` empty). What is found is taken out where the route
 * says so, and what is left is read again. Undefined: nothing was found.
 */
export function inspectHead(
  { detectors }: Inspector,
  { settings, inspection }: RouteRules,
  lead: { readonly method: string; readonly host: string } | undefined,
  values: HeadValues,
): HeadOutcome | undefined {
  let found: Found[] | undefined;
  let sent = values;
  for (let round = 0; ; round++) {
    const { target, fields } = sent;
    const head = new HeadText(
      lead ? [lead.method, lead.host, target] : [],
      fields,
      lead ? "header" : "trailer",
    );
    const findings = detectors.scanText(Buffer.from(head.text, "latin1"), settings);
    const [first] = findings;
    if (first === undefined) return found && { kind: "redacted", values: sent, found };
    const at = (finding: Finding): Found => ({ finding, surface: head.surface(finding) });
    const fixed = findings.find(({ replaceable, detector }) => !replaceable || detector === "canary");
    if (inspection.onMatch !== "redact" || fixed) return { kind: "refused", found: at(fixed ?? first) };
    const signature = headIntegrity(values.target, values.fields);
    if (signature !== undefined) {
      const why = `It can't be taken out: the ${signature} is a signature, which would no longer hold.`;
      return { kind: "refused", found: at(first), why };
    }
    const redacted = round === REDACTION_ROUNDS ? undefined : redactedHead(head, sent, findings);
    if (redacted === undefined)
      return { kind: "refused", found: at(first), why: "It can't be taken out there." };
    sent = redacted;
    found ??= [];
    found.push(...findings.map(at));
  }
}

/** What is only reported of a head or of trailers. */
export function headWarnings(
  { detectors }: Inspector,
  { settings }: RouteRules,
  { target, fields }: HeadValues,
): readonly Found[] {
  const head = new HeadText(["", "", target], fields, target === "" ? "trailer" : "header");
  return detectors
    .warnings(Buffer.from(head.text, "latin1"), settings)
    .map((finding) => ({ finding, surface: head.surface(finding) }));
}
