import type { PlaceRecord } from "../backends/backend.ts";
import type { JobChannel, RecordWriter, Superviser } from "./job.ts";
import type { OperatorIo } from "./request.ts";
import { handleSignals } from "./signals.ts";

/** The operator's end of a job: stops it on a signal or on request, has lifecycle events recorded and proposals decided. */
export interface LocalChannel {
  readonly channel: JobChannel;
  stop(why: string): void;
  record: RecordWriter;
  supervise: Superviser;
}

export function createLocalChannel(
  io: OperatorIo,
  running: (place: PlaceRecord) => void = () => {},
): LocalChannel {
  let stop: (why: string) => void = () => {};
  const stopRequested = new Promise<string>((resolve) => {
    stop = resolve;
  });
  let interrupt: () => void = () => {};
  handleSignals({ stop, interrupt: () => interrupt() });
  let write: RecordWriter | undefined;
  let ask: Superviser | undefined;
  return {
    stop,
    record: async (event) => (write ? await write(event) : false),
    supervise: async (request) => await ask?.(request),
    channel: {
      running,
      notice: (line) => io.notice(line),
      stopRequested,
      onInterrupt: (listener) => {
        interrupt = listener;
      },
      onRecord: (writer) => {
        write = writer;
      },
      onSupervise: (superviser) => {
        ask = superviser;
      },
    },
  };
}
