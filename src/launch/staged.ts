import type { ChildProcess } from "node:child_process";
import { existsSync, realpathSync } from "node:fs";
import { dirname, join } from "node:path";
import type { PlaceRecord } from "../backends/backend.ts";
import { Fault } from "../base/fault.ts";
import type { OperatorAnswer, OperatorRequest } from "../sidecar/supervise/operator-request.ts";
import { Calls } from "./calls.ts";
import type { BottleJob, CodeLocation, ExecJob, JobChannel, JobResult, RecordedEvent } from "./job.ts";
import { SUPERVISE_MS } from "./limits.ts";
import { spawnStage } from "./spawn-stage.ts";

/**
 * Root's way to run a job. A child in a mount namespace of its own binds what the bottle needs to places the dropped
 * uid can reach (its own folders may lie under /root), gives up root for good, and then runs the very code an ordinary
 * user's launcher runs. Root itself stays outside: it waits, and clears up afterwards.
 */

/** Mount point of the stage, inside the child's mount namespace only. The host sees an empty folder. */
export const STAGE = "/run/bot-bottle";

export interface StageOrder {
  readonly uid: number;
  readonly gid: number;
  /** host path, without a symlink in it -> path on the stage */
  readonly binds: readonly { readonly source: string; readonly target: string }[];
  /** module on the stage that runs the job */
  readonly module: string;
  readonly work: StagedWork;
}

/** The job with every path as it is on the stage. */
export type StagedWork =
  | { readonly kind: "bottle"; readonly job: BottleJob }
  | { readonly kind: "exec"; readonly job: ExecJob };

export type ToStage =
  | { readonly type: "order"; readonly order: StageOrder }
  | { readonly type: "stop"; readonly why: string }
  | { readonly type: "interrupt" }
  | {
      readonly type: "record";
      readonly event: RecordedEvent;
    }
  | { readonly type: "supervise"; readonly call: number; readonly request: OperatorRequest };

export type FromStage =
  | { readonly type: "running"; readonly place: Parameters<JobChannel["running"]>[0] }
  | { readonly type: "notice"; readonly line: string }
  | { readonly type: "recorded"; readonly ok: boolean }
  | { readonly type: "supervised"; readonly call: number; readonly answer: OperatorAnswer | undefined }
  | { readonly type: "result"; readonly result: JobResult }
  | {
      readonly type: "fault";
      readonly message: string;
      readonly mend: string | undefined;
      readonly exitCode: number;
    };

/** Gives every host path that the job names a place on the stage. */
class Stage {
  readonly binds: { source: string; target: string }[] = [];

  put(source: string): string {
    const known = this.binds.find((bind) => bind.source === source);
    if (known) return known.target;
    const target = `${STAGE}/m${this.binds.length}`;
    this.binds.push({ source, target });
    return target;
  }

  code(code: CodeLocation): CodeLocation {
    const folder = `${STAGE}/app/dist`;
    this.binds.push({ source: code.folder, target: folder });
    const terminal = join(dirname(code.folder), "node_modules", "@lydell");
    if (existsSync(terminal)) {
      this.binds.push({ source: realpathSync(terminal), target: `${STAGE}/app/node_modules/@lydell` });
    }
    return { folder, nodePath: this.put(code.nodePath) };
  }
}

function stageWork(work: StagedWork): { work: StagedWork; stage: Stage } {
  const stage = new Stage();
  const code = stage.code(work.job.code);
  if (work.kind === "exec") {
    const scratch = stage.put(work.job.scratch);
    const record = movePaths(work.job.record, work.job.scratch, scratch);
    return { stage, work: { kind: "exec", job: { ...work.job, code, record, scratch } } };
  }
  const { job } = work;
  const place = {
    ...job.place,
    scratch: stage.put(job.place.scratch),
    mounts: job.place.mounts.map((mount) => ({ ...mount, source: stage.put(mount.source) })),
  };
  return {
    stage,
    work: {
      kind: "bottle",
      job: { ...job, code, place, git: stageGit(job.git, stage), transcript: stage.put(job.transcript) },
    },
  };
}

