import { resolve } from "node:path";
import { usageFault } from "../base/fault.ts";
import type { OperatorIo, StartRequest } from "../launch/request.ts";
import { startSession } from "../launch/start.ts";
import { operatorHome } from "./home.ts";
import { flagOption, formatIsJson, listOption, textOption, type Values } from "./options.ts";

/** `start [AGENT] [-- ARGS]` */
export async function start(
  agent: string | undefined,
  extraArgs: readonly string[],
  values: Values,
  io: OperatorIo,
): Promise<number> {
  checkPrompt(values);
  const name = agent ?? (await pickAgent(values, io));
  return startSession(
    operatorHome(io.env),
    { ...sessionRequest(values, io), kind: "agent", agent: name, extraArgs },
    io,
  );
}

/** `run -- CMD` */
export async function run(command: readonly string[], values: Values, io: OperatorIo): Promise<number> {
  if (command.length === 0) {
    throw usageFault("run needs a command", "for example: bot-bottle run --bottle dev -- bash");
  }
  return startSession(operatorHome(io.env), { ...sessionRequest(values, io), kind: "command", command }, io);
}

/** `resume ID [-- ARGS]`; the bottle's own plan says everything else. */
export async function resume(
  id: string,
  extraArgs: readonly string[],
  values: Values,
  io: OperatorIo,
): Promise<number> {
  const { resumeSession } = await import("../launch/session.ts");
  return resumeSession(operatorHome(io.env), id, { ...sessionRequest(values, io), extraArgs }, io);
}

function sessionRequest(values: Values, io: OperatorIo): StartRequest {
  const workspace = flagOption(values, "cwd") ? "." : textOption(values, "workspace");
  const mode = textOption(values, "workspaceMode");
  const settings = textOption(values, "settings");
  const prompt = textOption(values, "prompt");
  const label = textOption(values, "label");
  const color = textOption(values, "color");
  const backend = textOption(values, "backend");
  return {
    kind: "agent",
    bottles: listOption(values, "bottle"),
    headless: flagOption(values, "headless"),
    dryRun: flagOption(values, "dryRun"),
    format: formatIsJson(values) ? "json" : "text",
    yes: flagOption(values, "yes"),
    extraArgs: [],
    ...(workspace !== undefined && { workspace: resolve(io.cwd, workspace) }),
    ...((mode === "copy" || mode === "bind") && { workspaceMode: mode }),
    ...(settings !== undefined && { settingsFile: resolve(io.cwd, settings) }),
    ...(prompt !== undefined && { prompt }),
    ...(label !== undefined && { label }),
    ...(color !== undefined && { color }),
    ...(backend !== undefined && { backend }),
  };
}

function checkPrompt(values: Values): void {
  const headless = flagOption(values, "headless");
  const prompt = textOption(values, "prompt");
  if (headless && prompt === undefined) {
    throw usageFault("--headless says nothing of what to do", 'add --prompt "what the agent is to do"');
  }
  if (!headless && prompt !== undefined) {
    throw usageFault("--prompt is for a session without a terminal", "add --headless");
  }
}

async function pickAgent(values: Values, io: OperatorIo): Promise<string> {
  const { openManifests } = await import("./manifests.ts");
  const names = openManifests(io)
    .listAgents()
    .map(({ name }) => name);
  const known = names.length > 0 ? `known: ${names.join(", ")}` : "none is written yet";
  if (names.length === 0 || !io.isTerminal || flagOption(values, "headless")) {
    throw usageFault(`no agent was named; ${known}`, "bot-bottle start AGENT");
  }
  return io.pick("Which agent?", names);
}
