import { printable } from "../../../base/printable.ts";
import { MASKED_CHARS } from "../../../dlp/known/limits.ts";
import type { Detectors } from "../../../dlp/scanner.ts";
import type { HeaderList } from "../../../policy/facts.ts";
import { replacedText } from "../replace.ts";
import type { AnswerSink } from "./inspection.ts";

const NAME_CHARS = 100;

/** Who hears what was masked. */
type Hearer = Pick<AnswerSink, "found">;

/** Fields of an answer, the sidecar's credentials in them replaced by their names; the same list where there are none. */
export function maskFields(
  fields: HeaderList,
  detectors: Detectors,
  hearer: Hearer,
  kind: "header" | "trailer" = "header",
): HeaderList {
  if (!detectors.masks || fields.length === 0) return fields;
  // One text, one search: a line feed stands in no field.
  if (detectors.maskFindings(Buffer.from(fields.join("\n"), "latin1")).length === 0) return fields;
  const sent: string[] = [];
  for (let i = 0; i < fields.length; i += 2) {
    const [name = "", value = ""] = [fields[i], fields[i + 1]];
    const masked = masking(name, detectors, hearer, `response ${kind} name`);
    const sentName = masked === name ? name : "x-masked";
    const surface = `response ${kind} ${printable(sentName.toLowerCase(), NAME_CHARS)}`;
    sent.push(sentName, masking(value, detectors, hearer, surface));
  }
  return sent;
}

/** A reason phrase likewise. `OK` is shorter than any credential. */
export function maskedReason(reason: string, detectors: Detectors, hearer: Hearer): string {
  if (reason.length < MASKED_CHARS) return reason;
  return masking(reason, detectors, hearer, "response reason");
}

function masking(text: string, detectors: Detectors, hearer: Hearer, surface: string): string {
  const findings = detectors.maskFindings(Buffer.from(text, "latin1"));
  if (findings.length === 0) return text;
  for (const { name, encoding } of findings)
    hearer.found({ detector: "response_mask", name, surface, encoding, action: "mask" });
  return replacedText(text, findings, "masked");
}
