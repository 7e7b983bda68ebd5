import { printable } from "../../../base/printable.ts";
import type { GitEvent, RecordedGitFinding } from "../../../journal/record.ts";
import type { RefUpdate } from "../../../policy/git/push-rules.ts";
import { SHOWN_COUNT } from "../limits.ts";
import type { LocatedFinding } from "../scan/locate.ts";
import { mayPass } from "./judge.ts";

/** The first refs of a push for the journal, and how many more there are. */
export function recordedRefs(
  updates: readonly RefUpdate[],
  redacted: (text: string) => string,
): Pick<GitEvent, "refs" | "refs_left_out"> {
  const refs = updates
    .slice(0, SHOWN_COUNT)
    .map(({ ref, old, new: id }) => ({ ref: printable(redacted(ref), 300), old, new: id }));
  const more = updates.length - refs.length;
  return more > 0 ? { refs, refs_left_out: more } : { refs };
}

export function recordedFindings(
  findings: readonly LocatedFinding[],
): Pick<GitEvent, "findings" | "findings_left_out"> {
  if (findings.length === 0) return {};
  const recorded = findings.slice(0, SHOWN_COUNT).map(
    (finding): RecordedGitFinding => ({
      detector: finding.detector,
      name: printable(finding.rule, 100),
      surface: printable(finding.surface, 100),
      ...(finding.oid !== undefined && { oid: finding.oid }),
      ...(finding.path !== undefined && { path: printable(finding.path, 300) }),
      ...(finding.line !== undefined && { line: finding.line }),
      ...(finding.encoding !== "raw" && { encoding: finding.encoding }),
      action: mayPass(finding) ? "hold" : "block",
    }),
  );
  const more = findings.length - recorded.length;
  return more > 0 ? { findings: recorded, findings_left_out: more } : { findings: recorded };
}