/** Mirrors and the folder of pushes; gitleaks, where it may lie in a home folder. */
function stageGit(git: BottleJob["git"], stage: Stage): BottleJob["git"] {
  if (git === undefined) return undefined;
  const { gitleaks } = git;
  return {
    folder: stage.put(git.folder),
    repos: Object.fromEntries(
      Object.entries(git.repos).map(([name, repo]) => [name, { ...repo, mirror: stage.put(repo.mirror) }]),
    ),
    gitleaks:
      gitleaks?.kind === "program"
        ? { ...gitleaks, path: stage.put(gitleaks.path) }
        : gitleaks && { ...gitleaks, folder: stage.put(gitleaks.folder), node: stage.put(gitleaks.node) },
  };
}

/** A place's record names files of the bottle's scratch: in metadata.json by their host path, on a stage by its own. */
function movePaths(record: PlaceRecord, from: string, to: string): PlaceRecord {
  const moved = (value: unknown) =>
    typeof value === "string" && value.startsWith(`${from}/`) ? to + value.slice(from.length) : value;
  const facts = Object.entries(record).map(([name, value]) => [name, moved(value)] as const);
  return { ...record, ...Object.fromEntries(facts) };
}

/**
 * Runs `work` as `uid`/`gid` on a stage. `started`: a child of `spawnStage`.
 * Throws the `Fault` that the child met.
 */
export async function runStaged(
  work: StagedWork,
  owner: { readonly uid: number; readonly gid: number },
  channel: JobChannel,
  started?: ChildProcess,
): Promise<JobResult> {
  const staged = stageWork(work);
  const onHost = (record: PlaceRecord) =>
    work.kind === "bottle" && staged.work.kind === "bottle"
      ? movePaths(record, staged.work.job.place.scratch, work.job.place.scratch)
      : record;
  const child =
    started ?? spawnStage(work.job.code, work.kind === "bottle" ? work.job.sidecar.journal : undefined);
  const tell = (message: ToStage) => child.connected && child.send(message, () => {});
  const records: ((ok: boolean) => void)[] = [];
  const supervised = new Calls<OperatorAnswer>();
  const ended = new Promise<JobResult>((resolve, reject) => {
    child.on("message", (message: FromStage) => {
      if (message.type === "running") channel.running(onHost(message.place));
      else if (message.type === "notice") channel.notice(message.line);
      else if (message.type === "recorded") records.shift()?.(message.ok);
      else if (message.type === "supervised") supervised.answer(message.call, message.answer);
      else if (message.type === "result") resolve(message.result);
      else {
        const { mend, exitCode } = message;
        reject(new Fault(message.message, mend === undefined ? { exitCode } : { exitCode, mend }));
      }
    });
    child.once("error", reject);
    child.once("exit", (code, signal) => {
      for (const settle of records.splice(0)) settle(false);
      supervised.end();
      reject(new Fault(`the launcher's unprivileged half ended with ${signal ?? `exit code ${code}`}`));
    });
  });
  // one descriptor a file: the order holds the numbers the child has them under
  const inherited: StagedWork =
    staged.work.kind === "bottle"
      ? {
          kind: "bottle",
          job: {
            ...staged.work.job,
            sidecar: { ...staged.work.job.sidecar, journal: { lines: 4, head: 5 } },
          },
        }
      : staged.work;
  tell({
    type: "order",
    order: {
      ...owner,
      binds: staged.stage.binds,
      module: `${STAGE}/app/dist/staged-job.js`,
      work: inherited,
    },
  });
  channel.onRecord(
    (event) =>
      new Promise((resolve) => {
        records.push(resolve);
        if (!tell({ type: "record", event })) resolve(false);
      }),
  );
  channel.onSupervise(async (request) =>
    child.connected
      ? await supervised.ask((call) => tell({ type: "supervise", call, request }), 2 * SUPERVISE_MS)
      : undefined,
  );
  channel.onInterrupt(() => tell({ type: "interrupt" }));
  void channel.stopRequested.then((why) => tell({ type: "stop", why }));
  return await ended;
}
