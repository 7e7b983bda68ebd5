import { readFileSync } from "node:fs";
import type { AgentProcess, Place } from "../backends/backend.ts";
import { EXIT_FAILED } from "../base/fault.ts";
import { carry, terminalSize } from "./agent-io.ts";
import { linuxBackend } from "./code-location.ts";
import { HostPrograms } from "./git/programs.ts";
import type { Begun } from "./head-start.ts";
import type { BottleJob, JobChannel, JobResult } from "./job.ts";
import { AGENT_STOP_MS } from "./limits.ts";
import type { SidecarLink } from "./sidecar-link.ts";
import { SIDECAR_JOURNAL, startSidecar } from "./start-sidecar.ts";

const SYSTEM_BUNDLE = "/etc/ssl/certs/ca-certificates.crt";

/** The system's trust store as one PEM text; node's own list where the system has none. */
async function systemCertificates(): Promise<string> {
  try {
    return readFileSync(SYSTEM_BUNDLE, "utf8");
  } catch {
    // slow to load, and rarely needed
    const { rootCertificates } = await import("node:tls");
    return rootCertificates.join("\n");
  }
}

/**
 * Runs one bottle from closed network to the agent's end, as an unprivileged uid. Order matters: the network is
 * closed and the sidecar answers on every socket before the agent's first instruction.
 * `begun`: what a head start has started. Throws `Fault` when the bottle could not be started; nothing is left running
 * then.
 */
export async function runBottle(job: BottleJob, channel: JobChannel, begun?: Begun): Promise<JobResult> {
  const backend = linuxBackend(job.code);
  const sidecar =
    begun?.sidecar ??
    startSidecar(backend, {
      id: job.id,
      scratch: job.place.scratch,
      code: job.code,
      journal: job.sidecar.journal,
    });
  const network = begun?.network ?? backend.begin();
  let place: Place | undefined;
  const programs =
    job.git &&
    new HostPrograms(backend, job.git, job.place.scratch, (message, handle) => sidecar.tell(message, handle));
  sidecar.programs = programs;
  // What is written over an agent's screen is lost with it.
  const later: string[] = [];
  sidecar.onNotice = job.input.kind === "terminal" ? (line) => later.push(line) : channel.notice;
  try {
    sidecar.init({ ...job.sidecar, journal: SIDECAR_JOURNAL }, job.secrets);
    place = await network.open(job.place);
    for (const socket of place.sockets) sidecar.handOver(socket);
    // the sandbox is made while the sidecar boots; its program waits for the certificate, which is there when every
    // listener answers
    const caBundle = Promise.all([systemCertificates(), sidecar.serve()]).then((parts) => parts.join("\n"));
    caBundle.catch(() => {});
    const agent = await place.startAgent({
      ...job.agent,
      caBundle,
      terminal: job.input.kind === "terminal" ? { name: job.input.name, ...terminalSize() } : undefined,
    });
    channel.running(place.record());
    await sidecar.record({
      kind: "lifecycle",
      event: "agent_started",
      command: job.agent.command.map((word) => word.slice(0, 200)).slice(0, 20),
    });
    channel.onRecord((event) => sidecar.record({ kind: "lifecycle", ...event }));
    channel.onSupervise((request) => sidecar.supervise(request));
    const released = carry(agent, job.input, job.transcript);
    channel.onInterrupt(() => agent.kill("SIGINT"));
    const result = await untilEnd(agent, sidecar, channel);
    await released(result.reason === undefined);
    for (const line of later) channel.notice(line);
    await sidecar.record({
      kind: "lifecycle",
      event: "agent_exited",
      code: result.code,
      reason: result.reason ?? null,
    });
    return result;
  } finally {
    programs?.close();
    await (place ?? network).close();
    await sidecar.stop();
  }
}

/** The agent's own end, or the first thing that ends it: a lost sidecar (no network is left to run with) or a stop. */
async function untilEnd(agent: AgentProcess, sidecar: SidecarLink, channel: JobChannel): Promise<JobResult> {
  const cut = await Promise.race([
    agent.exited,
    sidecar.lost.then((why) => ({ lost: why })),
    channel.stopRequested.then((why) => ({ stop: why })),
  ]);
  if ("lost" in cut) return { code: EXIT_FAILED, reason: `its sidecar is gone: ${cut.lost}` };
  if ("stop" in cut) {
    agent.kill("SIGTERM");
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<undefined>((resolve) => {
      timer = setTimeout(() => resolve(undefined), AGENT_STOP_MS);
    });
    const ended = await Promise.race([agent.exited, late]);
    clearTimeout(timer);
    return { code: ended?.code ?? 128 + 9, reason: cut.stop };
  }
  return cut;
}
