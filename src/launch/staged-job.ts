import { Fault } from "../base/fault.ts";
import { runBottle } from "./bottle-job.ts";
import { runExec } from "./exec-job.ts";
import type { JobChannel, RecordWriter, Superviser } from "./job.ts";
import type { FromStage, StagedWork, ToStage } from "./staged.ts";

/** What dist/stage.js imports from the stage before it drops root. */
export interface StagedJobModule {
  runStagedJob(work: StagedWork): Promise<void>;
}

/** Runs the job in this process, which has dropped root, and reports over IPC; then exits. */
export async function runStagedJob(work: StagedWork): Promise<void> {
  const tell = (message: FromStage) =>
    new Promise<void>((resolve) => {
      if (process.connected) process.send?.(message, () => resolve());
      else resolve();
    });
  let write: RecordWriter | undefined;
  let ask: Superviser | undefined;
  const channel: JobChannel = {
    running: (place) => void tell({ type: "running", place }),
    notice: (line) => void tell({ type: "notice", line }),
    onRecord: (writer) => {
      write = writer;
    },
    onSupervise: (superviser) => {
      ask = superviser;
    },
    onInterrupt: (listener) => {
      process.on("message", (message: ToStage) => {
        if (message.type === "interrupt") listener();
      });
    },
    stopRequested: new Promise((resolve) => {
      process.on("message", (message: ToStage) => {
        if (message.type === "stop") resolve(message.why);
        if (message.type === "record") {
          const recorded = write ? write(message.event) : Promise.resolve(false);
          void recorded.then((ok) => tell({ type: "recorded", ok }));
        }
        if (message.type === "supervise") {
          const { call, request } = message;
          const answered = ask ? ask(request) : Promise.resolve(undefined);
          void answered.then((answer) => tell({ type: "supervised", call, answer }));
        }
      });
      process.once("disconnect", () => resolve("the launcher is gone"));
      process.on("SIGTERM", () => resolve("SIGTERM"));
      // Ctrl-C and a closed terminal reach the whole group: root's half has them too, and passes them on
      process.on("SIGHUP", () => {});
      process.on("SIGINT", () => {});
    }),
  };
  try {
    const result =
      work.kind === "bottle" ? await runBottle(work.job, channel) : await runExec(work.job, channel);
    await tell({ type: "result", result });
    process.exit(0);
  } catch (error) {
    const fault =
      error instanceof Fault ? error : new Fault(error instanceof Error ? error.message : String(error));
    await tell({ type: "fault", message: fault.message, mend: fault.mend, exitCode: fault.exitCode });
    process.exit(125);
  }
}
