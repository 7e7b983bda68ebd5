import { printable } from "../base/printable.ts";
import type { JournalRecord, RequestEvent } from "./record.ts";

/** One line for people, printable: time, what was decided, about what, and by which rule. */
export function formatRecord(record: JournalRecord): string {
  return printable(`${record.at}  ${describe(record)}`, 2000);
}

function describe(record: JournalRecord): string {
  if (record.kind === "request") return describeRequest(record);
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
