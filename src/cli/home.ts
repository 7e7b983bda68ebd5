import { homedir } from "node:os";
import { isAbsolute, join } from "node:path";
import { usageFault } from "../base/fault.ts";
import { type HomePaths, homePaths } from "../launch/paths.ts";

/** The operator's folder: `BOT_BOTTLE_HOME`, else `~/.bot-bottle` (SPEC §1). */
export function operatorHome(env: NodeJS.ProcessEnv): HomePaths {
  const given = env.BOT_BOTTLE_HOME;
  if (given === undefined || given === "") return homePaths(join(env.HOME || homedir(), ".bot-bottle"));
  // relative to what? The launcher and the sidecar have other working folders than the shell
  if (!isAbsolute(given)) {
    throw usageFault(`BOT_BOTTLE_HOME is not an absolute path: ${given}`, "write it with its leading /");
  }
  return homePaths(given);
}
