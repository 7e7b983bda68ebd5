import { Fault, usageFault } from "../base/fault.ts";
import type { LaunchPlan } from "../plan/launch-plan.ts";
import { describeReach } from "../plan/reach.ts";
import { hasChanges } from "../workspace/changes.ts";
import { copyWorkspace } from "../workspace/copy.ts";
import { refuseSecondBind, watchBoundFolder } from "./bound-folder.ts";
import { canaryOf, keepCanary, readCanary } from "./canary.ts";
import { linuxBackend } from "./code-location.ts";
import { gitConfig } from "./git-config.ts";
import { HeadStart } from "./head-start.ts";
import type { InputMode } from "./job.ts";
import { launch, type Prepared } from "./launch.ts";
import type { Owner } from "./owner.ts";
import { type HomePaths, journalPaths, statePaths } from "./paths.ts";
import { planSession } from "./plan-session.ts";
import { isAlive } from "./process-id.ts";
import type { OperatorIo, StartRequest } from "./request.ts";
import { readRules } from "./rule-file.ts";
import { resolveSecrets } from "./secrets.ts";
import { spentBefore } from "./spent.ts";
import { createState, findBottle, prepareHome, removeState, writeHomeFiles } from "./state.ts";
import { upstreamConfig } from "./upstream-config.ts";

const MAKE_ROOM = "make room, run `bot-bottle cleanup`, or set BOT_BOTTLE_HOME to a folder on another disk";

/** One session, as it was asked for. */
export interface Session {
  readonly home: HomePaths;
  readonly id: string;
  readonly request: StartRequest;
  readonly io: OperatorIo;
  /** what was started already */
  readonly head?: HeadStart | undefined;
  /** whose the files of a resumed bottle are; undefined: a new one */
  readonly kept?: Owner;
}

/** Starts a kept bottle again, with its home and its workspace as the agent left them; manifests are read anew. */
export async function resumeSession(
  home: HomePaths,
  text: string,
  request: StartRequest,
  io: OperatorIo,
): Promise<number> {
  const metadata = findBottle(home, text);
  const { id, launcher, phase, place } = metadata;
  if (phase !== "exited" && isAlive(launcher))
    throw usageFault(`${id} is running`, `bot-bottle exec ${id} -- CMD`);
  // its launcher died: end what it may have left running before the same files get a second agent
  if (phase !== "exited" && place) await linuxBackend().reap(place);
  const { prompt: _answered, ...asked } = metadata.request;
  const again: StartRequest = {
    ...asked,
    headless: request.headless,
    dryRun: request.dryRun,
    format: request.format,
    yes: request.yes,
    extraArgs: request.extraArgs,
    ...(request.prompt !== undefined && { prompt: request.prompt }),
    ...(request.settingsFile !== undefined && { settingsFile: request.settingsFile }),
    ...(request.bottles.length > 0 && { bottles: request.bottles }),
  };
  return await runSession({ home, id, request: again, io, kept: { uid: metadata.uid, gid: metadata.gid } });
}

/** Runs a session to its end. Throws `Fault`; what the head start made is gone then, too. */
export async function runSession(session: Session): Promise<number> {
  const { home, id, head, kept } = session;
  let launched = false;
  try {
    const prepared = await prepare(session);
    if (prepared === undefined) return 0;
    launched = true;
    return await runPrepared(session, prepared);
  } finally {
    await head?.close();
    if (!launched && kept === undefined && head) removeState(home, id);
  }
}

