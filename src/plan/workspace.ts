import type { WorkspaceChoice, WorkspaceMode } from "../manifest/bottle.ts";
import type { WorkspacePlan } from "./launch-plan.ts";

export interface WorkspaceInput {
  /** absolute folder: `--workspace`, else the manifest's path, expanded and checked; undefined: an empty workspace */
  readonly source?: string | undefined;
  /** `--workspace-mode`; undefined: what the manifest says */
  readonly mode?: WorkspaceMode | undefined;
}

/**
 * The command line over the manifest, field by field. A mode that is not built becomes a copy, which never writes to the
 * folder.
 */
export function planWorkspace(written: WorkspaceChoice, { source, mode }: WorkspaceInput): WorkspacePlan {
  return {
    mode: (mode ?? written.mode?.value) === "bind" ? "bind" : "copy",
    source,
    include: written.include?.value ?? [],
    exclude: written.exclude?.value ?? [],
  };
}
