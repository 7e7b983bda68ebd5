import type { ChildProcess } from "node:child_process";
import type { Limits } from "../plan/launch-plan.ts";

/** One prerequisite of a backend, as `doctor` prints it. */
export interface Check {
  readonly name: string;
  readonly ok: boolean;
  /** what was found: a version, a path, a reason */
  readonly found: string;
  /** the one line that mends it; present when not ok */
  readonly mend?: string;
}

/** A path of the host that is visible in the bottle. */
export interface Mount {
  readonly source: string;
  readonly target: string;
  readonly writable: boolean;
}

/** Everything a backend needs to make the isolated place. JSON: it crosses a pipe when root drops privileges first. */
export interface PlaceSpec {
  readonly id: string;
  /** TCP ports whose connections the sidecar takes, besides DNS */
  readonly ports: readonly number[];
  /** home, workspace, agent programs; in the order they are mounted */
  readonly mounts: readonly Mount[];
  /** folder of this bottle for the backend's own small files (hosts, passwd, CA bundle, seccomp filter); not visible inside but for what is bound */
  readonly scratch: string;
  readonly limits: Limits;
  /** allow user namespaces inside (`isolation.nested`) */
  readonly nested: boolean;
}

export interface AgentSpec {
  readonly command: readonly string[];
  /** complete: nothing of the host's environment is added */
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  /**
   * PEM bundle for the bottle's system trust store: the system's certificates and the bottle's CA. Everything around the
   * program may be made before it is there, the program's first instruction comes after.
   */
  readonly caBundle: string | Promise<string>;
  /** the bottle's own pty, or pipes */
  readonly terminal: { readonly columns: number; readonly rows: number; readonly name: string } | undefined;
}

/** A program running in the bottle. With a terminal, everything it prints comes on `stdout`. */
export interface AgentProcess {
  readonly stdin: NodeJS.WritableStream;
  readonly stdout: NodeJS.ReadableStream;
  /** undefined with a terminal */
  readonly stderr: NodeJS.ReadableStream | undefined;
  resize(columns: number, rows: number): void;
  /** to the program's session: Ctrl-C goes through the terminal, this is for stopping */
  kill(signal: NodeJS.Signals): void;
  /** `code` as a shell says it: 128+n for a signal; `reason` when a limit ended it */
  readonly exited: Promise<{ readonly code: number; readonly reason?: string }>;
}

/** A socket bound inside the bottle's network, not listening yet. `handle` is sent on with `child.send`. */
export interface BoundSocket {
  readonly kind: "tcp" | "udp";
  readonly port: number;
  readonly handle: unknown;
}

/** What `exec`, `stop`, `list` and `cleanup` need to find a running bottle again; kept in metadata.json. */
export interface PlaceRecord {
  readonly backend: string;
  /** pid and start time (field 22 of /proc/PID/stat) of each process, so that a reused pid is never touched */
  readonly processes: Readonly<Record<string, { readonly pid: number; readonly started: string }>>;
  readonly [fact: string]: unknown;
}

/** The isolated place: network closed, nothing running in it until `startAgent`. */
export interface Place {
  /** sockets for the sidecar; each is handed over once */
  readonly sockets: readonly BoundSocket[];
  startAgent(spec: AgentSpec): Promise<AgentProcess>;
  /** after `startAgent` */
  record(): PlaceRecord;
  /** ends every process, removes what `open` made; safe to call twice */
  close(): Promise<void>;
}

/** How the sidecar process is started, confined as DESIGN §5 says. */
export interface SidecarSpec {
  readonly id: string;
  readonly scratch: string;
  /** JavaScript file to run and the folder it lies in, which is all of our code it can read */
  readonly entry: string;
  readonly codeFolder: string;
  /** open descriptors it inherits at these numbers: the journal's two files */
  readonly descriptors: readonly { readonly fd: number; readonly as: number }[];
}

export interface ToolFile {
  /** inside */
  readonly path: string;
  readonly content: string;
  /** octal */
  readonly mode: "0600" | "0700";
}

/** A program that reads hostile bytes for the sidecar, or holds a key for it: git, ssh, gitleaks. */
export interface ToolSpec {
  /** the bottle's `scratch`: its place is open */
  readonly scratch: string;
  /** argv inside; nothing a bottle sent is in it unchecked */
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  /** all that it sees besides the system's programs */
  readonly mounts: readonly Mount[];
  /** small files that are never on a disk */
  readonly files: readonly ToolFile[];
  /** socketpairs besides stdin, stdout and stderr, as descriptors from 3 on */
  readonly sockets: number;
  /** a file of the host that is locked (flock(1)) while it runs */
  readonly lock: string | undefined;
  /** bytes, of data and of each file written; seconds of processor time; each ends the process that meets it */
  readonly limits: { readonly data: number; readonly file: number; readonly cpu: number };
}

/** A place that was begun. It is opened once, or closed. */
export interface Beginning {
  open(spec: PlaceSpec): Promise<Place>;
  close(): Promise<void>;
}

export interface Backend {
  readonly name: string;
  check(): Promise<Check[]>;
  /** Starts the confined sidecar with an IPC channel. */
  startSidecar(spec: SidecarSpec): ChildProcess;
  /** Begins what takes time and needs no plan: the empty network. */
  begin(): Beginning;
  /** Closes the network and binds the sockets. Throws `Fault` when a prerequisite is missing. */
  open(spec: PlaceSpec): Promise<Place>;
  /** Runs one more program in a running bottle, under all of its restrictions. */
  exec(record: PlaceRecord, spec: Omit<AgentSpec, "caBundle">): Promise<AgentProcess>;
  /**
   * Runs a program without network, in namespaces of its own, while the bottle's place is open. stdin, stdout, stderr
   * and the sockets are pipes; it ends with this process.
   */
  startTool(spec: ToolSpec): ChildProcess;
  /** Ends what is left of a bottle whose launcher is gone. */
  reap(record: PlaceRecord): Promise<void>;
}
