import { homedir } from "node:os";
import { dirname, resolve } from "node:path";
import { usageFault } from "../base/fault.ts";
import { printable } from "../base/printable.ts";
import type { Secret } from "../base/secret.ts";
import type { Bottle } from "../manifest/bottle.ts";
import { type Loaded, type LoadedAgent, loadManifests } from "../manifest/load.ts";
import { emptyBottle } from "../manifest/merge.ts";
import type { Settings } from "../manifest/settings.ts";
import type { LaunchPlan, SecretNeed } from "../plan/launch-plan.ts";
import { makePlan } from "../plan/make-plan.ts";
import { describeReach } from "../plan/reach.ts";
import { findProgram } from "../providers/find-program.ts";
import { providerByName } from "../providers/index.ts";
import { checkWorkspace } from "../workspace/check.ts";
import { codeLocation } from "./code-location.ts";
import { expandTilde } from "./expand-tilde.ts";
import { chooseOwner, homeFolder, type Owner } from "./owner.ts";
import type { HomePaths } from "./paths.ts";
import type { OperatorIo, StartRequest } from "./request.ts";
import { resolveSecrets } from "./secrets.ts";
import { readMetadata, stateIds } from "./state.ts";

export interface PlannedSession {
  readonly plan: LaunchPlan;
  readonly settings: Settings;
  readonly owner: Owner;
  /** secrets that had to be looked at for the plan */
  readonly known: ReadonlyMap<string, Secret>;
}

/**
 * Reads the manifests and the host, asks what only the operator can answer, and makes the plan. Changes nothing.
 * Throws `Fault` (exit 2).
 */
export async function planSession(
  home: HomePaths,
  id: string,
  request: StartRequest,
  io: OperatorIo,
  /** whose a resumed bottle's files are */
  kept?: Owner,
): Promise<PlannedSession> {
  const uid = process.getuid?.() ?? 0;
  const sudoUid = io.env.SUDO_UID === undefined ? undefined : Number(io.env.SUDO_UID);
  const manifests = loadManifests({ home, cwd: io.cwd, uid, sudoUid });
  const loaded = await manifests.load({
    agent: request.kind === "agent" ? request.agent : undefined,
    bottles: request.bottles,
    settings: request.settingsFile,
  });
  const bottle = loaded.bottle?.bottle ?? noBottle(request, loaded);
  const backend = chosenBackend(request, loaded.settings, io);
  const workspace = await chosenWorkspace(home, bottle, request, io, kept);
  const { contribution, known } = await provide(home, bottle, loaded, request, io);
  const plan = makePlan({
    id,
    bottle,
    bottleNames: loaded.bottle?.sources ?? [],
    agent: loaded.agent?.agent,
    settings: loaded.settings,
    provider: providerName(bottle, request),
    contribution,
    backend,
    workspace: workspace.choice,
    label: request.label,
    notices: loaded.notices,
  });
  if (isUnconfirmed(loaded.agent, request)) await confirmRepoAgent(loaded, plan, io);
  return { plan, settings: loaded.settings, owner: workspace.owner, known };
}

function noBottle(request: StartRequest, { agent }: Loaded): Bottle {
  if (request.kind === "command") return emptyBottle("none");
  throw usageFault(
    `agent ${printable(agent?.agent.name ?? "")} names no bottle and no --bottle was given`,
    "add --bottle NAME, or `bottle: NAME` to the agent's manifest",
  );
}

function chosenBackend(request: StartRequest, settings: Settings, io: OperatorIo): string {
  const name = request.backend ?? io.env.BOT_BOTTLE_BACKEND ?? settings.backend ?? "linux";
  if (name === "linux") return name;
  throw usageFault(
    `backend ${printable(name)} is not available in this version`,
    "leave it out, or say linux",
  );
}

