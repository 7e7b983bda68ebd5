import type { PlaceRecord } from "../backends/backend.ts";
import type { JobChannel, RecordWriter } from "./job.ts";
import type { OperatorIo } from "./request.ts";
import { handleSignals } from "./signals.ts";

/** The operator's end of a job: stops it on a signal or on request, and can have lifecycle events recorded. */
export interface LocalChannel {
  readonly channel: JobChannel;
  stop(why: string): void;
  record: RecordWriter;
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
  return {
    stop,
    record: async (event) => (write ? await write(event) : false),
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
    },
  };
}
