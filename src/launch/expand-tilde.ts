import { homedir } from "node:os";
import { join } from "node:path";

/** `~/x` -> the operator's home folder and `x`; anything else unchanged. */
export function expandTilde(path: string, env: NodeJS.ProcessEnv): string {
  return path.startsWith("~/") ? join(env.HOME || homedir(), path.slice(2)) : path;
}
