import type { Check } from "../backend.ts";
import { judge } from "./machine-checks.ts";
import { gatherFacts } from "./machine-facts.ts";

/** Every prerequisite of this backend, with the line that mends it. */
export async function checkMachine(enter: string): Promise<Check[]> {
  return judge(await gatherFacts(enter));
}
