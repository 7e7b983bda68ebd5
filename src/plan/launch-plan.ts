import type { BottleQuotas } from "../policy/quota.ts";
import type { RouteSpec } from "../policy/route.ts";
import type { GitRepoPlan } from "./git.ts";

/** Sizes in bytes, times in seconds; undefined: no limit. */
export interface Limits {
  readonly memory: number;
  readonly pids: number;
  readonly cpus: number | undefined;
  readonly disk: number;
  readonly openFiles: number;
  readonly time: number | undefined;
}

/** Where a secret's value is found at launch. Never the value. */
export type SecretSource =
  | { readonly kind: "host-env"; readonly variable: string }
  /** the environment, settings.yml `secrets` if it is not there */
  | { readonly kind: "ref"; readonly name: string }
  | { readonly kind: "ask"; readonly question: string };

export interface SecretNeed {
  /** name in the sidecar's vault: the variable's or token_ref's name */
  readonly name: string;
  readonly source: SecretSource;
  /** who needs it, for the error when it is missing: `route api.example.com (dev.md:12)` */
  readonly neededBy: string;
  /** `false`: delivered like the others but no secret to the scanners (`{from, secret: false}`, SPEC §2) */
  readonly known?: false;
}

export type EnvValue = { readonly literal: string } | { readonly secret: string };

/** A file put into the agent's home before it starts. No secret is ever in one. */
export interface HomeFile {
  /** relative to the home folder */
  readonly path: string;
  readonly content: string;
  /** e.g. 0o600 */
  readonly mode: number;
}

/** A program of the host that the bottle may run: its package folder, read-only at a neutral path. */
export interface ProgramBind {
  readonly source: string;
  readonly target: string;
}

export interface WorkspacePlan {
  readonly mode: "copy" | "bind";
  /** absolute host folder; undefined: an empty workspace */
  readonly source: string | undefined;
  readonly include: readonly string[];
  readonly exclude: readonly string[];
}

/** Everything that will be done, before anything is: JSON, printed whole by `--dry-run --format json`. */
export interface LaunchPlan {
  readonly id: string;
  readonly agent: string | undefined;
  readonly bottles: readonly string[];
  readonly provider: string;
  readonly backend: string;
  readonly label: string | undefined;
  /** argv inside the bottle */
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, EnvValue>>;
  readonly files: readonly HomeFile[];
  readonly programs: readonly ProgramBind[];
  readonly egress: { readonly log: 0 | 1 | 2; readonly routes: readonly RouteSpec[] };
  /** the repositories that the git gate serves */
  readonly git: readonly GitRepoPlan[];
  /** false: nobody can be asked, what needs the operator is refused */
  readonly supervise: boolean;
  /** hosts that a git-gate entry declares */
  readonly gitHosts: readonly string[];
  readonly gitUser: { readonly name?: string; readonly email?: string } | undefined;
  readonly secrets: readonly SecretNeed[];
  readonly workspace: WorkspacePlan;
  readonly limits: Limits;
  /** `dlp.rules`: path of a rule file, as written */
  readonly dlpRules: string | undefined;
  /** of the whole bottle; those of a host are its route's */
  readonly quotas: BottleQuotas;
  readonly nested: boolean;
  /** one line each: what the merge replaced, what looks wrong but is allowed */
  readonly notices: readonly string[];
  /** one line each: keys that parse but do not act yet */
  readonly notEnforced: readonly string[];
}
