import { usageFault } from "../base/fault.ts";
import type { Agent } from "../manifest/agent.ts";
import type { Bottle, BottleLimits } from "../manifest/bottle.ts";
import { overlay } from "../manifest/merge.ts";
import type { Settings } from "../manifest/settings.ts";
import { forgeHosts } from "../policy/forge-api.ts";
import type { BottleQuotas } from "../policy/quota.ts";
import type { RouteSpec } from "../policy/route.ts";
import { planEnvironment, vaultName } from "./environment.ts";
import { planGit } from "./git.ts";
import type { LaunchPlan, Limits, SecretNeed } from "./launch-plan.ts";
import { DEFAULT_DISK, DEFAULT_MEMORY, DEFAULT_OPEN_FILES, DEFAULT_PIDS } from "./limits.ts";
import { notEnforced } from "./not-enforced.ts";
import { planRoutes } from "./routes.ts";
import { planWorkspace, type WorkspaceInput } from "./workspace.ts";

/** What a provider adds: the parts of the plan it fills, and the routes of its own hosts. */
export type Contribution = Pick<LaunchPlan, "command" | "env" | "files" | "programs" | "secrets"> & {
  readonly routes: readonly RouteSpec[];
};

export interface PlanInput {
  readonly id: string;
  readonly backend: string;
  readonly label?: string | undefined;
  /** undefined: `run -- CMD` */
  readonly agent?: Agent | undefined;
  /** all bottles that take part, merged */
  readonly bottle: Bottle;
  /** their names, in the order of the merge */
  readonly bottleNames: readonly string[];
  /** for its keys that are not enforced yet */
  readonly settings?: Settings | undefined;
  readonly provider: string;
  readonly contribution: Contribution;
  readonly workspace: WorkspaceInput;
  /** of the manifests: merges and warnings */
  readonly notices: readonly string[];
}

/**
 * Manifests, provider and command line -> everything that will be done. Pure; no secret value goes in or comes out.
 * @throws Fault with exit code 2 where the bottle would be less isolated than it was written, or a credential would
 * end up where it must not
 */
export function makePlan(input: PlanInput): LaunchPlan {
  const { bottle, agent, contribution, provider: name } = input;
  const open = notEnforced(bottle, agent, input.settings);
  const refusals = open.filter((entry) => entry.refuses).map((entry) => entry.line);
  if (refusals.length > 0) {
    throw usageFault(refusals.join("\n"), "remove the key: the bottle would be weaker than it says");
  }
  const routes = planRoutes(
    bottle.routes,
    { name, routes: contribution.routes },
    bottle.supervise?.value ?? true,
  );
  const git = planGit(bottle.repos);
  const credentials = uniqueNeeds([...contribution.secrets, ...routes.secrets, ...git.secrets]);
  const brokered = new Set(credentials.map((need) => need.name));
  const environment = planEnvironment(bottle.env, { name, env: contribution.env }, brokered);
  const gitUser = overlay(bottle.gitUser, agent?.gitUser ?? {});
  return {
    id: input.id,
    agent: agent?.name,
    bottles: input.bottleNames,
    provider: name,
    backend: input.backend,
    label: input.label,
    command: contribution.command,
    env: environment.env,
    files: contribution.files,
    programs: contribution.programs,
    egress: {
      log: bottle.log?.value ?? 1,
      routes: routes.routes.map((route) => inVaultNames(route, brokered)),
    },
    git: git.repos,
    supervise: bottle.supervise?.value ?? true,
    gitHosts: [...new Set([...bottle.repos.values()].flatMap(({ upstream }) => forgeHosts(upstream.host)))],
    gitUser: gitIdentity(gitUser),
    secrets: uniqueNeeds([...credentials, ...environment.secrets]),
    workspace: planWorkspace(bottle.workspace, input.workspace),
    limits: planLimits(bottle.limits),
    dlpRules: bottle.dlpRules?.value,
    quotas: planQuotas(bottle.limits),
    nested: bottle.isolation.nested?.value ?? false,
    notices: [...input.notices, ...routes.notices, ...environment.notices],
    notEnforced: open.map((entry) => entry.line),
  };
}

/** What may go to a host, as the vault names it. */
function inVaultNames(route: RouteSpec, brokered: ReadonlySet<string>): RouteSpec {
  if (route.dlp === undefined || route.dlp.allowSecrets.length === 0) return route;
  const allowSecrets = route.dlp.allowSecrets.map((name) => vaultName(name, brokered));
  return { ...route, dlp: { ...route.dlp, allowSecrets } };
}

function planQuotas({ requests, bytesOut, hosts }: BottleLimits): BottleQuotas {
  return {
    ...(requests && { requests: requests.value }),
    ...(bytesOut && { bytesOut: bytesOut.value }),
    ...(hosts && { hosts: hosts.value }),
  };
}

/** SPEC §11's defaults. */
export function planLimits(written: BottleLimits): Limits {
  return {
    memory: written.memory?.value ?? DEFAULT_MEMORY,
    pids: written.pids?.value ?? DEFAULT_PIDS,
    cpus: written.cpus?.value,
    disk: written.disk?.value ?? DEFAULT_DISK,
    openFiles: written.openFiles?.value ?? DEFAULT_OPEN_FILES,
    time: written.time?.value,
  };
}

/** One need a name. All of a name have the same source: `token_ref` and `auth_token` are looked up alike. */
function uniqueNeeds(needs: readonly SecretNeed[]): SecretNeed[] {
  const byName = new Map<string, SecretNeed>();
  for (const need of needs) {
    const first = byName.get(need.name);
    if (first === undefined) byName.set(need.name, need);
    else {
      const { known, ...rest } = first;
      const unknown = known === false && need.known === false;
      const neededBy = `${first.neededBy}, ${need.neededBy}`;
      byName.set(need.name, { ...rest, neededBy, ...(unknown && { known: false }) });
    }
  }
  return [...byName.values()];
}

function gitIdentity(user: Bottle["gitUser"]): LaunchPlan["gitUser"] {
  const { name, email } = user;
  if (name === undefined && email === undefined) return undefined;
  return { ...(name !== undefined && { name }), ...(email !== undefined && { email }) };
}
