import { usageFault } from "../base/fault.ts";
import { printable, printableJson } from "../base/printable.ts";
import type { OperatorIo } from "../launch/request.ts";
import type { LaunchPlan, Limits } from "../plan/launch-plan.ts";
import { makePlan } from "../plan/make-plan.ts";
import { describeReach } from "../plan/reach.ts";
import { sizeText } from "../plan/size-text.ts";
import { providerByName } from "../providers/index.ts";
import { MAX_MESSAGE_LINE } from "./limits.ts";
import { kindOfManifest, openManifests } from "./manifests.ts";
import { formatIsJson, listOption, type Values } from "./options.ts";

/** `info NAME`: an agent with its bottles, else a bottle, merged as `start` would; nothing is looked up or asked. */
export async function info(name: string, values: Values, io: OperatorIo): Promise<number> {
  const plan = await planFor(name, listOption(values, "bottle"), io);
  for (const line of plan.notices) io.notice(line);
  if (formatIsJson(values)) {
    const { egress, env, secrets, workspace, limits, quotas, nested, git, gitHosts, provider, bottles } =
      plan;
    const inspected = { egress, dlpRules: plan.dlpRules ?? null };
    const facts = {
      name,
      agent: plan.agent ?? null,
      bottles,
      provider,
      ...inspected,
      env,
      secrets,
      workspace,
    };
    io.stdout.write(
      `${printableJson({ ...facts, limits, quotas, nested, git, gitHosts, notEnforced: plan.notEnforced })}\n`,
    );
    return 0;
  }
  const lines = [...describeReach(plan), ...describeLimits(plan)];
  for (const line of [...lines, ...plan.notEnforced]) {
    io.stdout.write(`${printable(line, MAX_MESSAGE_LINE)}\n`);
  }
  return 0;
}

async function planFor(name: string, extra: readonly string[], io: OperatorIo): Promise<LaunchPlan> {
  const manifests = openManifests(io);
  const kind = kindOfManifest(manifests, name);
  const { agent, bottle, settings, notices } = await manifests.load(
    kind === "agent" ? { agent: name, bottles: extra } : { bottles: [name, ...extra] },
  );
  if (bottle === undefined) {
    throw usageFault(
      `agent ${printable(name)} names no bottle`,
      "add --bottle NAME, or `bottle: NAME` to its manifest",
    );
  }
  const provider = bottle.bottle.provider.template?.value ?? (kind === "agent" ? "claude" : "command");
  const { authToken, settings: providerSettings } = bottle.bottle.provider;
  return makePlan({
    id: name,
    backend: settings.backend ?? "linux",
    agent: agent?.agent,
    bottle: bottle.bottle,
    bottleNames: bottle.sources,
    settings,
    provider,
    contribution: providerByName(provider).contribute({
      settings: providerSettings?.value ?? {},
      authToken: authToken?.value,
      authKind: undefined,
      systemPrompt: "",
      headlessPrompt: undefined,
      // what is run is not what is asked here, and need not be installed
      command: ["-"],
      label: undefined,
      extraArgs: [],
      findProgram: () => undefined,
    }),
    workspace: { source: bottle.bottle.workspace.path?.value },
    notices,
  });
}

function describeLimits({ limits, nested }: { readonly limits: Limits; readonly nested: boolean }): string[] {
  const { memory, pids, cpus, disk, openFiles, time } = limits;
  const facts = [
    `memory ${sizeText(memory)}`,
    `${pids} processes`,
    ...(cpus === undefined ? [] : [`${cpus} CPUs`]),
    `disk ${sizeText(disk)}`,
    `${openFiles} open files`,
    time === undefined ? "no time limit" : `${time} s`,
  ];
  return [`limits: ${facts.join(", ")}`, ...(nested ? ["user namespaces are allowed inside"] : [])];
}
