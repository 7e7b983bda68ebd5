import { carry, terminalSize } from "./agent-io.ts";
import { linuxBackend } from "./code-location.ts";
import type { ExecJob, JobChannel, JobResult } from "./job.ts";

/** Runs one more program in a running bottle, as the bottle's own uid. Throws `Fault` when it can't be entered. */
export async function runExec(job: ExecJob, channel: JobChannel): Promise<JobResult> {
  const backend = linuxBackend(job.code);
  const agent = await backend.exec(job.record, {
    ...job.agent,
    terminal: job.input.kind === "terminal" ? { name: job.input.name, ...terminalSize() } : undefined,
  });
  const released = carry(agent, job.input);
  void channel.stopRequested.then(() => agent.kill("SIGTERM"));
  channel.onInterrupt(() => agent.kill("SIGINT"));
  const result = await agent.exited;
  await released(true);
  return result;
}
