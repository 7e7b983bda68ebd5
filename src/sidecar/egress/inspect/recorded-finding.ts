import { printable } from "../../../base/printable.ts";
import type { Finding } from "../../../dlp/finding.ts";
import type { RecordedFinding } from "../../../journal/record.ts";

/** What was found as it stands in the journal: by its name and place, never with its value. */
export function recorded(
  { detector, name, encoding }: Finding,
  surface: string,
  action: RecordedFinding["action"],
): RecordedFinding {
  return { detector, name: printable(name, 100), surface, encoding, action };
}
