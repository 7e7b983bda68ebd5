import { usageFault } from "../base/fault.ts";
import { printableJson } from "../base/printable.ts";
import { cleanup } from "../launch/cleanup.ts";
import type { OperatorIo } from "../launch/request.ts";
import { operatorHome } from "./home.ts";
import { flagOption, formatIsJson, type Values } from "./options.ts";

/** `cleanup`: what was (or, with --dry-run, would be) ended and removed. */
export async function cleanupBottles(values: Values, io: OperatorIo): Promise<number> {
  const all = flagOption(values, "all");
  const dryRun = flagOption(values, "dryRun");
  const home = operatorHome(io.env);
  if (all && !dryRun && !flagOption(values, "yes")) {
    if (!io.isTerminal) {
      throw usageFault(
        "cleanup --all removes work that was not applied",
        "add --yes, or look first with --dry-run",
      );
    }
    const { kept, removed } = await cleanup(home, { all, dryRun: true });
    for (const id of removed) io.notice(`would remove ${id}`);
    if (
      removed.length > 0 &&
      !(await io.confirm(`Remove ${removed.length}, changes not applied included?`))
    ) {
      io.notice(`nothing was removed; ${removed.length + kept.length} kept`);
      return 0;
    }
  }
  const report = await cleanup(home, { all, dryRun });
  if (formatIsJson(values)) {
    io.stdout.write(`${printableJson(report)}\n`);
    return 0;
  }
  const tense = dryRun ? "would be " : "";
  for (const id of report.killed) io.notice(`${id}: ${tense}ended`);
  for (const id of report.removed) io.notice(`${id}: ${tense}removed`);
  for (const { id, why } of report.kept) io.notice(`${id}: kept, ${why}`);
  if (report.killed.length + report.removed.length === 0) io.notice("nothing to clean up");
  return 0;
}
