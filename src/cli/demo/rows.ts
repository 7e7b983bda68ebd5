import { ATTEMPTS } from "./attempts.ts";
import { type Evidence, type Finding, judgeAllowed, judgeAttack } from "./judge.ts";
import type { Outcome, Report } from "./outcome.ts";

export interface Row {
  readonly title: string;
  readonly finding: Finding;
}

/** The agent said nothing of an attempt: it can't be called blocked. */
const SILENT: Finding = { verdict: "unproven", code: "-", stoppedBy: "the agent is mute" };

/** One row an attempt, the allowed call first. */
export function rowsOf(reports: readonly Report[], evidence: Evidence): Row[] {
  const outcomes = new Map(reports.map((report): [string, Outcome] => [report.attempt, report.outcome]));
  const row = (id: string, title: string, judge: (outcome: Outcome) => Finding): Row => {
    const outcome = outcomes.get(id);
    return { title, finding: outcome === undefined ? SILENT : judge(outcome) };
  };
  return [
    row("allowed", "the call it may make", (outcome) => judgeAllowed(outcome, evidence)),
    ...ATTEMPTS.map(({ id, title }) => row(id, title, (outcome) => judgeAttack(id, outcome, evidence))),
  ];
}
