import type { Limits } from "../../../src/plan/launch-plan.ts";

export const LIMITS: Limits = {
  memory: 2 ** 30,
  pids: 200,
  cpus: undefined,
  disk: 2 ** 30,
  openFiles: 512,
  time: undefined,
};
