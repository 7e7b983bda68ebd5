import { usageFault } from "../base/fault.ts";
import type { EnvEntry } from "../manifest/bottle.ts";
import type { EnvValue, SecretNeed } from "./launch-plan.ts";

export interface PlannedEnvironment {
  readonly env: Readonly<Record<string, EnvValue>>;
  readonly secrets: readonly SecretNeed[];
  readonly notices: readonly string[];
}

/** The sidecar's vault has one value a name; a brokered credential of a variable's name keeps it. */
export function vaultName(variable: string, brokered: ReadonlySet<string>): string {
  return brokered.has(variable) ? `env.${variable}` : variable;
}

/**
 * The bottle's variables: the provider's, and over them the manifest's. `brokered` are the names of the credentials that
 * the sidecar holds.
 * @throws Fault when a real value would take the place of a provider's placeholder
 */
export function planEnvironment(
  written: ReadonlyMap<string, EnvEntry>,
  provider: { readonly name: string; readonly env: Readonly<Record<string, EnvValue>> },
  brokered: ReadonlySet<string>,
): PlannedEnvironment {
  const env = new Map(Object.entries(provider.env));
  const secrets: SecretNeed[] = [];
  const notices: string[] = [];
  for (const [name, entry] of written) {
    const where = `env.${name} (${entry.at})`;
    if (env.has(name)) {
      if (entry.kind !== "literal") {
        throw usageFault(
          `${where} would put a real value where provider ${provider.name} has its own, often a credential's placeholder`,
          `remove it; credentials of the provider are named by agent_provider.auth_token`,
        );
      }
      notices.push(`${where} replaces the value of provider ${provider.name}`);
    }
    if (entry.kind === "literal") {
      env.set(name, { literal: entry.value });
      continue;
    }
    if (entry.kind === "host" && brokered.has(entry.variable)) {
      notices.push(
        `${where} copies ${entry.variable} into the bottle, where the agent can read it; the sidecar puts that credential on already`,
      );
    }
    const secret = vaultName(name, brokered);
    env.set(name, { secret });
    secrets.push({
      name: secret,
      source:
        entry.kind === "ask"
          ? { kind: "ask", question: entry.question }
          : { kind: "host-env", variable: entry.variable },
      neededBy: where,
      ...(entry.kind === "host" && !entry.secret && { known: false }),
    });
  }
  return { env: Object.fromEntries(env), secrets, notices };
}
