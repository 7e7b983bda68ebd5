import { EXIT_FAILED, usageFault } from "../base/fault.ts";
import { printableJson } from "../base/printable.ts";
import { cleanup } from "../launch/cleanup.ts";
import type { OperatorIo } from "../launch/request.ts";
import { operatorHome } from "./home.ts";
import { flagOption, formatIsJson, type Values } from "./options.ts";

/** `cleanup`: what was (or, with --dry-run, would be) ended, removed and deleted at forges. */
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
    const { kept, removed } = await cleanup(home, { all, dryRun: true }, io);
    for (const id of removed) io.notice(`would remove ${id}`);
    if (
      removed.length > 0 &&
      !(await io.confirm(`Remove ${removed.length}, changes not applied included?`))
    ) {
      io.notice(`nothing was removed; ${removed.length + kept.length} kept`);
      return 0;
    }
  }
  const report = await cleanup(home, { all, dryRun }, io);
  const { keys } = report;
  // a key that may still push is no tidy end
  const code = keys.kept.length === 0 ? 0 : EXIT_FAILED;
  if (formatIsJson(values)) {
    io.stdout.write(`${printableJson(report)}\n`);
    return code;
  }
  const tense = dryRun ? "would be " : "";
  for (const id of report.killed) io.notice(`${id}: ${tense}ended`);
  for (const id of report.removed) io.notice(`${id}: ${tense}removed`);
  for (const { id, why } of report.kept) io.notice(`${id}: kept, ${why}`);
  for (const upstream of report.mirrors) io.notice(`mirror of ${upstream}: ${tense}removed, unused for long`);
  for (const title of keys.revoked) io.notice(`deploy key ${title}: ${tense}deleted`);
  for (const { title, why } of keys.kept) io.notice(`deploy key ${title}: may still be there: ${why}`);
  const done =
    report.killed.length +
    report.removed.length +
    report.mirrors.length +
    keys.revoked.length +
    keys.kept.length;
  if (done === 0) io.notice("nothing to clean up");
  return code;
}
