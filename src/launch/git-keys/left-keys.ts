import { Fault } from "../../base/fault.ts";
import { printable } from "../../base/printable.ts";
import type { Secret } from "../../base/secret.ts";
import { loadManifests } from "../../manifest/load.ts";
import type { Settings } from "../../manifest/settings.ts";
import type { HomePaths } from "../paths.ts";
import type { OperatorIo } from "../request.ts";
import { resolveSecrets } from "../secrets.ts";
import { upstreamConfig } from "../upstream-config.ts";
import { atOnce } from "./at-once.ts";
import { deployKeys } from "./deploy-keys.ts";
import { type ForgeNetwork, openForgeNetwork } from "./forge-client.ts";
import { type FoundRecord, type KeyRecord, leftRecords, removeRecord } from "./key-records.ts";

export interface LeftKeys {
  /** titles of keys that are deleted (with `dryRun`: would be) */
  readonly revoked: readonly string[];
  /** keys that may still push, with the reason and what to do */
  readonly kept: readonly { readonly title: string; readonly why: string }[];
}

/**
 * Deletes at their forges the deploy keys whose launcher is gone. Safe to run twice, and twice at once. The tokens are
 * looked for as at a launch: in the environment, then in settings.
 */
export async function revokeLeftKeys(home: HomePaths, io: OperatorIo, dryRun: boolean): Promise<LeftKeys> {
  const revoked: string[] = [];
  const kept: { title: string; why: string }[] = [];
  const forges = new Forges(home, io);
  let records: readonly FoundRecord[] = [];
  try {
    records = leftRecords(home);
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    kept.push({ title: home.keys, why: error.message });
  }
  await atOnce(records, async ({ file, record }) => {
    const title = record?.title ?? file;
    try {
      if (record === undefined) throw unreadable(home, file);
      if (!dryRun) await revoke(record, forges);
      if (!dryRun) removeRecord(home, file);
      revoked.push(printable(title));
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      const mend = error.mend === undefined ? "" : `; ${error.mend}`;
      kept.push({ title: printable(title), why: `${error.message}${mend}` });
    }
  });
  return { revoked, kept };
}

async function revoke(record: KeyRecord, forges: Forges): Promise<void> {
  const { network, token } = await forges.of(record);
  const keys = deployKeys(network, { ...record, token });
  if (record.id === undefined) await keys.removeListed(record);
  else await keys.remove(record.id);
}

function unreadable(home: HomePaths, file: string): Fault {
  return new Fault(`${printable(`${home.keys}/${file}`)} can't be read`, {
    mend: "look for the key at the forge by the file's name, then remove the file",
  });
}

/** The network and the tokens that sessions with these settings had; each is looked for once. */
class Forges {
  readonly #home: HomePaths;
  readonly #io: OperatorIo;
  readonly #settings = new Map<string, Promise<{ settings: Settings; network: ForgeNetwork }>>();
  readonly #tokens = new Map<string, Promise<Secret>>();

  constructor(home: HomePaths, io: OperatorIo) {
    this.#home = home;
    this.#io = io;
  }

  async of({ settings, secret, title }: KeyRecord): Promise<{ network: ForgeNetwork; token: Secret }> {
    const opened = await remembered(this.#settings, settings ?? "", () => this.#open(settings));
    const token = await remembered(this.#tokens, `${secret}\0${settings ?? ""}`, () =>
      this.#token(secret, title, opened.settings),
    );
    return { network: opened.network, token };
  }

  async #open(file: string | undefined): Promise<{ settings: Settings; network: ForgeNetwork }> {
    const { cwd, env } = this.#io;
    const uid = process.getuid?.() ?? 0;
    const sudoUid = env.SUDO_UID === undefined ? undefined : Number(env.SUDO_UID);
    const settings = await loadManifests({ home: this.#home, cwd, uid, sudoUid }).loadSettings(file);
    return { settings, network: openForgeNetwork(upstreamConfig(settings, env)) };
  }

  async #token(name: string, title: string, { secrets }: Settings): Promise<Secret> {
    const need = {
      name,
      source: { kind: "ref", name },
      neededBy: `deleting the deploy key ${printable(title)}`,
    } as const;
    const found = (await resolveSecrets([need], secrets, this.#io)).get(name);
    if (found === undefined) throw new Error(`no secret ${name}`);
    return found;
  }
}

function remembered<T>(kept: Map<string, Promise<T>>, name: string, make: () => Promise<T>): Promise<T> {
  const known = kept.get(name) ?? make();
  kept.set(name, known);
  return known;
}
