import type { PlaceRecord, PlaceSpec } from "../backends/backend.ts";
import type { SidecarConfig } from "../sidecar/protocol.ts";
import type { OperatorAnswer, OperatorRequest } from "../sidecar/supervise/operator-request.ts";
import type { GitHost } from "./git/job.ts";

/** All that running one bottle takes: JSON, because it crosses a pipe when root drops its privileges first. */
export interface BottleJob {
  readonly id: string;
  readonly code: CodeLocation;
  readonly place: PlaceSpec;
  /** `journal` holds the descriptor numbers in the process that runs the job */
  readonly sidecar: SidecarConfig;
  readonly secrets: Readonly<Record<string, string>>;
  /** absent: no repository is declared */
  readonly git: GitHost | undefined;
  readonly agent: {
    readonly command: readonly string[];
    readonly env: Readonly<Record<string, string>>;
    readonly cwd: string;
  };
  readonly input: InputMode;
  /** file to which the agent's output is also written; it exists */
  readonly transcript: string;
}

/** One more program in a running bottle. */
export interface ExecJob {
  readonly code: CodeLocation;
  readonly record: PlaceRecord;
  /** the bottle's `scratch`, as in its PlaceSpec */
  readonly scratch: string;
  readonly agent: BottleJob["agent"];
  readonly input: InputMode;
}

/** Where our own code and node are, as the process that runs the job sees them. */
export interface CodeLocation {
  readonly nodePath: string;
  readonly folder: string;
}

/** The operator's terminal through a pty of the bottle's own, a pipe from their stdin, or an empty stdin. */
export type InputMode =
  | { readonly kind: "terminal"; readonly name: string }
  | { readonly kind: "pipe" }
  | { readonly kind: "none" };

/** A lifecycle event that others than the job ask for: an `exec`. */
export interface RecordedEvent {
  readonly event: string;
  readonly [detail: string]: string;
}

/** Resolves to whether it is in the journal. */
export type RecordWriter = (event: RecordedEvent) => Promise<boolean>;

/** Passes on what the operator asks about proposals. Undefined: nobody answers. */
export type Superviser = (request: OperatorRequest) => Promise<OperatorAnswer | undefined>;

/** What the job tells while it runs and what it can be told; across processes when staged. */
export interface JobChannel {
  running(place: PlaceRecord): void;
  notice(line: string): void;
  /** settles when the operator asks for the bottle's end */
  readonly stopRequested: Promise<string>;
  /** the operator's first Ctrl-C where the agent has no terminal: it is passed on */
  onInterrupt(listener: () => void): void;
  /** lifecycle events that others ask to have recorded (an `exec`) */
  onRecord(write: RecordWriter): void;
  /** what the operator asks about proposals */
  onSupervise(ask: Superviser): void;
}

export interface JobResult {
  readonly code: number;
  /** why bot-bottle ended the agent, when it did */
  readonly reason?: string;
}
