import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { copyFileSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { EXIT_FAILED, Fault } from "../../base/fault.ts";
import { printable } from "../../base/printable.ts";
import { codeLocation } from "../../launch/code-location.ts";
import { homePaths, journalPaths } from "../../launch/paths.ts";
import type { OperatorIo } from "../../launch/request.ts";
import type { Evidence, JournalLine } from "./judge.ts";
import { ALLOWED_HOST, type DemoOperator, makeOperator, OTHER_HOST } from "./operator.ts";
import type { Mission, Report } from "./outcome.ts";
import { startOutside } from "./outside.ts";
import { printFindings, printIntroduction, printNextSteps } from "./print.ts";
import { rowsOf } from "./rows.ts";

const TOKEN_PREFIX = "demo-token-";
/** A demo that takes longer has failed. */
const PATIENCE_MS = 120_000;
const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/**
 * Runs a hostile agent in a real bottle, started with this very program, and judges each attempt by what the agent saw,
 * what a local upstream received and what the journal says. Exit code 0 when nothing got out, 1 when something did.
 */
export async function runDemo(io: OperatorIo): Promise<number> {
  const outside = await startOutside();
  const token = `${TOKEN_PREFIX}${randomBytes(16).toString("hex")}`;
  const operator = makeOperator(token, { port: outside.upstreamPort, ca: outside.ca });
  try {
    printIntroduction(io);
    const script = join(codeLocation().folder, "demo-agent.js");
    copyFileSync(script, join(operator.workspace, "agent.mjs"));
    const mission: Mission = {
      allowed: ALLOWED_HOST,
      other: OTHER_HOST,
      tokenPrefix: TOKEN_PREFIX,
      operatorFile: operator.secretFile,
      hostPort: outside.hostPort,
      hostSocket: outside.hostSocket,
    };
    const deployKey = randomBytes(24).toString("base64url");
    const run = await callProgram(io, operator, { DEMO_TOKEN: token, DEMO_KEY: deployKey }, [
      ...["run", "--bottle", "demo", "--workspace", operator.workspace, "--headless", "--yes"],
      ...["--", "node", "/workspace/agent.mjs", JSON.stringify(mission)],
    ]);
    if (run.code !== 0) {
      io.stderr.write(run.stderr);
      throw new Fault(`the demo's bottle ended with exit code ${run.code}`, {
        mend: "see what is missing: bot-bottle doctor",
        exitCode: EXIT_FAILED,
      });
    }
    const journal = readJournal(operator);
    const evidence: Evidence = {
      token,
      upstream: outside.seen,
      trapsTouched: outside.trapsTouched,
      records: journal.records,
    };
    const verify = await callProgram(io, operator, {}, ["audit", "verify", journal.id]);
    const safe = printFindings(io, rowsOf(readReports(run.stdout), evidence), {
      records: journal.records.length,
      verified: verify.code === 0,
    });
    if (safe) printNextSteps(io);
    return safe ? 0 : 1;
  } finally {
    outside.close();
    rmSync(operator.folder, { recursive: true, force: true });
  }
}

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** This program once more, as the throw-away operator. */
function callProgram(
  io: OperatorIo,
  operator: DemoOperator,
  secrets: Readonly<Record<string, string>>,
  args: readonly string[],
): Promise<Ended> {
  const { nodePath, folder } = codeLocation();
  const child = spawn(nodePath, [join(folder, "start.js"), ...args], {
    cwd: operator.workspace,
    env: {
      ...secrets,
      // the agent is run by the node that runs us
      PATH: `${dirname(nodePath)}:${io.env.PATH ?? "/usr/bin:/bin:/usr/sbin:/sbin"}`,
      HOME: dirname(operator.home),
      BOT_BOTTLE_HOME: operator.home,
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const stop = () => void child.kill("SIGTERM");
  const timer = setTimeout(stop, PATIENCE_MS);
  // Ctrl-C ends the bottle; the folder is then removed on the way out as always
  for (const signal of SIGNALS) process.on(signal, stop);
  let stdout = "";
  let stderr = "";
  child.stdout.on("data", (chunk: Buffer) => {
    stdout += chunk.toString("utf8");
  });
  child.stderr.on("data", (chunk: Buffer) => {
    stderr += chunk.toString("utf8");
  });
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => {
      clearTimeout(timer);
      for (const signal of SIGNALS) process.off(signal, stop);
      resolve({ code: code ?? EXIT_FAILED, stdout, stderr });
    });
  });
}

function readReports(stdout: string): Report[] {
  return stdout
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line) as Report);
}

/** The one journal there is. */
function readJournal(operator: DemoOperator): { readonly id: string; readonly records: JournalLine[] } {
  const home = homePaths(operator.home);
  const file = readdirSync(home.journal).find((name) => name.endsWith(".jsonl"));
  if (file === undefined) throw new Fault(`no journal was written in ${printable(home.journal)}`);
  const id = file.slice(0, -".jsonl".length);
  const lines = readFileSync(journalPaths(home, id).lines, "utf8").split("\n");
  return { id, records: lines.filter((line) => line !== "").map((line) => JSON.parse(line) as JournalLine) };
}
