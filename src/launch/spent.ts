import { existsSync } from "node:fs";
import type { JournalPaths } from "../journal/open.ts";
import { readJournal } from "../journal/read.ts";
import type { Spent } from "../policy/quota.ts";

/** What a bottle that is resumed has spent of its whole-life quotas, as its journal says. A new bottle has none. */
export async function spentBefore(paths: Pick<JournalPaths, "lines">): Promise<readonly Spent[]> {
  if (!existsSync(paths.lines)) return [];
  const spent = new Map<string, Spent>();
  for await (const { record } of readJournal(paths)) {
    if (record?.kind !== "lifecycle" || record.event !== "quota_spent") continue;
    const { scope, quota, count, host } = record;
    if (typeof scope !== "string" || typeof count !== "number") continue;
    if (quota !== "requests" && quota !== "bytes_out" && quota !== "hosts") continue;
    const name = typeof host === "string" ? { host } : {};
    spent.set(JSON.stringify([scope, quota, name]), { scope, quota, count, ...name });
  }
  return [...spent.values()];
}
