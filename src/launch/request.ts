/** What `start` and `run` ask for: the command line, parsed, nothing looked up yet. */
export interface StartRequest {
  readonly kind: "agent" | "command";
  /** agent's name; undefined: pick one on the terminal */
  readonly agent?: string;
  /** `run -- CMD` */
  readonly command?: readonly string[];
  /** `--bottle`, in the order given; empty: the agent's own */
  readonly bottles: readonly string[];
  /** absolute folder of the host; undefined: an empty workspace */
  readonly workspace?: string;
  /** undefined: what the bottle says, else `copy` */
  readonly workspaceMode?: "copy" | "bind";
  readonly headless: boolean;
  readonly prompt?: string;
  readonly label?: string;
  readonly color?: string;
  /** absolute path, instead of the home folder's settings.yml */
  readonly settingsFile?: string;
  /** print the plan, do nothing */
  readonly dryRun: boolean;
  readonly format: "text" | "json";
  /** answers the preflight's question; never the one about a repo's agent (SPEC §1) */
  readonly yes: boolean;
  readonly backend?: string;
  /** what stands after `--` of `start`, passed on to the agent's program */
  readonly extraArgs: readonly string[];
}

/** The operator's side of a session: streams, environment and questions. The rooms below never reach for `process`. */
export interface OperatorIo {
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
  /** stdin and stderr are a terminal: questions can be asked */
  readonly isTerminal: boolean;
  /** One line of text; `hidden` for secrets. Throws `Fault` (exit 2) without a terminal. */
  ask(question: string, options?: { readonly hidden?: boolean }): Promise<string>;
  /** A yes or no, no by default. Throws `Fault` (exit 2) without a terminal. */
  confirm(question: string): Promise<boolean>;
  /** One of `choices`. Throws `Fault` (exit 2) without a terminal. */
  pick(question: string, choices: readonly string[]): Promise<string>;
  /** one line on stderr, control characters escaped */
  notice(line: string): void;
}
