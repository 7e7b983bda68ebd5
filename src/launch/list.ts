import { hasChanges } from "../workspace/changes.ts";
import type { Metadata } from "./metadata.ts";
import { type HomePaths, statePaths } from "./paths.ts";
import { isAlive } from "./process-id.ts";
import { readMetadata, stateIds } from "./state.ts";

/** One bottle, as `list` shows it. */
export interface BottleSummary {
  readonly id: string;
  readonly agent: string | undefined;
  readonly bottles: readonly string[];
  /** `--label` and `--color` of its session */
  readonly label?: string;
  readonly color?: string;
  /** stale: its launcher is gone without having cleared up */
  readonly phase: "running" | "exited" | "stale";
  readonly createdAt: string;
  readonly workspace: string | undefined;
  readonly exitCode?: number;
  /** the workspace copy has changes that were not applied */
  readonly changes: boolean;
}

export function phaseOf(metadata: Metadata): BottleSummary["phase"] {
  if (metadata.phase === "exited") return "exited";
  return isAlive(metadata.launcher) ? "running" : "stale";
}

/** Every bottle that has state, oldest first. */
export async function listBottles(home: HomePaths): Promise<BottleSummary[]> {
  const bottles: BottleSummary[] = [];
  for (const id of stateIds(home)) {
    const metadata = readMetadata(home, id);
    if (!metadata) continue;
    const phase = phaseOf(metadata);
    const copied = metadata.plan.workspace.mode === "copy";
    bottles.push({
      id,
      agent: metadata.plan.agent,
      bottles: metadata.plan.bottles,
      ...(metadata.request.label !== undefined && { label: metadata.request.label }),
      ...(metadata.request.color !== undefined && { color: metadata.request.color }),
      phase,
      createdAt: metadata.createdAt,
      workspace: metadata.plan.workspace.source,
      ...(metadata.exitCode === undefined ? {} : { exitCode: metadata.exitCode }),
      changes: copied && phase !== "running" && (await hasChanges(statePaths(home, id))),
    });
  }
  return bottles.sort((a, b) => (a.createdAt < b.createdAt ? -1 : 1));
}