/** Plans, asks, and makes the state. Undefined: there is nothing to launch. */
async function prepare({ home, id, request, io, kept }: Session): Promise<Prepared | undefined> {
  const { plan, settings, known, owner } = await planSession(home, id, request, io, kept);
  for (const line of [...plan.notices, ...plan.notEnforced]) io.notice(line);
  const rules = readRules(plan.dlpRules, home.root, io);
  const canaryFile = statePaths(home, id).canary;
  if (request.dryRun) {
    const reach = describeReach({ ...plan, canary: readCanary(canaryFile)?.name });
    io.stdout.write(
      request.format === "json" ? `${JSON.stringify(plan, undefined, 2)}\n` : `${reach.join("\n")}\n`,
    );
    return undefined;
  }
  // a name of the vault is as taken as one of the environment
  const taken = new Set([...Object.keys(plan.env), ...plan.secrets.map(({ name }) => name)]);
  const canary = canaryOf(canaryFile, taken);
  if (request.kind === "agent") {
    for (const line of describeReach({ ...plan, canary: canary.name })) io.notice(line);
    if (io.isTerminal && !request.headless && !request.yes && !(await io.confirm("Start it?")))
      return undefined;
  }
  const secrets = await resolveSecrets(plan.secrets, settings.secrets, io, known);
  const upstream = upstreamConfig(settings, io.env);
  prepareHome(home);
  refuseSecondBind(home, plan.workspace);
  try {
    await prepareState(home, plan, owner, io, kept !== undefined);
    keepCanary(canaryFile, canary);
  } catch (error) {
    if (kept === undefined) removeState(home, id);
    throw spaceFault(error, home);
  }
  const spent = kept === undefined ? [] : await spentBefore(journalPaths(home, id));
  return { plan, secrets, canary, rules, upstream, spent, owner, request, input: inputMode(request, io) };
}

async function runPrepared({ home, io, head, kept }: Session, prepared: Prepared): Promise<number> {
  const { plan } = prepared;
  const appeared = watchBoundFolder(plan.workspace);
  let started = head;
  try {
    started ??= new HeadStart(home, plan.id);
    const result = await launch(prepared, started, home, io);
    if (result.reason !== undefined) io.notice(`${plan.id} was ended: ${result.reason}`);
    if (/\b(ENOSPC|EDQUOT)\b/.test(result.reason ?? "")) io.notice(`  → ${MAKE_ROOM}`);
    for (const line of appeared()) io.notice(line);
    await keepOrRemove(home, plan, result.code, io);
    return result.code;
  } catch (error) {
    await started?.close();
    if (kept === undefined) removeState(home, plan.id);
    throw spaceFault(error, home);
  } finally {
    await started?.close();
  }
}

/** The folders, the workspace copy (made once, kept by `resume`) and the provider's files. */
async function prepareState(
  home: HomePaths,
  plan: LaunchPlan,
  owner: Owner,
  io: OperatorIo,
  resumed: boolean,
): Promise<void> {
  const paths = statePaths(home, plan.id);
  createState(home, plan.id, owner);
  const { source, mode, include, exclude } = plan.workspace;
  if (source !== undefined && mode === "copy" && !resumed) {
    const root = process.getuid?.() === 0;
    const report = await copyWorkspace({
      source,
      target: paths.workspace,
      base: paths.base,
      include,
      exclude,
      ...(root && { owner }),
    });
    for (const line of report.notices) io.notice(line);
  }
  writeHomeFiles(paths.agentHome, [...plan.files, gitConfig(plan)], owner);
}

/** SPEC §8: success leaves nothing but the journal, unless there is work that was not applied. */
async function keepOrRemove(home: HomePaths, plan: LaunchPlan, code: number, io: OperatorIo): Promise<void> {
  const { id } = plan;
  const changed = plan.workspace.mode === "copy" && (await hasChanges(statePaths(home, id)));
  if (code === 0 && !changed) {
    removeState(home, id);
    return;
  }
  if (changed) {
    io.notice(`${id}: the workspace has changes`);
    io.notice(`  look:  bot-bottle diff ${id}`);
    if (plan.workspace.source !== undefined) io.notice(`  take:  bot-bottle apply ${id}`);
  }
  if (code !== 0) io.notice(`${id} ended with ${code}; go on with: bot-bottle resume ${id}`);
}

function inputMode(request: StartRequest, io: OperatorIo): InputMode {
  // an agent with a prompt reads a piped stdin as part of it: it gets an empty one
  if (request.headless) return { kind: "none" };
  if (io.stdin.isTTY && io.stdout.isTTY) return { kind: "terminal", name: io.env.TERM ?? "xterm-256color" };
  return { kind: "pipe" };
}

function spaceFault(error: unknown, home: HomePaths): unknown {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  if (code === "ENOSPC" || code === "EDQUOT") {
    return new Fault(`the disk that holds ${home.root} is full`, {
      mend: MAKE_ROOM,
      cause: error,
    });
  }
  return error;
}
