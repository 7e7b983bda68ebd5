import type { MatchSpec, OutboundDetector, Quota } from "../policy/route.ts";
import type { ISOLATION_KINDS, WORKSPACE_MODES } from "./definitions/bottle.ts";
import type { GitUpstream } from "./definitions/git-gate.ts";

/** A value and where it was written: `dev.md:12`. */
export interface Located<T> {
  readonly value: T;
  readonly at: string;
}

export type WorkspaceMode = (typeof WORKSPACE_MODES)[number];
export type IsolationKind = (typeof ISOLATION_KINDS)[number];

/** A validated bottle, one file's or several merged. What is absent was not written: defaults are the plan's. */
export interface Bottle {
  /** of the file; of the last one when merged */
  readonly name: string;
  readonly env: ReadonlyMap<string, EnvEntry>;
  readonly provider: ProviderChoice;
  readonly log?: Located<0 | 1 | 2> | undefined;
  /** by canonical host, `*.` kept */
  readonly routes: ReadonlyMap<string, Route>;
  /** `dlp.rules` */
  readonly dlpRules?: Located<string> | undefined;
  readonly gitUser: GitUser;
  /** by name */
  readonly repos: ReadonlyMap<string, GitRepo>;
  readonly supervise?: Located<boolean> | undefined;
  readonly workspace: WorkspaceChoice;
  readonly limits: BottleLimits;
  readonly isolation: Isolation;
}

/** SPEC §2: literal, asked for on the terminal, or copied from a variable of the host. */
export type EnvEntry = { readonly at: string } & (
  | { readonly kind: "literal"; readonly value: string }
  | { readonly kind: "ask"; readonly question: string }
  | {
      readonly kind: "host";
      readonly variable: string;
      /** whether its value is registered as a secret that must not leave */
      readonly secret: boolean;
    }
);

export interface ProviderChoice {
  readonly template?: Located<string> | undefined;
  readonly dockerfile?: Located<string> | undefined;
  readonly authToken?: Located<string> | undefined;
  readonly forwardHostCredentials?: Located<boolean> | undefined;
  readonly settings?: Located<Readonly<Record<string, unknown>>> | undefined;
}

export interface Route {
  /** canonical, or `*.` and a canonical name */
  readonly host: string;
  readonly at: string;
  readonly ports?: readonly number[] | undefined;
  readonly role?: string | undefined;
  readonly auth?:
    | {
        readonly scheme: "Bearer" | "token" | "basic" | "header";
        readonly tokenRef: string;
        /** with `header` only */
        readonly header?: string | undefined;
      }
    | undefined;
  readonly matches?: readonly MatchSpec[] | undefined;
  readonly encodedSlash?: "block" | "opaque" | undefined;
  readonly git: { readonly fetch?: boolean | undefined; readonly apiWrite?: boolean | undefined };
  readonly dlp?: RouteDlp | undefined;
  readonly body?: RouteBody | undefined;
  readonly limits?:
    | { readonly requests?: Quota | undefined; readonly bytesOut?: Quota | undefined }
    | undefined;
}

export interface RouteDlp {
  readonly outboundDetectors?: false | readonly OutboundDetector[] | undefined;
  readonly inboundDetectors?: false | readonly "naive_injection_detection"[] | undefined;
  readonly outboundOnMatch?: "supervise" | "redact" | "block" | undefined;
  readonly allowSecrets?: readonly Located<string>[] | undefined;
  readonly oversize?: "block" | "pass" | undefined;
}

export interface RouteBody {
  readonly kind: "anthropic-messages" | "openai-responses" | "openai-chat";
  readonly serverTools?: readonly string[] | undefined;
  readonly remoteUrls?: "deny" | "allowlist" | undefined;
  readonly fileUpload?: "allow" | "deny" | undefined;
}

export interface GitUser {
  readonly name?: string | undefined;
  readonly email?: string | undefined;
}

/** Forges at which a deploy key is made at launch. */
export type ForgeProvider = "gitea" | "github" | "gitlab";

export interface GitRepo {
  readonly name: string;
  readonly at: string;
  /** as written */
  readonly url: string;
  readonly upstream: GitUpstream;
  readonly key:
    | { readonly provider: "static"; readonly path: string }
    | { readonly provider: ForgeProvider; readonly tokenRef: string; readonly apiUrl: string }
    | { readonly provider: "token"; readonly tokenRef: string };
  readonly hostKey?: string | undefined;
  readonly push: {
    /** undefined: branches */
    readonly allow?: readonly string[] | undefined;
    readonly force: boolean;
    readonly delete: boolean;
    readonly tags: boolean;
    /** undefined: CI and hook files */
    readonly hold?: readonly string[] | undefined;
  };
  readonly scanner?: "both" | "builtin" | "gitleaks" | undefined;
  readonly signKey?: string | undefined;
}

export interface WorkspaceChoice {
  readonly mode?: Located<WorkspaceMode> | undefined;
  readonly path?: Located<string> | undefined;
  readonly exclude?: Located<readonly string[]> | undefined;
  readonly include?: Located<readonly string[]> | undefined;
}

/** Sizes in bytes, times in seconds. */
export interface BottleLimits {
  readonly memory?: Located<number> | undefined;
  readonly pids?: Located<number> | undefined;
  readonly cpus?: Located<number> | undefined;
  readonly disk?: Located<number> | undefined;
  readonly openFiles?: Located<number> | undefined;
  readonly time?: Located<number> | undefined;
  readonly requests?: Located<Quota> | undefined;
  readonly bytesOut?: Located<Quota> | undefined;
  readonly hosts?: Located<Quota> | undefined;
}

export interface Isolation {
  readonly kind?: Located<IsolationKind> | undefined;
  readonly runtime?: Located<string> | undefined;
  readonly root?: Located<string> | undefined;
  readonly nested?: Located<boolean> | undefined;
}
