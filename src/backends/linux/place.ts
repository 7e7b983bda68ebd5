import { readFileSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { Fault } from "../../base/fault.ts";
import { printable } from "../../base/printable.ts";
import type { AgentProcess, AgentSpec, BoundSocket, Place, PlaceRecord, PlaceSpec } from "../backend.ts";
import { type Started, start } from "./agent-process.ts";
import {
  type Cgroup,
  findParents,
  makeCgroup,
  outOfMemoryKills,
  ownCgroupFacts,
  removeCgroup,
} from "./cgroup.ts";
import type { EntryFiles } from "./entry-files.ts";
import { type Gate, makeGate } from "./gate.ts";
import { SETUP_MESSAGE_BYTES, SETUP_MS } from "./limits.ts";
import { type Holder, type Network, openNetwork } from "./netns.ts";
import { bootId, identify, isAlive, namespaceId, type ProcessId, signal } from "./proc.ts";
import { signalProgram } from "./program-signal.ts";
import { closeHandle } from "./raw-handle.ts";
import { type ENTERED, limitsBy, type Namespaces, toPlaceRecord } from "./record.ts";
import { processLimits } from "./rlimits.ts";
import { type Restrictions, startCommand } from "./sandbox.ts";
import { removeScratch, scratchPaths, writeCertificates, writeScratch } from "./scratch.ts";
import { sweep } from "./sweep.ts";
import { watch } from "./watchdog.ts";

/** DNS is always there, over TCP as well (RFC 7766). */
const DNS_PORT = 53;

/** Closes the network and binds the bottle's sockets; nothing runs in it yet. */
export async function openPlace(spec: PlaceSpec, files: EntryFiles, holder: Holder): Promise<Place> {
  const tcp = [...new Set([DNS_PORT, ...spec.ports])];
  const ports = [
    ...tcp.map((port) => ({ kind: "tcp", port }) as const),
    { kind: "udp", port: DNS_PORT } as const,
  ];
  try {
    writeScratch(spec.scratch, spec.nested);
    return new LinuxPlace(files, spec, await openNetwork(holder, ports));
  } catch (error) {
    await holder.close();
    removeScratch(spec.scratch);
    throw error;
  }
}

/** The first process of a bottle and the namespaces it is in. */
interface Begun {
  readonly init: ProcessId;
  readonly namespaces: Namespaces;
}

interface Running {
  readonly started: Started;
  readonly monitor: ProcessId;
  readonly init: ProcessId;
  readonly namespaces: Namespaces;
  readonly stopWatching: () => void;
}

class LinuxPlace implements Place {
  readonly sockets: readonly BoundSocket[];
  readonly #files: EntryFiles;
  readonly #spec: PlaceSpec;
  readonly #network: Network;
  readonly #cgroup: Cgroup | undefined;
  readonly #restrictions: Restrictions;
  #running: Running | undefined;
  #closing: Promise<void> | undefined;

  constructor(files: EntryFiles, spec: PlaceSpec, network: Network) {
    this.#files = files;
    this.#spec = spec;
    this.#network = network;
    this.sockets = network.sockets;
    this.#cgroup = bottleCgroup(spec);
    this.#restrictions = {
      rlimits: processLimits(spec.limits, { boundMemory: this.#cgroup === undefined }),
      cgroups: this.#cgroup?.folders ?? [],
      processors: processors(spec.limits.cpus),
    };
  }

  async startAgent(agent: AgentSpec): Promise<AgentProcess> {
    if (this.#running !== undefined) throw new Error("the agent was started already");
    const { scratch, limits, mounts } = this.#spec;
    const { status, gate: gatePath } = scratchPaths(scratch);
    writeFileSync(status, "");
    const gate = await makeGate(gatePath);
    const command = startCommand(
      this.#files.enter,
      this.#network.holder.pid,
      this.#spec,
      agent,
      this.#restrictions,
    );
    const started = await start({ command, env: agent.env, terminal: agent.terminal });
    const { init, namespaces } = await this.#release(started, agent.caBundle, gate).finally(() =>
      gate.close(),
    );
    let reason: string | undefined;
    const stopWatching = watch({
      init: init.pid,
      writable: mounts.filter((mount) => mount.writable).map((mount) => mount.source),
      limits,
      memoryAndProcesses: this.#cgroup === undefined,
      exceeded: (why) => {
        reason = why;
        this.#kill();
      },
    });
    const monitor = identify(started.pid);
    this.#running = { started, monitor, init, namespaces, stopWatching };
    const exited = started.exited.then((code) => {
      stopWatching();
      const why = reason ?? this.#outOfMemory();
      return why === undefined ? { code } : { code, reason: why };
    });
    return {
      stdin: started.stdin,
      stdout: started.stdout,
      stderr: started.stderr,
      resize: started.resize,
      kill: (name) => {
        if (name === "SIGKILL") this.#kill();
        else if (isAlive(init)) signalProgram(init.pid, name);
      },
      exited,
    };
  }

  /** Lets the program start once its certificates are there. Throws, with nothing left of it, when they never will be. */
  async #release(started: Started, caBundle: AgentSpec["caBundle"], gate: Gate): Promise<Begun> {
    const { scratch } = this.#spec;
    try {
      writeCertificates(scratch, await caBundle);
    } catch (error) {
      signal(started.pid, "SIGKILL");
      throw error;
    }
    gate.open();
    return await untilStarted(started, scratchPaths(scratch).status);
  }

  record(): PlaceRecord {
    if (this.#running === undefined) throw new Error("no agent was started");
    const { monitor, init, namespaces } = this.#running;
    return toPlaceRecord({
      backend: "linux",
      boot: bootId(),
      processes: { holder: this.#network.holder, monitor, init },
      net: this.#network.net,
      namespaces,
      filter: scratchPaths(this.#spec.scratch).agentFilter,
      restrictions: this.#restrictions,
      pids: this.#spec.limits.pids,
      cgroup: this.#cgroup ?? null,
      limitsBy: limitsBy(this.#cgroup),
    });
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#running?.stopWatching();
    this.#kill();
    await sweep(this.#network.net, new Set([this.#network.holder.pid]));
    await this.#network.close();
    for (const { handle } of this.sockets) closeHandle(handle);
    if (this.#cgroup !== undefined) removeCgroup(this.#cgroup);
    removeScratch(this.#spec.scratch);
  }

  /** Ends the bottle's first process, and so all of its pid namespace. */
  #kill(): void {
    // When it has ended, its number may be another's: an agent can have turned the machine's count up to it.
    if (this.#running === undefined || !isAlive(this.#running.init)) return;
    signal(this.#running.init.pid, "SIGKILL");
  }

  #outOfMemory(): string | undefined {
    if (this.#cgroup === undefined || outOfMemoryKills(this.#cgroup) === 0) return undefined;
    return `a program of the bottle was ended at its memory limit of ${this.#spec.limits.memory} bytes`;
  }
}

function bottleCgroup(spec: PlaceSpec): Cgroup | undefined {
  const parents = findParents(ownCgroupFacts());
  if (parents === undefined) return undefined;
  try {
    return makeCgroup(spec.id, parents, spec.limits);
  } catch {
    // Delegated in name only: the watchdog serves, and the record says so.
    return undefined;
  }
}

/** As many processors as `cpus` comes to, rounded up; all of them without a limit. */
function processors(cpus: number | undefined): readonly number[] {
  const count = cpus === undefined ? 0 : Math.ceil(cpus);
  return count === 0 || count >= availableParallelism()
    ? []
    : Array.from({ length: count }, (_, index) => index);
}

/** Waits for bwrap to say who the first process is, and for the last step inside to say that all is in place. */
async function untilStarted(started: Started, status: string): Promise<Begun> {
  let code: number | undefined;
  void started.exited.then((exit) => {
    code = exit;
  });
  for (const until = performance.now() + SETUP_MS; performance.now() < until; ) {
    const text = readFileSync(status, "utf8");
    if (text.endsWith("started\n")) return parseStatus(text);
    if (code !== undefined) throw await notStarted(started, `exit ${code}`);
    await sleep(2);
  }
  signal(started.pid, "SIGKILL");
  throw await notStarted(started, "it took too long");
}

/** bwrap's `--info-fd`: JSON with the first process's pid, which now is in all of the namespaces `exec` will enter. */
function parseStatus(text: string): Begun {
  const said: unknown = JSON.parse(text.slice(0, text.lastIndexOf("}") + 1));
  const pid =
    typeof said === "object" && said !== null && "child-pid" in said ? said["child-pid"] : undefined;
  if (typeof pid !== "number") throw new Fault("bwrap did not say which process it started");
  const init = identify(pid);
  // A program can have ended by now, and its namespaces with it: no process is in one of number 0.
  const id = (kind: (typeof ENTERED)[number]): string => namespaceId(pid, kind) ?? "0";
  return {
    init,
    namespaces: {
      mnt: id("mnt"),
      pid: id("pid"),
      ipc: id("ipc"),
      uts: id("uts"),
      cgroup: id("cgroup"),
      user: id("user"),
    },
  };
}

async function notStarted(started: Started, why: string): Promise<Fault> {
  let printed = "";
  for await (const chunk of started.stderr ?? started.stdout) {
    printed = (printed + String(chunk)).slice(-SETUP_MESSAGE_BYTES);
  }
  return new Fault(
    `the bottle's sandbox could not be made (${why}): ${printable(printed.trim(), SETUP_MESSAGE_BYTES)}`,
    {
      mend: "run: bot-bottle doctor",
    },
  );
}
