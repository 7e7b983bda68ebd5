import { Fault } from "../base/fault.ts";
import { askControl } from "./control.ts";
import { AGENT_STOP_MS } from "./limits.ts";
import { controlSocket, type HomePaths } from "./paths.ts";
import { isAlive } from "./process-id.ts";
import type { OperatorIo } from "./request.ts";
import { findBottle } from "./state.ts";

/** Ends a running bottle and waits until its launcher is gone. Its state is kept. Throws `Fault`. */
export async function stopBottle(home: HomePaths, text: string, io: OperatorIo): Promise<void> {
  const { id, launcher } = findBottle(home, text);
  if (!isAlive(launcher)) {
    io.notice(`${id} is not running`);
    return;
  }
  const answer = await askControl(controlSocket(home, id), { op: "stop", why: "bot-bottle stop" });
  if (!answer?.ok) {
    throw new Fault(`the launcher of ${id} (pid ${launcher.pid}) does not answer`, {
      mend: `end it: kill ${launcher.pid}`,
    });
  }
  for (let waited = 0; waited < 2 * AGENT_STOP_MS; waited += 50) {
    if (!isAlive(launcher)) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Fault(`${id} is still running`, { mend: `end its launcher: kill ${launcher.pid}` });
}
