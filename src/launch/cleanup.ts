import { existsSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { hasChanges } from "../workspace/changes.ts";
import { linuxBackend } from "./code-location.ts";
import { removeOldMirrors } from "./git/old-mirrors.ts";
import { type LeftKeys, revokeLeftKeys } from "./git-keys/left-keys.ts";
import { removeEmptyJournal } from "./head-start.ts";
import { phaseOf } from "./list.ts";
import { controlSocket, type HomePaths, statePaths } from "./paths.ts";
import type { OperatorIo } from "./request.ts";
import { isBeingMade, readMetadata, removeState, stateIds } from "./state.ts";

export interface CleanupReport {
  /** state that was removed (with `dryRun`: would be) */
  readonly removed: readonly string[];
  /** state that stays, with the reason */
  readonly kept: readonly { readonly id: string; readonly why: string }[];
  /** bottles whose processes were still running without a launcher, and were ended */
  readonly killed: readonly string[];
  /** upstreams of mirrors that nothing has used for long and that were removed */
  readonly mirrors: readonly string[];
  /** deploy keys that a dead launcher left at a forge */
  readonly keys: LeftKeys;
}

/**
 * Ends what a dead launcher left running and removes stale state. Running bottles are never touched; state with
 * changes that were not applied, or of a bottle that ended with an error, goes only with `all`. Deploy keys of bottles
 * whose launcher is gone are deleted at their forges.
 */
export async function cleanup(
  home: HomePaths,
  options: { readonly all: boolean; readonly dryRun: boolean },
  io: OperatorIo,
): Promise<CleanupReport> {
  const backend = linuxBackend();
  const removed: string[] = [];
  const kept: { id: string; why: string }[] = [];
  const killed: string[] = [];
  const inUse = new Set<string>();
  for (const id of stateIds(home)) {
    const metadata = readMetadata(home, id);
    const paths = statePaths(home, id);
    if (!metadata) {
      if (isBeingMade(home, id)) {
        kept.push({ id, why: "it is being made" });
        continue;
      }
    } else {
      const phase = phaseOf(metadata);
      if (phase === "running") {
        // a bottle that an older version started has none
        for (const { url } of metadata.plan.git ?? []) inUse.add(url);
        kept.push({ id, why: "it is running" });
        continue;
      }
      if (phase === "stale" && metadata.place) {
        if (!options.dryRun) await backend.reap(metadata.place);
        killed.push(id);
      }
      if (!options.all && metadata.place && (await hasChanges(paths))) {
        kept.push({ id, why: `changes not applied: bot-bottle diff ${id}` });
        continue;
      }
      if (!options.all && phase === "exited" && metadata.exitCode !== 0) {
        kept.push({ id, why: `ended with ${metadata.exitCode}: bot-bottle resume ${id}, or cleanup --all` });
        continue;
      }
    }
    if (!options.dryRun) {
      rmSync(controlSocket(home, id), { force: true });
      try {
        removeState(home, id);
      } catch (error) {
        // the others are still to be looked at
        kept.push({
          id,
          why: `it can't be removed: ${error instanceof Error ? error.message : String(error)}`,
        });
        continue;
      }
    }
    removed.push(id);
  }
  if (!options.dryRun) {
    removeOrphanSockets(home);
    removeUnusedJournals(home);
  }
  const mirrors = removeOldMirrors(home, inUse, Date.now(), options.dryRun);
  return { removed, kept, killed, mirrors, keys: await revokeLeftKeys(home, io, options.dryRun) };
}

/** Journals without a line, of launchers that were killed before they knew what to launch. */
function removeUnusedJournals(home: HomePaths): void {
  const ids = new Set(stateIds(home));
  for (const name of existsSync(home.journal) ? readdirSync(home.journal) : []) {
    const id = name.replace(/\.jsonl$/, "");
    if (id !== name && !ids.has(id)) removeEmptyJournal(home, id);
  }
}

/** Control sockets of bottles that have no state. */
function removeOrphanSockets(home: HomePaths): void {
  const ids = new Set(stateIds(home));
  let names: string[] = [];
  try {
    names = readdirSync(home.run);
  } catch {
    return;
  }
  for (const name of names) {
    if (name.endsWith(".sock") && !ids.has(name.slice(0, -5))) rmSync(join(home.run, name), { force: true });
  }
}
