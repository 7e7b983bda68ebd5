import { Fault } from "../../base/fault.ts";
import type { Secret } from "../../base/secret.ts";
import type { HomePaths } from "../paths.ts";
import { ownProcessId } from "../process-id.ts";
import { type DeployKeys, deployKeys, ForgeFault } from "./deploy-keys.ts";
import type { ForgeNetwork } from "./forge-client.ts";
import type { ForgeName } from "./forges.ts";
import { type KeyRecord, removeRecord, writeRecord } from "./key-records.ts";
import { newKey } from "./new-key.ts";

/** Characters of a bottle's ID that a key's title shows: forges allow 255 in all. */
const TITLE_ID = 120;

/** The gate's key of one repository. */
export interface RepoKey {
  /** PEM, as `ssh -i` reads it */
  readonly privateKey: Secret;
  /** Gives back what was made for this bottle; nothing for a key of the operator's. Throws `Fault`. */
  revoke(): Promise<void>;
}

export interface DeployKeyRequest {
  readonly provider: ForgeName;
  readonly apiUrl: string;
  /** name of the token */
  readonly secret: string;
  readonly token: Secret;
  /** the upstream's */
  readonly path: string;
  readonly bottle: string;
  /** the entry's name */
  readonly repo: string;
  /** the entry, for messages */
  readonly what: string;
  readonly settingsFile: string | undefined;
}

/**
 * An ed25519 key for one bottle and one repository, registered at the forge. Its private half is only ever in memory.
 * Throws `Fault`; then the forge has none, or a record of it stays for `cleanup`.
 */
export async function makeDeployKey(
  asked: DeployKeyRequest,
  home: HomePaths,
  network: ForgeNetwork,
): Promise<RepoKey> {
  const { provider, apiUrl, secret, path, bottle, repo, what, settingsFile } = asked;
  const forge = named(what, () => deployKeys(network, asked));
  const { privateKey, publicKey, fingerprint } = newKey(`the deploy key of ${repo}`, `bot-bottle-${bottle}`);
  const short = fingerprint.slice(0, 16);
  // the bottle's name for people; the rest so that no two keys of a repository are called alike
  const title = `bot-bottle ${bottle.slice(0, TITLE_ID)} ${short}`;
  const file = `${bottle}-${short}.json`;
  const record: KeyRecord = {
    version: 1,
    bottle,
    repo,
    provider,
    apiUrl,
    path,
    secret,
    ...(settingsFile !== undefined && { settings: settingsFile }),
    title,
    publicKey,
    maker: ownProcessId(),
  };
  writeRecord(home, file, record);
  let id: number;
  try {
    id = await forge.add({ title, publicKey });
  } catch (error) {
    throw await undone(error, { forge, home, file, record, what });
  }
  const revoke = async () => {
    try {
      await forge.remove(id);
    } catch (error) {
      throw mayHaveStayed(error, record, what);
    }
    removeRecord(home, file);
  };
  try {
    writeRecord(home, file, { ...record, id });
  } catch (error) {
    // the record without the number would do for `cleanup`; but a disk that takes nothing is no disk to work on
    await revoke();
    throw error;
  }
  return { privateKey, revoke };
}

interface Undoing {
  readonly forge: DeployKeys;
  readonly home: HomePaths;
  readonly file: string;
  readonly record: KeyRecord;
  readonly what: string;
}

/** What is thrown after `add` failed. A key that may be there is looked for at once; if nothing is found it may still come. */
async function undone(error: unknown, { forge, home, file, record, what }: Undoing): Promise<unknown> {
  if (!(error instanceof ForgeFault)) return error;
  const said = { ...(error.mend !== undefined && { mend: error.mend }), cause: error };
  const fault = new Fault(`${what}: ${error.message}`, said);
  if (error.outcome !== "unknown") {
    removeRecord(home, file);
    return fault;
  }
  try {
    if ((await forge.removeListed(record)) > 0) {
      removeRecord(home, file);
      return fault;
    }
  } catch (second) {
    if (!(second instanceof ForgeFault)) return second;
  }
  return new Fault(
    `${fault.message}\n${what}: the forge may have made the key ${record.title} all the same; bot-bottle cleanup looks for it`,
    said,
  );
}

function named<T>(what: string, make: () => T): T {
  try {
    return make();
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    throw new Fault(`${what}: ${error.message}`, {
      ...(error.mend !== undefined && { mend: error.mend }),
      exitCode: error.exitCode,
    });
  }
}

function mayHaveStayed(error: unknown, record: KeyRecord, what: string): unknown {
  if (!(error instanceof Fault)) return error;
  return new Fault(
    `${what}: the deploy key ${record.title} could not be deleted and may still push: ${error.message}`,
    {
      mend: "run bot-bottle cleanup, which tries again, or delete it at the forge",
      cause: error,
    },
  );
}
