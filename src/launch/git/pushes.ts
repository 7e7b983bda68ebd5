import { readJournal } from "../../journal/read.ts";
import type { GitEvent } from "../../journal/record.ts";
import { type HomePaths, journalPaths } from "../paths.ts";

/** A push, or what was refused before it was one, and the bottle whose journal has it. */
export interface RecordedPush {
  readonly bottle: string;
  /** ISO 8601 */
  readonly at: string;
  readonly push: GitEvent;
}

/** The last `count` pushes in the journals of `bottles`, oldest first. Throws `Fault` when a journal can't be read. */
export async function lastPushes(
  home: HomePaths,
  bottles: readonly string[],
  count: number,
): Promise<RecordedPush[]> {
  let found: RecordedPush[] = [];
  for (const bottle of bottles) {
    for await (const { record } of readJournal(journalPaths(home, bottle))) {
      if (record?.kind !== "git" || (record.event !== "push" && record.event !== "refused")) continue;
      const { seq: _seq, prev: _prev, at, ...push } = record;
      found.push({ bottle, at, push });
      if (found.length >= 2 * count + 1000) found = last(found, count);
    }
  }
  return last(found, count);
}

function last(pushes: RecordedPush[], count: number): RecordedPush[] {
  return pushes.sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0)).slice(-count);
}
