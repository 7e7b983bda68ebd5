import { printable } from "../../../base/printable.ts";
import { refuse } from "../../../policy/verdict.ts";
import type { ProposalStore } from "../../supervise/proposals.ts";
import { HOLD_MS } from "../limits.ts";
import type { Repo } from "../repo.ts";
import type { PushRequest } from "../wire/push-request.ts";
import type { Inspected } from "./inspector.ts";
import { describeFinding, heldReason, judgeFindings, shown } from "./judge.ts";
import { type Outcome, refused } from "./outcome.ts";
import type { PushOutput } from "./output.ts";

/** Refuses a push for what was found in it, or has it wait for the operator. */
export class PushJudge {
  readonly #proposals: ProposalStore | undefined;

  /** `proposals`: undefined: nobody can be asked */
  constructor(proposals: ProposalStore | undefined) {
    this.#proposals = proposals;
  }

  /** No outcome: it may go on, `approved` by the proposal of that id if it needed one. */
  async judge(
    repo: Repo,
    request: PushRequest,
    { findings, heldPaths }: Inspected,
    output: PushOutput,
    gone: AbortSignal,
  ): Promise<{ readonly outcome?: Outcome; readonly approved?: string }> {
    const judged = judgeFindings(findings);
    if (judged.code !== undefined) {
      output.say(
        "bot-bottle: the push was not forwarded; in it:",
        ...shown(judged.refused.map(describeFinding)),
      );
      const detail =
        "What is listed above would leave: take it out of every commit that is pushed (git rebase, git commit --amend), and push again.";
      return { outcome: refused(refuse(judged.code, detail, repo.rule), request) };
    }
    const reasons = [
      ...heldPaths.map(({ path, commit }) => ({
        code: "git.held" as const,
        text: `${printable(path, 200)} (commit ${commit.slice(0, 12)})`,
      })),
      ...judged.held.map(heldReason),
    ];
    if (reasons.length === 0) return {};
    return await this.#hold(
      repo,
      request,
      reasons,
      judged.held.length > 0 ? "gitleaks-allow" : "push",
      output,
      gone,
    );
  }

  async #hold(
    repo: Repo,
    request: PushRequest,
    held: Parameters<ProposalStore["file"]>[1]["held"],
    kind: Parameters<ProposalStore["file"]>[0],
    output: PushOutput,
    gone: AbortSignal,
  ): Promise<{ readonly outcome?: Outcome; readonly approved?: string }> {
    const proposals = this.#proposals;
    const { updates, options } = request;
    const ask = { repo: repo.plan.name, upstream: repo.plan.url, updates, options, held };
    const taken = proposals?.take(ask);
    if (taken) {
      output.say(`bot-bottle: the operator has approved this push (${taken.id})`);
      return { approved: taken.id };
    }
    output.say("bot-bottle: this push waits for the operator, for:", ...shown(held.map(({ text }) => text)));
    if (proposals === undefined) {
      const detail = "It needs the operator, and this bottle's manifest says supervise: false.";
      return { outcome: refused(refuse("git.held", detail, repo.rule), request) };
    }
    const filed = proposals.file(kind, ask);
    if ("refused" in filed) {
      const { retryable } = filed;
      return { outcome: refused(refuse("git.held", `${filed.refused}.`, repo.rule, { retryable }), request) };
    }
    const { id } = filed.proposal;
    if (filed.proposal.state === "pending")
      output.say(`bot-bottle: asked as ${id}; waiting up to ${HOLD_MS / 1000} s`);
    await proposals.wait(id, HOLD_MS, gone);
    const used = proposals.take(ask);
    if (used) return { approved: used.id };
    const state = proposals.find(id);
    const detail =
      state?.state === "rejected"
        ? `The operator rejected it${state.reason === undefined ? "" : `: ${printable(state.reason, 300)}`}.`
        : `Pending as ${id}: push again after approval.`;
    const needed = `the operator's: bot-bottle supervise approve ${id}`;
    const refusal = refuse("git.held", detail, repo.rule, { needed, retryable: state?.state === "pending" });
    return { outcome: { ...refused(refusal, request), hold: true, id } };
  }

  /** The upstream took nothing: the approval holds for another try. */
  giveBack(approved: string | undefined): void {
    if (approved !== undefined) this.#proposals?.giveBack(approved);
  }
}
