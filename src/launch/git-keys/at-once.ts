import { FORGE_CALLS_AT_ONCE } from "./limits.ts";

/** Does `work` for every item, some at once. Rejects with the first that was thrown, when nothing is under way. */
export async function atOnce<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const left = [...items];
  const workers = left.slice(0, FORGE_CALLS_AT_ONCE).map(async () => {
    for (let item = left.shift(); item !== undefined; item = left.shift()) await work(item);
  });
  for (const result of await Promise.allSettled(workers))
    if (result.status === "rejected") throw result.reason;
}
