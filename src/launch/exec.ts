import { usageFault } from "../base/fault.ts";
import { readCanary } from "./canary.ts";
import { createLocalChannel } from "./channel.ts";
import { codeLocation } from "./code-location.ts";
import { askControl } from "./control.ts";
import { agentEnvironment } from "./environment.ts";
import { runExec } from "./exec-job.ts";
import type { ExecJob } from "./job.ts";
import { controlSocket, type HomePaths, statePaths } from "./paths.ts";
import { isAlive } from "./process-id.ts";
import type { OperatorIo } from "./request.ts";
import { runStaged } from "./staged.ts";
import { findBottle, mountablePaths } from "./state.ts";

/**
 * Runs one more program in a running bottle and returns its exit code. The launcher of the bottle writes the journal's
 * line first; when it can't, nothing is run. The program gets the bottle's plain environment, no secret of the agent's but the canary.
 */
export async function execInBottle(
  home: HomePaths,
  text: string,
  command: readonly string[],
  options: { readonly terminal: boolean },
  io: OperatorIo,
): Promise<number> {
  const metadata = findBottle(home, text);
  const { id, place } = metadata;
  if (metadata.phase !== "running" || !place || !isAlive(metadata.launcher)) {
    throw usageFault(`${id} is not running`, `start it again: bot-bottle resume ${id}`);
  }
  const recorded = await askControl(controlSocket(home, id), {
    op: "record",
    event: { event: "exec", command: command.join(" ").slice(0, 400) },
  });
  if (!recorded?.ok) {
    throw usageFault(
      `${id} could not be entered: its launcher did not put the line into the journal`,
      "see `bot-bottle list`",
    );
  }
  const name = options.terminal ? (io.env.TERM ?? "xterm-256color") : undefined;
  const canary = readCanary(statePaths(home, id).canary);
  const job: ExecJob = {
    code: codeLocation(),
    record: place,
    scratch: mountablePaths(home, id).scratch,
    agent: {
      command,
      env: {
        ...agentEnvironment({ id, terminal: name }),
        ...(canary === undefined ? {} : { [canary.name]: canary.reveal() }),
      },
      cwd: "/workspace",
    },
    input: name === undefined ? { kind: "pipe" } : { kind: "terminal", name },
  };
  const { channel } = createLocalChannel(io);
  const owner = { uid: metadata.uid, gid: metadata.gid };
  const result =
    process.getuid?.() === 0
      ? await runStaged({ kind: "exec", job }, owner, channel)
      : await runExec(job, channel);
  return result.code;
}
