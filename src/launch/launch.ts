import { rmSync } from "node:fs";
import type { Mount, PlaceRecord } from "../backends/backend.ts";
import { EXIT_FAILED, Fault } from "../base/fault.ts";
import type { Secret } from "../base/secret.ts";
import type { JournalDescriptors } from "../journal/open.ts";
import { JournalWriter } from "../journal/writer.ts";
import type { LaunchPlan } from "../plan/launch-plan.ts";
import type { Spent } from "../policy/quota.ts";
import { PROXY_PORT } from "../sidecar/limits.ts";
import type { UpstreamConfig } from "../sidecar/protocol.ts";
import { bindCovers } from "../workspace/covers.ts";
import { runBottle } from "./bottle-job.ts";
import { createLocalChannel } from "./channel.ts";
import { codeLocation } from "./code-location.ts";
import { serveControl } from "./control.ts";
import { agentEnvironment } from "./environment.ts";
import { type OpenGit, openGit } from "./git/open-git.ts";
import type { HeadStart } from "./head-start.ts";
import type { BottleJob, InputMode, JobResult } from "./job.ts";
import type { Metadata } from "./metadata.ts";
import type { Owner } from "./owner.ts";
import { controlSocket, type HomePaths, statePaths } from "./paths.ts";
import { ownProcessId } from "./process-id.ts";
import type { OperatorIo, StartRequest } from "./request.ts";
import { sidecarSecrets } from "./secrets.ts";
import { runStaged } from "./staged.ts";
import { mountablePaths, writeMetadata } from "./state.ts";

/** A plan with everything it needs: state made, workspace copied, secrets found. */
export interface Prepared {
  readonly plan: LaunchPlan;
  /** of the plan, all */
  readonly secrets: ReadonlyMap<string, Secret>;
  readonly upstream: UpstreamConfig;
  /** a made-up secret, put into the environment under its name */
  readonly canary: Secret;
  /** text of the bottle's rule file */
  readonly rules: string | undefined;
  /** of whole-life quotas, before a resume */
  readonly spent: readonly Spent[];
  readonly owner: Owner;
  readonly input: InputMode;
  readonly request: StartRequest;
}

/**
 * Runs the prepared bottle, with what `head` has started, to its end, keeps metadata and journal, and clears up all but its state.
 * Throws when no agent was started; what goes wrong later is the result's reason, and the agent's work stays.
 */
export async function launch(
  prepared: Prepared,
  head: HeadStart,
  home: HomePaths,
  io: OperatorIo,
): Promise<JobResult> {
  const { plan, owner } = prepared;
  let metadata: Metadata = {
    id: plan.id,
    createdAt: new Date().toISOString(),
    request: prepared.request,
    plan,
    phase: "preparing",
    launcher: ownProcessId(),
    ...owner,
  };
  let failure: string | undefined;
  let git: OpenGit | undefined;
  const local = createLocalChannel(io, (place: PlaceRecord) => {
    metadata = { ...metadata, phase: "running", place };
    failure = whyNot("its state could not be written", () => writeMetadata(home, metadata));
    // what `exec`, `stop` and `cleanup` could not find must not run
    if (failure !== undefined) local.stop(failure);
  });
  const control = await serveControl(controlSocket(home, plan.id), {
    stop: local.stop,
    record: (event) => local.record(event),
    supervise: (request) => local.supervise(request),
  });
  try {
    return await noted(head.journal, plan.id, async (note) => {
      writeMetadata(home, metadata);
      note({
        event: "created",
        agent: plan.agent ?? null,
        bottles: plan.bottles,
        hosts: plan.egress.routes.map((route) => route.host),
        canary: prepared.canary.name,
        uid: owner.uid,
      });
      git = await openGit(prepared, home, io);
      const job = makeJob(prepared, git, home, head.journal);
      const running =
        process.getuid?.() === 0
          ? runStaged({ kind: "bottle", job }, owner, local.channel, head.stage)
          : runBottle(job, local.channel, head.begun);
      const result = await running.catch((error: unknown): JobResult => {
        if (metadata.phase !== "running") throw error;
        return { code: EXIT_FAILED, reason: messageOf(error) };
      });
      failure ??= whyNot("its end could not be recorded", () => {
        note({ event: "stopped", code: result.code, reason: result.reason ?? null });
        metadata = {
          ...metadata,
          phase: "exited",
          exitCode: result.code,
          exitedAt: new Date().toISOString(),
        };
        writeMetadata(home, metadata);
      });
      return failure === undefined ? result : { code: EXIT_FAILED, reason: failure };
    });
  } finally {
    control.close();
    rmSync(statePaths(home, plan.id).scratch, { recursive: true, force: true });
    for (const line of (await git?.release()) ?? []) io.notice(line);
  }
}

