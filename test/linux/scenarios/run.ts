// Runs one bottle from open to close. Argument: a Job. Prints an Outcome.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { AgentSpec, PlaceRecord } from "../../../src/backends/backend.ts";
import type { Limits } from "../../../src/plan/launch-plan.ts";
import { LIMITS } from "./limits.ts";
import { agentSpec, backend, collect, type Ended, makeBottle } from "./make.ts";

export interface Program {
  /** a script for sh, or a command */
  readonly script?: string;
  readonly command?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly terminal?: boolean;
  /** sent to its standard input, which then ends */
  readonly input?: string;
}

export interface Job {
  readonly agent: Program;
  /** one after the other, while the agent runs */
  readonly execs: readonly Program[];
  readonly ports: readonly number[];
  readonly limits: Partial<Limits>;
  readonly nested: boolean;
  readonly folder: string;
  /** programs put into the home folder, base64 */
  readonly programs?: Readonly<Record<string, string>>;
  readonly caBundle?: string;
}

export interface Outcome {
  readonly agent: Ended;
  readonly execs: readonly Ended[];
  readonly record: PlaceRecord;
}

const job: Job = JSON.parse(process.argv[2] ?? "");
const made = await makeBottle(job.folder, {
  ports: job.ports,
  limits: { ...LIMITS, ...job.limits },
  nested: job.nested,
});
for (const [name, content] of Object.entries(job.programs ?? {})) {
  writeFileSync(join(made.home, name), Buffer.from(content, "base64"), { mode: 0o755 });
}

function spec(program: Program): AgentSpec {
  const base = agentSpec(program.command ?? ["/bin/sh", "-c", program.script ?? ""]);
  return {
    ...base,
    env: { ...base.env, ...program.env },
    caBundle: job.caBundle ?? base.caBundle,
    terminal: program.terminal ? { columns: 80, rows: 24, name: "xterm-256color" } : undefined,
  };
}

try {
  const agent = await made.place.startAgent(spec(job.agent));
  if (job.agent.input !== undefined) agent.stdin.end(job.agent.input);
  const ending = collect(agent);
  const record: PlaceRecord = JSON.parse(JSON.stringify(made.place.record()));
  const execs: Ended[] = [];
  for (const program of job.execs) {
    const inside = await backend.exec(record, spec(program));
    if (program.input !== undefined) inside.stdin.end(program.input);
    execs.push(await collect(inside));
  }
  if (job.execs.length > 0) agent.kill("SIGKILL");
  const outcome: Outcome = { agent: await ending, execs, record };
  process.stdout.write(JSON.stringify(outcome));
} finally {
  await made.place.close();
}
