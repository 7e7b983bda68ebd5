import { EXIT_FAILED, usageFault } from "../base/fault.ts";
import { printable, printableJson } from "../base/printable.ts";
import { type BottleProposal, decideProposal, readInbox } from "../launch/proposals.ts";
import type { OperatorIo } from "../launch/request.ts";
import type { RefUpdate } from "../policy/git/push-rules.ts";
import { PROPOSAL_TEXT } from "../sidecar/supervise/limits.ts";
import { operatorHome } from "./home.ts";
import { MAX_QUOTE, PAGE_COLUMNS } from "./limits.ts";
import { flagOption, textOption, type Values } from "./options.ts";
import { paint } from "./paint.ts";
import { quotedLines } from "./quoted.ts";

/** `supervise --once`: what waits in all running bottles. Exit code 125 when one of them could not be asked. */
export async function supervise(values: Values, io: OperatorIo): Promise<number> {
  const json = flagOption(values, "json");
  if (!flagOption(values, "once")) {
    throw usageFault(
      "say what to do with the proposals",
      "bot-bottle supervise --once shows them; approve and reject decide one",
    );
  }
  const { open, silent } = await readInbox(operatorHome(io.env));
  if (json) io.stdout.write(`${printableJson(open.map(asJson))}\n`);
  else if (open.length > 0) {
    const { bold } = paint(io.stdout, io.env);
    io.stdout.write(open.map((asked) => inboxEntry(asked, bold)).join("\n"));
  } else if (silent.length === 0) io.notice("nothing waits for you");
  for (const { bottle, why } of silent) io.notice(`${bottle} could not be asked: ${why}`);
  return silent.length === 0 ? 0 : EXIT_FAILED;
}

/** `supervise approve PROPOSAL` */
export async function approve(id: string, io: OperatorIo): Promise<number> {
  const { bottle, proposal } = await decideProposal(operatorHome(io.env), id, { op: "approve" });
  io.notice(`${proposal.id} approved: the same push by ${bottle} to ${proposal.push.repo} goes through once`);
  return 0;
}

/** `supervise reject PROPOSAL` */
export async function reject(id: string, values: Values, io: OperatorIo): Promise<number> {
  const reason = textOption(values, "reason");
  if (reason !== undefined && reason.length > PROPOSAL_TEXT) {
    throw usageFault(`--reason has more than ${PROPOSAL_TEXT} characters`, "shorten it");
  }
  const decision = { op: "reject", ...(reason !== undefined && { reason }) } as const;
  const { bottle, proposal } = await decideProposal(operatorHome(io.env), id, decision);
  io.notice(`${proposal.id} rejected: a push by ${bottle} to ${proposal.push.repo}`);
  return 0;
}

function asJson({ bottle, proposal }: BottleProposal): object {
  return { bottle, ...proposal, createdAt: new Date(proposal.createdAt).toISOString() };
}

const ASKS = { push: "a push to", "gitleaks-allow": "findings marked gitleaks:allow in a push to" } as const;

/** Lines of `PAGE_COLUMNS` at most; those with the agent's text in them are marked. */
function inboxEntry({ bottle, proposal }: BottleProposal, bold: (text: string) => string): string {
  const { id, kind, createdAt, push } = proposal;
  const since = new Date(createdAt).toISOString().slice(0, 16).replace("T", " ");
  const quoted = (text: string) => quotedLines(text, "    ", PAGE_COLUMNS, MAX_QUOTE);
  const lines = [
    `${bold(id)}  ${since} UTC  ${printable(bottle, PAGE_COLUMNS / 2)}`,
    `  ${ASKS[kind]}`,
    ...quoted(`${push.repo} at ${push.upstream}`),
    "  that changes",
    ...push.updates.flatMap((update) => quoted(refLine(update))),
    ...(push.options.length === 0 ? [] : ["  with the push options"]),
    ...push.options.flatMap(quoted),
    "  waits for you because of",
    ...push.held.flatMap(({ code, text }) => quoted(`${code}  ${text}`)),
    `  bot-bottle supervise approve ${id}`,
    `  bot-bottle supervise reject ${id} --reason TEXT`,
  ];
  return lines.map((line) => `${line}\n`).join("");
}

function refLine(update: RefUpdate): string {
  const [old, next] = [update.old, update.new].map((oid) => (/^0*$/.test(oid) ? undefined : oid));
  // the new one whole: an agent can make two commits whose ids begin alike
  if (old === undefined) return `new at ${next}  ${update.ref}`;
  if (next === undefined) return `deleted from ${old}  ${update.ref}`;
  return `${old.slice(0, 12)}..${next}  ${update.ref}`;
}
