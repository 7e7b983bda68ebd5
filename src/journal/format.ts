import { printable } from "../base/printable.ts";
import type { GitEvent, JournalRecord, ProposalEvent, RecordedRef, RequestEvent } from "./record.ts";

/** One line for people, printable: time, what was decided, about what, and by which rule. */
export function formatRecord(record: JournalRecord): string {
  return printable(`${record.at}  ${describe(record)}`, 2000);
}

function describe(record: JournalRecord): string {
  if (record.kind === "request") return describeRequest(record);
  if (record.kind === "git") return describeGit(record);
  if (record.kind === "proposal") return describeProposal(record);
  if (record.kind === "dns") {
    const more = record.left_out === undefined ? "" : ` (and ${record.left_out} not recorded before it)`;
    return `dns    ${record.type || "?"} ${record.name || "?"} at ${record.server}: ${record.answer}${more}`;
  }
  const texts = Object.entries(record)
    .filter(([name]) => !["seq", "at", "prev", "kind", "event"].includes(name))
    .map(([name, value]) => `${name}=${JSON.stringify(value)}`);
  return ["life  ", record.event, ...texts].join(" ");
}

function describeRequest(event: RequestEvent): string {
  const verdict = event.verdict === "allow" ? "allow " : `BLOCK  ${event.code ?? "?"}`;
  const parts = [
    `${verdict} ${event.method} ${event.host}:${event.port}${event.path}`,
    `${event.status}, ${event.bytes_out} B out, ${event.bytes_in} B in, ${event.ms} ms`,
    event.rule,
  ];
  if (event.injected !== undefined) parts.push(`put on ${event.injected}`);
  if (event.removed !== undefined && event.removed.length > 0)
    parts.push(`took off ${event.removed.join(", ")}`);
  if (event.error !== undefined) parts.push(`error: ${event.error}`);
  return parts.join("  |  ");
}

const GIT_VERDICTS: Readonly<Record<string, string>> = { allow: "allow ", hold: "HOLD  ", block: "BLOCK " };

function describeGit(event: GitEvent): string {
  const code = event.code === undefined ? "" : ` ${event.code}`;
  const parts = [
    `${GIT_VERDICTS[event.verdict] ?? "?"}${code} git ${event.event} ${event.repo || "?"} (${event.upstream})`,
  ];
  const refs = refsText(event.refs, event.refs_left_out);
  if (refs !== "") parts.push(refs);
  const counts = [
    ...(event.objects === undefined ? [] : [`${event.objects} objects`]),
    ...(event.bytes === undefined ? [] : [`${event.bytes} B`]),
    `${event.ms} ms`,
  ];
  parts.push(counts.join(", "), event.rule);
  const found = (event.findings ?? []).map(({ name, surface, path, line }) =>
    [
      name,
      "in",
      surface,
      ...(path === undefined ? [] : [line === undefined ? path : `${path}:${line}`]),
    ].join(" "),
  );
  if (event.findings_left_out !== undefined) found.push(`${event.findings_left_out} more`);
  if (found.length > 0) parts.push(`found ${found.join(", ")}`);
  if (event.id !== undefined) parts.push(event.id);
  if (event.error !== undefined) parts.push(`error: ${event.error}`);
  return parts.join("  |  ");
}

function describeProposal(event: ProposalEvent): string {
  const parts = [
    `asked  ${event.event} ${event.id} ${event.asks} ${event.repo} (${event.upstream})`,
    refsText(event.refs, event.refs_left_out),
    [...event.held, ...(event.held_left_out === undefined ? [] : [`${event.held_left_out} more`])].join(", "),
  ];
  if (event.options !== undefined) parts.push(`options: ${event.options.join(", ")}`);
  if (event.reason !== undefined) parts.push(`reason: ${event.reason}`);
  return parts.join("  |  ");
}

/** `refs/heads/main 1234567..89abcde`, as git's own reports say it. */
function refsText(refs: readonly RecordedRef[] = [], leftOut = 0): string {
  const texts = refs.map((change) => `${change.ref} ${short(change.old)}..${short(change.new)}`);
  const left = leftOut === 1 ? "1 ref" : `${leftOut} refs`;
  return [...texts, ...(leftOut > 0 ? [texts.length > 0 ? `${left} more` : left] : [])].join(", ");
}

function short(id: string): string {
  return id.slice(0, 7);
}
