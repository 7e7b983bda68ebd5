import { Fault, usageFault } from "../base/fault.ts";
import { printable } from "../base/printable.ts";
import type { OperatorRequest } from "../sidecar/supervise/operator-request.ts";
import { PROPOSAL_ID, type Proposal } from "../sidecar/supervise/proposal.ts";
import { askProposals } from "./control.ts";
import { phaseOf } from "./list.ts";
import { controlSocket, type HomePaths } from "./paths.ts";
import { readMetadata, stateIds } from "./state.ts";

/** A proposal and the running bottle whose agent made it. */
export interface BottleProposal {
  readonly bottle: string;
  readonly proposal: Proposal;
}

export interface Inbox {
  /** what waits for the operator, oldest first */
  readonly open: readonly BottleProposal[];
  /** running bottles that can't be asked, with the reason */
  readonly silent: readonly { readonly bottle: string; readonly why: string }[];
}

/** What waits in all running bottles. */
export async function readInbox(home: HomePaths): Promise<Inbox> {
  const { found, silent } = await askAll(home, { op: "list" });
  return { open: found.sort((a, b) => a.proposal.createdAt - b.proposal.createdAt), silent };
}

/**
 * Approves or rejects what the proposal `id` asks for, whichever running bottle's it is, and gives it as it then is.
 * Throws `Fault` when there is none, or the decision can no longer be made.
 */
export async function decideProposal(
  home: HomePaths,
  id: string,
  decision: { readonly op: "approve" } | { readonly op: "reject"; readonly reason?: string },
): Promise<BottleProposal> {
  const none = { found: [], silent: [] };
  const { found, silent } = PROPOSAL_ID.test(id) ? await askAll(home, { op: "show", id }) : none;
  const [first, ...others] = found;
  if (!first) {
    const unasked = silent.length === 0 ? "" : `; ${silent[0]?.bottle} could not be asked`;
    throw usageFault(
      `no running bottle has a proposal ${printable(id)}${unasked}`,
      "see `bot-bottle supervise --once`",
    );
  }
  // eight random characters a proposal: not to be seen in a lifetime, and not to be guessed at
  if (others.length > 0) throw new Fault(`several bottles have a proposal ${printable(id)}`);
  const { bottle, proposal } = first;
  const answer = await askProposals(controlSocket(home, bottle), {
    ...decision,
    id: proposal.id,
    digest: proposal.digest,
  });
  const decided = answer?.ok === true ? answer.proposals[0] : undefined;
  if (!decided) {
    const why = answer?.ok === false ? answer.why : "its bottle does not answer";
    throw new Fault(`${proposal.id} could not be decided: ${printable(why)}`, {
      mend: "see `bot-bottle supervise --once`",
    });
  }
  return { bottle, proposal: decided };
}

async function askAll(
  home: HomePaths,
  request: OperatorRequest,
): Promise<{ found: BottleProposal[]; silent: { bottle: string; why: string }[] }> {
  const running = stateIds(home).filter((id) => {
    const metadata = readMetadata(home, id);
    return metadata?.phase === "running" && phaseOf(metadata) === "running";
  });
  const answers = await Promise.all(
    running.map(async (bottle) => ({
      bottle,
      answer: await askProposals(controlSocket(home, bottle), request),
    })),
  );
  const found: BottleProposal[] = [];
  const silent: { bottle: string; why: string }[] = [];
  for (const { bottle, answer } of answers) {
    if (answer?.ok === true) found.push(...answer.proposals.map((proposal) => ({ bottle, proposal })));
    else silent.push({ bottle, why: answer?.why ?? "its launcher does not answer" });
  }
  return { found, silent };
}
