import { usageFault } from "../base/fault.ts";
import { printable } from "../base/printable.ts";
import { listBottles } from "../launch/list.ts";
import { statePaths } from "../launch/paths.ts";
import type { OperatorIo } from "../launch/request.ts";
import { applyChanges, planApply, refuseConflicts } from "../workspace/apply.ts";
import { type Change, workspaceChanges } from "../workspace/changes.ts";
import { findBottle } from "./bottle-id.ts";
import { operatorHome } from "./home.ts";
import { flagOption, type Values } from "./options.ts";

/** `apply ID` */
export async function apply(given: string, values: Values, io: OperatorIo): Promise<number> {
  const home = operatorHome(io.env);
  const id = await findBottle(home.state, given);
  const bottle = (await listBottles(home)).find((entry) => entry.id === id);
  if (bottle?.phase === "running") {
    throw usageFault(`${id} is running and may still change its copy`, `bot-bottle stop ${id}`);
  }
  const paths = statePaths(home, id);
  const found = await workspaceChanges(paths);
  if (found.commits) io.notice("commits made inside .git are not applied; their files are");
  if (found.changes.length === 0) {
    io.notice(`${id}: nothing to apply`);
    return 0;
  }
  const plan = planApply(found);
  for (const { path, why } of plan.skipped) io.notice(`left out: ${path}: ${why}`);
  refuseConflicts(plan);
  tell(plan.ordinary, io);
  const dryRun = flagOption(values, "dryRun");
  if (plan.runByThemselves.length > 0) {
    io.notice("files that CI, editors or git run by themselves:");
    tell(plan.runByThemselves, io);
  }
  if (dryRun) return 0;

  const chosen = [...(await ordinary(plan.ordinary, plan.source, values, io))];
  if (plan.runByThemselves.length > 0) {
    if (await hooks(plan.runByThemselves, values, io)) chosen.push(...plan.runByThemselves);
    else io.notice(`left out: ${plan.runByThemselves.length} that run by themselves (--hooks applies them)`);
  }
  if (found.base !== undefined) applyChanges(paths, found.base, chosen);
  io.notice(`${chosen.length} of ${found.changes.length} changes written to ${plan.source}`);
  return 0;
}

async function ordinary(
  changes: readonly Change[],
  source: string,
  values: Values,
  io: OperatorIo,
): Promise<readonly Change[]> {
  if (changes.length === 0 || flagOption(values, "yes")) return changes;
  if (!io.isTerminal) throw usageFault("apply asks before it writes, and there is no terminal", "add --yes");
  return (await io.confirm(`Write ${changes.length} changes to ${source}?`)) ? changes : [];
}

/** `--yes` is not this yes: only `--hooks`, or an answer to this very question. */
async function hooks(changes: readonly Change[], values: Values, io: OperatorIo): Promise<boolean> {
  if (flagOption(values, "hooks")) return true;
  if (!io.isTerminal || flagOption(values, "yes")) return false;
  return io.confirm(`Also write ${changes.length} that run by themselves?`);
}

function tell(changes: readonly Change[], io: OperatorIo): void {
  for (const { kind, path } of changes) io.notice(`  ${kind.padEnd(8)} ${printable(path)}`);
}
