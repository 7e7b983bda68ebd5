import { Fault } from "../../base/fault.ts";
import type { AgentProcess, AgentSpec, PlaceRecord } from "../backend.ts";
import { start } from "./agent-process.ts";
import type { EntryFiles } from "./entry-files.ts";
import { signal } from "./proc.ts";
import { program, signalProgram } from "./program-signal.ts";
import { ENTERED, isRunning, parseRecord } from "./record.ts";
import { commonOptions, pidOption } from "./sandbox.ts";
import { tool } from "./tools.ts";

/**
 * Runs one more program in a running bottle (DESIGN §5.6): `nsenter` enters the outer user namespace and the network
 * namespace, `enter.pl` the rest, and puts the same restrictions on before it runs anything. Which bottle it is is
 * checked twice: here, for a clear message, and there, against the namespaces it has open, so that a pid that was
 * given to another process in between is never entered.
 */
export async function execInside(
  files: EntryFiles,
  kept: PlaceRecord,
  spec: Omit<AgentSpec, "caBundle">,
): Promise<AgentProcess> {
  if (process.getuid?.() === 0) throw new Fault("a bottle is never entered while this process is uid 0");
  const record = parseRecord(kept);
  if (!isRunning(record))
    throw new Fault("the bottle is not running", { mend: "bot-bottle list shows those that are" });
  const { holder, init } = record.processes;
  const started = await start({
    command: [
      tool("nsenter"),
      ...["-t", String(holder.pid), "-U", "--preserve-credentials", "-n", "--"],
      ...[tool("perl"), files.enter, "enter"],
      ...commonOptions(record.restrictions),
      pidOption(record.pids),
      `target=${init.pid}`,
      `started=${init.started}`,
      `filter=${record.filter}`,
      `net=${record.net}`,
      ...ENTERED.map((kind) => `ns=${kind}:${record.namespaces[kind]}`),
      `cwd=${spec.cwd}`,
      ...(spec.terminal === undefined ? [] : ["terminal=1"]),
      "--",
      ...spec.command,
    ],
    env: spec.env,
    terminal: spec.terminal,
  });
  const kill = (name: NodeJS.Signals) => {
    if (program(started.pid) === undefined) signal(started.pid, name);
    else signalProgram(started.pid, name);
  };
  return {
    stdin: started.stdin,
    stdout: started.stdout,
    stderr: started.stderr,
    resize: started.resize,
    kill,
    exited: started.exited.then((code) => ({ code })),
  };
}