/** The folder and the uid depend on each other: root's bottle runs as the owner of its workspace. */
async function chosenWorkspace(
  home: HomePaths,
  bottle: Bottle,
  request: StartRequest,
  io: OperatorIo,
  kept: Owner | undefined,
): Promise<{ choice: { source: string | undefined; mode: "copy" | "bind" | undefined }; owner: Owner }> {
  const written = bottle.workspace.path?.value;
  const folder = request.workspace ?? (written && resolve(io.cwd, expandTilde(written, io.env)));
  const owner =
    kept ??
    chooseOwner({
      uid: process.getuid?.() ?? 0,
      gid: process.getgid?.() ?? 0,
      sudoUid: io.env.SUDO_UID,
      sudoGid: io.env.SUDO_GID,
      workspace: folder,
      reserved: new Set(stateIds(home).map((id) => readMetadata(home, id)?.uid ?? 0)),
    });
  const mode = request.workspaceMode;
  if (folder === undefined) return { choice: { source: undefined, mode }, owner };
  const effective = mode ?? (bottle.workspace.mode?.value === "bind" ? "bind" : "copy");
  const source = await checkWorkspace(folder, effective, forbiddenFolders(home, io, owner), owner);
  return { choice: { source, mode }, owner };
}

/** The operator's home folder is that of the environment, of the account, of who called sudo, of whom the bottle runs as. */
function forbiddenFolders(home: HomePaths, io: OperatorIo, owner?: Owner) {
  const uids = [process.getuid?.(), Number(io.env.SUDO_UID), owner?.uid];
  return {
    homes: [
      io.env.HOME || homedir(),
      ...uids.flatMap((uid) => (uid === undefined ? [] : (homeFolder(uid) ?? []))),
    ],
    botBottleHome: home.root,
    programFolder: dirname(codeLocation().folder),
  };
}

function providerName(bottle: Bottle, request: StartRequest): string {
  return bottle.provider.template?.value ?? (request.kind === "command" ? "command" : "claude");
}

async function provide(
  home: HomePaths,
  bottle: Bottle,
  { agent, settings }: Loaded,
  request: StartRequest,
  io: OperatorIo,
) {
  const authToken = bottle.provider.authToken?.value;
  const known = new Map<string, Secret>();
  if (authToken !== undefined && !request.dryRun) {
    const need: SecretNeed = {
      name: authToken,
      source: { kind: "ref", name: authToken },
      neededBy: "agent_provider.auth_token",
    };
    for (const [name, secret] of await resolveSecrets([need], settings.secrets, io)) known.set(name, secret);
  }
  const contribution = providerByName(providerName(bottle, request)).contribute({
    settings: bottle.provider.settings?.value ?? {},
    authToken,
    authKind: authKind(authToken === undefined ? undefined : known.get(authToken)),
    systemPrompt: agent?.agent.prompt ?? "",
    headlessPrompt: request.headless ? request.prompt : undefined,
    command: request.command,
    label: request.label,
    extraArgs: request.extraArgs,
    findProgram: (name) =>
      findProgram(name, {
        path: io.env.PATH ?? "",
        forbidden: Object.values(forbiddenFolders(home, io)).flat(),
      }),
  });
  return { contribution, known };
}

/** Anthropic's two kinds of credential are told apart by how they begin; another shape is left to the provider. */
function authKind(secret: Secret | undefined): "oauth" | "api-key" | undefined {
  const value = secret?.reveal() ?? "";
  if (value.startsWith("sk-ant-oat")) return "oauth";
  return value.startsWith("sk-ant-api") ? "api-key" : undefined;
}

function isUnconfirmed(agent: LoadedAgent | undefined, request: StartRequest): boolean {
  return agent?.origin === "repo" && request.bottles.length === 0;
}

/** SPEC §1: a cloned repo may suggest a bottle; only a person who saw what it opens may take it. `--yes` does not. */
async function confirmRepoAgent({ agent, bottle }: Loaded, plan: LaunchPlan, io: OperatorIo): Promise<void> {
  const names = bottle?.sources.join(", ") ?? "";
  const fault = usageFault(
    `agent ${printable(agent?.agent.name ?? "")} comes from this repository and only suggests the bottle ${names}`,
    `if that is what you want: --bottle ${agent?.agent.bottles[0] ?? "NAME"}`,
  );
  if (!io.isTerminal) throw fault;
  io.notice(`this repository's agent asks for the bottle ${names}, which opens:`);
  for (const line of describeReach(plan)) io.notice(`  ${line}`);
  if (!(await io.confirm("Give it that?"))) throw fault;
}
