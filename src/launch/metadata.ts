import type { PlaceRecord } from "../backends/backend.ts";
import type { LaunchPlan } from "../plan/launch-plan.ts";
import type { StartRequest } from "./request.ts";

/** `state/ID/metadata.json`: what is known of a bottle, running or kept. */
export interface Metadata {
  readonly id: string;
  /** ISO 8601 */
  readonly createdAt: string;
  /** what was asked for, which `resume` asks for again */
  readonly request: StartRequest;
  readonly plan: LaunchPlan;
  readonly phase: "preparing" | "running" | "exited";
  /** the process that owns the bottle; start time as in PlaceRecord */
  readonly launcher: { readonly pid: number; readonly started: string };
  /** kernel uid and gid the bottle's processes run as */
  readonly uid: number;
  readonly gid: number;
  /** present from `running` on */
  readonly place?: PlaceRecord;
  readonly exitCode?: number;
  readonly exitedAt?: string;
}
