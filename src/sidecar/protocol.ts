import type { JournalEvent } from "../journal/record.ts";
import type { GitRepoPlan } from "../plan/git.ts";
import type { BottleQuotas, Spent } from "../policy/quota.ts";
import type { RouteSpec } from "../policy/route.ts";
import type { GitJob } from "./git-gate/programs.ts";
import type { OperatorAnswer, OperatorRequest } from "./supervise/operator-request.ts";

/**
 * The narrow pipe between launcher and sidecar: node's IPC channel (an inherited socketpair), JSON messages,
 * listening sockets as handles. Secrets cross here once, in `init`, and nowhere else.
 */

/** What the sidecar needs to know, without secret values. */
export interface SidecarConfig {
  readonly id: string;
  readonly log: 0 | 1 | 2;
  readonly routes: readonly RouteSpec[];
  readonly quotas: BottleQuotas;
  /** of whole-life quotas, before this start of the bottle */
  readonly spent: readonly Spent[];
  /** name of the made-up secret in the bottle's environment */
  readonly canary: string;
  /** text of a rule file in gitleaks' format, checked; its rules come on top of the built-in ones */
  readonly rules: string | undefined;
  /** names of secrets that are in the bottle's environment and must not leave; routes' credentials never may */
  readonly bottleSecrets: readonly string[];
  /** hosts a git-gate entry declares: pushes there are the gate's, everywhere else blocked */
  readonly gitHosts: readonly string[];
  /** the repositories that the git gate serves */
  readonly git: readonly GitRepoConfig[];
  /** false: nobody can be asked */
  readonly supervise: boolean;
  readonly upstream: UpstreamConfig;
  /** the file descriptors the journal's two files are open on */
  readonly journal: { readonly lines: number; readonly head: number };
}

export interface GitRepoConfig extends GitRepoPlan {
  /** who looks at its pushes, besides the search for known secrets */
  readonly scan: { readonly tokenPatterns: boolean; readonly gitleaks: boolean };
}

/** settings.yml `upstream` (SPEC §9), files already read. */
export interface UpstreamConfig {
  /** `host:port` -> `address:port`, the operator's word, private addresses included */
  readonly resolve: Readonly<Record<string, string>>;
  /** PEM certificates trusted besides the system's */
  readonly ca: string | undefined;
  /** `http://host:port` */
  readonly proxy: string | undefined;
  readonly proxyResolves: boolean;
}

export type GitStream = "stdin" | "stdout" | "socket" | "second";

/** A socket bound inside the bottle's network namespace; the sidecar is the only one that listens on it. */
export interface ListenerMessage {
  readonly type: "listener";
  readonly kind: "tcp" | "udp" | "control";
  readonly port: number;
}

export type ToSidecar =
  | {
      readonly type: "init";
      readonly config: SidecarConfig;
      readonly secrets: Readonly<Record<string, string>>;
    }
  | ListenerMessage
  /** no more listeners: answer `ready` when each is accepting */
  | { readonly type: "serve" }
  /** write a lifecycle event; answered with `recorded` */
  | { readonly type: "record"; readonly event: JournalEvent }
  /** the other end of a program's stream, with its handle */
  | { readonly type: "git_stream"; readonly id: number; readonly stream: GitStream }
  /** it could not be started; `message` is printable */
  | { readonly type: "git_failed"; readonly id: number; readonly message: string }
  /** `code` as a shell says it; `stderr`: its last bytes, printable */
  | { readonly type: "git_exit"; readonly id: number; readonly code: number; readonly stderr: string }
  /** the operator's, about proposals; answered with `supervised` of the same `call` */
  | { readonly type: "supervise"; readonly call: number; readonly request: OperatorRequest }
  /** stop accepting, finish nothing, flush the journal, exit 0 */
  | { readonly type: "stop" };

export type FromSidecar =
  | { readonly type: "booted" }
  /** `ca`: the bottle's CA certificate, PEM */
  | { readonly type: "ready"; readonly ca: string }
  | { readonly type: "recorded" }
  | { readonly type: "supervised"; readonly call: number; readonly answer: OperatorAnswer }
  /** run a program; answered with a `git_stream` for each of its streams or `git_failed`, and at its end `git_exit` */
  | { readonly type: "git_start"; readonly id: number; readonly job: GitJob }
  | { readonly type: "git_kill"; readonly id: number }
  /** for the operator */
  | { readonly type: "notice"; readonly line: string }
  | { readonly type: "failed"; readonly message: string };
