import { resolve } from "node:path";
import { EXIT_USAGE, Fault } from "../base/fault.ts";
import type { OperatorIo } from "../launch/request.ts";
import { readRules } from "../launch/rule-file.ts";
import type { Agent } from "../manifest/agent.ts";
import type { Bottle } from "../manifest/bottle.ts";
import type { Manifests } from "../manifest/load.ts";
import { emptyBottle } from "../manifest/merge.ts";
import type { Settings } from "../manifest/settings.ts";
import { weakenedInspection } from "../plan/inspection.ts";
import { modelHints } from "../plan/model-hints.ts";
import { notEnforced } from "../plan/not-enforced.ts";
import { PROVIDER_NAMES } from "../providers/index.ts";
import { operatorHome } from "./home.ts";
import { kindOfManifest, openManifests } from "./manifests.ts";
import { textOption, type Values } from "./options.ts";

/** Manifests that were read without a mistake. */
interface Valid {
  readonly bottles: readonly Bottle[];
  readonly agents: readonly Agent[];
  readonly settings: Settings;
  readonly notices: readonly string[];
}

/** `validate [NAME…]`: exit code 2, with every problem of every file, when there is one. */
export async function validate(names: readonly string[], values: Values, io: OperatorIo): Promise<number> {
  const manifests = openManifests(io);
  const settings = textOption(values, "settings");
  const path = settings === undefined ? undefined : resolve(io.cwd, settings);
  const valid = names.length === 0 ? await everything(manifests, path) : await named(manifests, names, path);
  checkRuleFiles(valid, io);
  const hints = valid.bottles.flatMap(({ routes, provider }) => {
    const template = provider.template?.value ?? "claude";
    return modelHints(routes.values(), new Set(template === "claude" ? ["api.anthropic.com"] : []));
  });
  for (const line of new Set([...valid.notices, ...hints, ...weaker(valid), ...notYet(valid)]))
    io.notice(line);
  const count = (number: number, what: string) => `${number} ${what}${number === 1 ? "" : "s"}`;
  io.stdout.write(`ok: ${count(valid.bottles.length, "bottle")}, ${count(valid.agents.length, "agent")}\n`);
  return 0;
}

async function everything(manifests: Manifests, path: string | undefined): Promise<Valid> {
  const { bottles, agents, settings, notices } = await manifests.validateAll(path);
  return {
    bottles: [...bottles.values()].map(({ bottle }) => bottle),
    agents: agents.map(({ agent }) => agent),
    settings,
    notices: [...notices, ...[...bottles.values()].flatMap((loaded) => loaded.notices)],
  };
}

/** An agent is read with the bottles it names. The problems of all names are shown together. */
async function named(
  manifests: Manifests,
  names: readonly string[],
  path: string | undefined,
): Promise<Valid> {
  const bottles: Bottle[] = [];
  const agents: Agent[] = [];
  const notices: string[] = [];
  const problems = new Set<string>();
  let settings: Settings | undefined;
  for (const name of new Set(names)) {
    try {
      const kind = kindOfManifest(manifests, name);
      const loaded = await manifests.load({
        ...(kind === "agent" ? { agent: name } : { bottles: [name] }),
        settings: path,
      });
      if (loaded.agent !== undefined) agents.push(loaded.agent.agent);
      if (loaded.bottle !== undefined) bottles.push(loaded.bottle.bottle);
      notices.push(...loaded.notices);
      settings = loaded.settings;
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      problems.add(described(error));
    }
  }
  if (problems.size > 0 || settings === undefined) {
    throw new Fault([...problems].join("\n"), { exitCode: EXIT_USAGE });
  }
  return { bottles, agents, settings, notices };
}

/** The problems of all rule files are shown together. */
function checkRuleFiles({ bottles }: Valid, io: OperatorIo): void {
  const home = operatorHome(io.env).root;
  const problems: string[] = [];
  for (const path of new Set(bottles.map(({ dlpRules }) => dlpRules?.value))) {
    try {
      readRules(path, home, io);
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      problems.push(described(error));
    }
  }
  if (problems.length > 0) throw new Fault(problems.join("\n"), { exitCode: EXIT_USAGE });
}

function described({ message, mend }: Fault): string {
  return mend === undefined ? message : `${message}\n  → ${mend}`;
}

function weaker({ bottles }: Valid): string[] {
  return bottles.flatMap(({ routes }) => [...routes.values()].flatMap(weakenedInspection));
}

/** One line for each key that parses and does not act yet (SPEC §11). */
function notYet({ bottles, agents, settings }: Valid): string[] {
  const none = emptyBottle("");
  return [
    ...bottles.flatMap((bottle) => notEnforced(bottle, undefined, undefined, PROVIDER_NAMES)),
    ...agents.flatMap((agent) => notEnforced(none, agent, undefined)),
    ...notEnforced(none, undefined, settings),
  ].map((entry) => entry.line);
}
