import type { Agent } from "../manifest/agent.ts";
import type { Bottle } from "../manifest/bottle.ts";
import type { Settings } from "../manifest/settings.ts";

/** A key that parses but does not act yet, and what happens meanwhile. */
export interface NotEnforced {
  /** the one line that `start`, `run` and `validate` print */
  readonly line: string;
  /** ignoring it would leave the bottle less isolated than it was written: nothing starts */
  readonly refuses: boolean;
}

/** Workspace modes that are built. */
export const BUILT_MODES = ["copy", "bind"] as const;

/**
 * Every key that was written and does not act yet (SPEC §11), one entry each. `providers`: the templates that are
 * built; absent: not asked, the provider was found already.
 */
export function notEnforced(
  bottle: Bottle,
  agent: Agent | undefined,
  settings: Settings | undefined,
  providers?: readonly string[],
): readonly NotEnforced[] {
  const found: NotEnforced[] = [];
  const add = (key: string, at: string, meanwhile: string, refuses = false): void => {
    found.push({ line: `${key} (${at}): not enforced yet; ${meanwhile}`, refuses });
  };

  const { provider, isolation, workspace, supervise } = bottle;
  const { template, dockerfile, forwardHostCredentials } = provider;
  if (template !== undefined && providers?.includes(template.value) === false) {
    add(`agent_provider.template: ${template.value}`, template.at, "nothing starts", true);
  }
  if (dockerfile !== undefined) {
    add("agent_provider.dockerfile", dockerfile.at, "no image is built, the host's programs are used");
  }
  if (forwardHostCredentials?.value === true) {
    add(
      "agent_provider.forward_host_credentials",
      forwardHostCredentials.at,
      "no login of the host is read, requests go out without it",
    );
  }
  if (supervise?.value === true)
    add("supervise: true", supervise.at, "the agent can't ask, a refusal but a held push's is final");
  if (workspace.mode !== undefined && !BUILT_MODES.some((mode) => mode === workspace.mode?.value)) {
    add(`workspace.mode: ${workspace.mode.value}`, workspace.mode.at, "a copy is used");
  }
  if (isolation.kind !== undefined && isolation.kind.value !== "namespaces") {
    add(`isolation.kind: ${isolation.kind.value}`, isolation.kind.at, "nothing starts", true);
  }
  if (isolation.runtime !== undefined) add("isolation.runtime", isolation.runtime.at, "nothing starts", true);
  if (isolation.root !== undefined) add("isolation.root", isolation.root.at, "nothing starts", true);
  if (agent?.skills !== undefined) add("skills", agent.skills.at, "they are not put into the bottle");
  if (settings?.notify !== undefined) add("notify", settings.notify.at, "nothing is announced");
  for (const [key, age] of Object.entries(settings?.retention ?? {})) {
    if (age !== undefined) add(`retention.${key}`, age.at, "nothing is removed by age");
  }
  return found;
}
