import { HeadStart } from "./head-start.ts";
import type { HomePaths } from "./paths.ts";
import type { OperatorIo, StartRequest } from "./request.ts";
import { beginState, homeIsPrepared, newId } from "./state.ts";

const AGENT_NAME = /^[a-z][a-z0-9-]{0,63}$/;

/**
 * `start` and `run`: from the command line to the agent's exit code. Throws `Fault`; nothing is left behind then.
 * What boots slowly is started first; the code that reads manifests is loaded meanwhile.
 */
export async function startSession(home: HomePaths, request: StartRequest, io: OperatorIo): Promise<number> {
  const name = request.kind === "agent" ? (request.agent ?? "agent") : "run";
  const id = newId(home, AGENT_NAME.test(name) ? name : "agent");
  const head = goesAhead(request, io) ? tryHeadStart(home, id) : undefined;
  const { runSession } = await import("./session.ts");
  return await runSession({ home, id, request, io, head });
}

/** Nothing will be asked, and something will be started. */
function goesAhead(request: StartRequest, io: OperatorIo): boolean {
  if (request.dryRun) return false;
  return request.kind === "command" || request.headless || request.yes || !io.isTerminal;
}

/** In a home that was used before; what is wrong with it is said when its turn comes, after what is wrong with manifests. */
function tryHeadStart(home: HomePaths, id: string): HeadStart | undefined {
  if (!homeIsPrepared(home)) return undefined;
  try {
    beginState(home, id);
    return new HeadStart(home, id);
  } catch {
    return undefined;
  }
}
