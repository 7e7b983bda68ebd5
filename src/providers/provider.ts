import type { EnvValue, HomeFile, ProgramBind, SecretNeed } from "../plan/launch-plan.ts";
import type { RouteSpec } from "../policy/route.ts";

/** What a provider is told about the session it provisions. */
export interface ProviderInput {
  /** `agent_provider.settings`, validated by the provider itself; throws `Fault` */
  readonly settings: Readonly<Record<string, unknown>>;
  /** `agent_provider.auth_token`: name of the variable that holds the credential */
  readonly authToken: string | undefined;
  /** whether that credential is an OAuth token or an API key; the launcher looks, the provider never sees the value */
  readonly authKind: "oauth" | "api-key" | undefined;
  /** body of the agent's manifest; may be empty */
  readonly systemPrompt: string;
  /** undefined: interactive */
  readonly headlessPrompt: string | undefined;
  /** `run -- CMD`: replaces the provider's own command */
  readonly command: readonly string[] | undefined;
  readonly label: string | undefined;
  /** arguments after `--` of `start` */
  readonly extraArgs: readonly string[];
  /** finds a program on the host's PATH with its package folder; pure given the host */
  readonly findProgram: (name: string) => FoundProgram | undefined;
}

export interface FoundProgram {
  /** the program's path inside the bottle */
  readonly path: string;
  /** what must be bound for it to run; empty when it lies in /usr already */
  readonly binds: readonly ProgramBind[];
}

/** What a provider adds to the plan. */
export interface ProviderContribution {
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, EnvValue>>;
  readonly files: readonly HomeFile[];
  readonly programs: readonly ProgramBind[];
  /** routes of the provider's own hosts; the manifest's fields for the same host win, `auth` excepted */
  readonly routes: readonly RouteSpec[];
  readonly secrets: readonly SecretNeed[];
}

/** How one agent program is installed, configured, prompted and authenticated. */
export interface Provider {
  readonly name: string;
  contribute(input: ProviderInput): ProviderContribution;
}