type Note = (event: { event: string; [detail: string]: string | number | readonly string[] | null }) => void;

/** Does `work`, whose lifecycle events go into the journal; when it throws, the journal's last line says why. */
async function noted<T>(
  journal: JournalDescriptors,
  id: string,
  work: (note: Note) => Promise<T>,
): Promise<T> {
  const note: Note = (event) => {
    // only while no sidecar is: a journal has one writer at a time
    const writer = JournalWriter.onDescriptors(journal, id, (error) => {
      throw error;
    });
    writer.append({ kind: "lifecycle", ...event }, Date.now());
    writer.flush();
  };
  try {
    return await work(note);
  } catch (error) {
    // on a full disk the first error is the one to show
    whyNot("", () => note({ event: "launch_failed", message: messageOf(error).slice(0, 1000) }));
    throw error;
  }
}

/** Undefined: done. Else what could not be done, and why. */
function whyNot(what: string, write: () => void): string | undefined {
  try {
    write();
    return undefined;
  } catch (error) {
    return `${what}: ${messageOf(error)}`;
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The job in this host's own paths; `runStaged` moves them to the stage. */
function makeJob(
  { plan, secrets, canary, rules, upstream, spent, input }: Prepared,
  git: OpenGit,
  home: HomePaths,
  journal: { readonly lines: number; readonly head: number },
): BottleJob {
  const paths = mountablePaths(home, plan.id);
  const held = sidecarSecrets(plan.secrets, secrets);
  return {
    id: plan.id,
    code: codeLocation(),
    place: {
      id: plan.id,
      ports: [...new Set([80, 443, PROXY_PORT, ...plan.egress.routes.flatMap((route) => route.ports)])],
      mounts: [
        { source: paths.agentHome, target: "/home/agent", writable: true },
        ...workspaceMounts(plan, paths.workspace),
        ...plan.programs.map((program) => ({ ...program, writable: false })),
      ],
      scratch: paths.scratch,
      limits: plan.limits,
      nested: plan.nested,
    },
    sidecar: {
      id: plan.id,
      log: plan.egress.log,
      routes: plan.egress.routes,
      gitHosts: plan.gitHosts,
      git: git.repos,
      supervise: plan.supervise,
      quotas: plan.quotas,
      spent,
      canary: canary.name,
      rules,
      bottleSecrets: [...held.keys()],
      upstream,
      journal,
    },
    secrets: Object.fromEntries(
      [...held, [canary.name, canary] as const].map(([name, secret]) => [name, secret.reveal()]),
    ),
    git: git.host,
    agent: {
      command: plan.command,
      env: {
        ...agentEnvironment({ id: plan.id, terminal: input.kind === "terminal" ? input.name : undefined }),
        ...Object.fromEntries(
          Object.entries(plan.env).map(([name, value]) => [name, environmentValue(name, value, secrets)]),
        ),
        [canary.name]: canary.reveal(),
      },
      cwd: "/workspace",
    },
    input,
    transcript: paths.transcript,
  };
}

function environmentValue(
  name: string,
  value: LaunchPlan["env"][string],
  secrets: ReadonlyMap<string, Secret>,
): string {
  if ("literal" in value) return value.literal;
  const secret = secrets.get(value.secret);
  if (!secret) throw new Fault(`env.${name}: no value was found`);
  return secret.reveal();
}

function workspaceMounts(plan: LaunchPlan, copy: string): Mount[] {
  const { mode, source } = plan.workspace;
  if (mode === "copy" || source === undefined)
    return [{ source: copy, target: "/workspace", writable: true }];
  return [{ source, target: "/workspace", writable: true }, ...bindCovers(source)];
}
