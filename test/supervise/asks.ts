import { printable } from "../../src/base/printable.ts";
import type { ProposalEvent } from "../../src/journal/record.ts";
import { PROPOSAL_CHARS, PROPOSAL_REF_BYTES, PROPOSAL_TEXT } from "../../src/sidecar/supervise/limits.ts";
import type { Proposal, PushAsk } from "../../src/sidecar/supervise/proposal.ts";
import { type Filed, ProposalStore } from "../../src/sidecar/supervise/proposals.ts";

/** A push that touches a workflow; `n` tells one from another. */
export function ask(n = 1, fields: Partial<PushAsk> = {}): PushAsk {
  return {
    repo: "widgets",
    upstream: "ssh://git@forge.example.com/team/widgets.git",
    updates: [
      { ref: "refs/heads/main", old: "a".repeat(40), new: n.toString(16).padStart(40, "0") },
      { ref: "refs/heads/two", old: "0".repeat(40), new: "b".repeat(40) },
    ],
    options: [],
    held: [{ code: "git.held", text: ".github/workflows/ci.yml" }],
    ...fields,
  };
}

/** A store whose clock the test sets, and what it told the journal. */
export function storeWithClock() {
  const clock = { now: 1_000_000 };
  const events: ProposalEvent[] = [];
  const store = new ProposalStore({ now: () => clock.now, onEvent: (event) => events.push(event) });
  return { clock, events, store };
}

/** As much as one push can ask for, in the texts that take the most room. */
export function fullAsk(n: number): PushAsk {
  const updates = Array.from({ length: 4 }, (_, at) => {
    const ref = `refs/heads/${n}-${at}/`;
    return {
      ref: ref + "\u001b".repeat(PROPOSAL_REF_BYTES - ref.length),
      old: "0".repeat(64),
      new: "1".repeat(64),
    };
  });
  const held = Array.from(
    { length: 25 },
    () => ({ code: "dlp.token_pattern", text: "\u001b".repeat(PROPOSAL_TEXT) }) as const,
  );
  const push = ask(n, { updates, held });
  const reasons = held.map(({ code, text }) => ({ code, text: printable(text, PROPOSAL_TEXT) }));
  const left = PROPOSAL_CHARS - 2 - JSON.stringify({ ...push, held: reasons }).length;
  return { ...push, options: ["x".repeat(left)] };
}

export function filed(answer: Filed | undefined): Proposal {
  if (answer === undefined) throw new Error("no answer");
  if ("proposal" in answer) return answer.proposal;
  throw new Error(answer.refused);
}
