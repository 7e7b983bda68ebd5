import { printable } from "../base/printable.ts";
import type { BottleQuotas } from "../policy/quota.ts";
import type { MatchSpec, RouteSpec } from "../policy/route.ts";
import { describeGit } from "./describe-git.ts";
import { describeInspection, describeQuotas } from "./inspection.ts";
import type { EnvValue, LaunchPlan } from "./launch-plan.ts";
import { MAX_REACH_LINE } from "./limits.ts";

/** The parts of a plan that say what a bottle can do. */
export type Reach = Pick<
  LaunchPlan,
  | "agent"
  | "bottles"
  | "provider"
  | "backend"
  | "egress"
  | "git"
  | "supervise"
  | "gitHosts"
  | "secrets"
  | "env"
  | "workspace"
> & {
  readonly quotas?: BottleQuotas;
  /** the name of the canary's variable; undefined: it has none yet */
  readonly canary?: string | undefined;
  readonly dlpRules?: string | undefined;
};

/**
 * What a bottle reaches, holds and sees, in lines that are safe to print: for `info`, the preflight and the question
 * that a repository's agent needs answered. Credentials are named, never shown; so are variables.
 */
export function describeReach(plan: Reach): string[] {
  const { routes } = plan.egress;
  const lines = [
    `agent ${plan.agent ?? "-"}, bottle ${plan.bottles.join(" + ") || "-"}, provider ${plan.provider}, backend ${plan.backend}`,
    routes.length === 0 ? "reaches: nothing" : "reaches:",
    ...routes.flatMap((route) => [
      `  ${describeRoute(route)}`,
      ...describeInspection(route).map((line) => `    ${line}`),
    ]),
    ...(plan.dlpRules === undefined ? [] : [`token_patterns: also the rules of ${plan.dlpRules}`]),
    `credentials the sidecar holds: ${names(credentialsOf(routes))}`,
    `variables: ${names(Object.entries(plan.env).map(describeVariable))}`,
    plan.canary === undefined
      ? "canary: a made-up secret, in a variable named at the start"
      : `canary: a made-up secret, in ${plan.canary}`,
    `workspace: ${describeWorkspace(plan.workspace)}`,
  ];
  if (plan.git.length > 0) {
    const repos = describeGit(plan.git, plan.supervise).map((line) => `  ${line}`);
    lines.splice(-3, 0, `git-gate hosts: ${plan.gitHosts.join(", ")}`, ...repos);
  }
  const quotas = describeQuotas(plan.quotas ?? {});
  if (quotas !== "") lines.push(`limits of the bottle: ${quotas}`);
  return lines.map((line) => printable(line, MAX_REACH_LINE));
}

function names(list: readonly string[]): string {
  return list.length === 0 ? "none" : list.join(", ");
}

function credentialsOf(routes: readonly RouteSpec[]): string[] {
  return [...new Set(routes.flatMap(({ auth }) => (auth === undefined ? [] : [auth.secret])))];
}

function describeRoute({ host, ports, auth, matches, git, source }: RouteSpec): string {
  const facts = [
    `${host}:${ports.join(",")}`,
    matches.length === 0 ? "everything" : matches.map(describeMatch).join(" or "),
    ...(auth === undefined ? [] : [`with ${auth.secret}`]),
    ...(git.fetch ? ["git fetch"] : []),
  ];
  return `${facts.join("; ")} (${source})`;
}

function describeMatch({ paths, methods, headers }: MatchSpec): string {
  const parts = [
    methods.length === 0 ? "any method" : methods.join("|"),
    paths.length === 0
      ? "any path"
      : paths.map(({ type, value }) => (type === "prefix" ? value : `${value} (${type})`)).join(" | "),
    ...headers.map(({ name, value }) => `where ${name} is ${value}`),
  ];
  return parts.join(" ");
}

function describeVariable([name, value]: [string, EnvValue]): string {
  return "secret" in value ? `${name} (from the host or asked for)` : name;
}

function describeWorkspace({ source, mode }: LaunchPlan["workspace"]): string {
  if (source === undefined) return "empty";
  return mode === "bind" ? `${source} itself, changes are written to it` : `a copy of ${source}`;
}
