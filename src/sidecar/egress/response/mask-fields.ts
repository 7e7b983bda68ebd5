import { MASKED_CHARS } from "../../../dlp/known/limits.ts";
import type { Detectors } from "../../../dlp/scanner.ts";
import type { HeaderList } from "../../../policy/facts.ts";
import { replacedText } from "../replace.ts";

/** Fields of an answer, the sidecar's credentials in them replaced by their names; the same list where there are none. */
export function maskFields(fields: HeaderList, detectors: Detectors): HeaderList {
  if (!detectors.masks || fields.length === 0) return fields;
  // One text, one search: a line feed stands in no field.
  if (detectors.maskFindings(Buffer.from(fields.join("\n"), "latin1")).length === 0) return fields;
  return fields.map((text, i) => {
    const findings = detectors.maskFindings(Buffer.from(text, "latin1"));
    if (findings.length === 0) return text;
    return i % 2 === 0 ? "x-masked" : replacedText(text, findings, "masked");
  });
}

/** A reason phrase likewise. `OK` is shorter than any credential. */
export function maskedReason(reason: string, detectors: Detectors): string {
  if (reason.length < MASKED_CHARS) return reason;
  const [, masked = ""] = maskFields(["reason", reason], detectors);
  return masked;
}
