import {
  chmodSync,
  closeSync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import * as z from "zod/mini";
import { Fault } from "../../base/fault.ts";
import type { HomePaths } from "../paths.ts";
import { isAlive, ownProcessId, type ProcessId } from "../process-id.ts";
import { KEY_RECORD_BYTES } from "./limits.ts";

const TEXT = z.string().check(z.maxLength(4096));

const RECORD = z.strictObject({
  version: z.literal(1),
  /** the bottle's ID, and the name of its git-gate entry */
  bottle: TEXT,
  repo: TEXT,
  provider: z.enum(["gitea", "github", "gitlab"]),
  apiUrl: TEXT,
  /** of the upstream */
  path: TEXT,
  /** name of the token, never its value */
  secret: TEXT,
  /** `--settings` of that session; undefined: the home folder's */
  settings: z.optional(TEXT),
  title: TEXT,
  publicKey: TEXT,
  /** the launcher that uses the key: while it lives the key is its own */
  maker: z.strictObject({ pid: z.int(), started: TEXT }),
  /** the forge's number of the key; undefined: it was asked for, and what came of it is not known */
  id: z.optional(z.int()),
});

/**
 * `keys/ID-FINGERPRINT.json`: a deploy key that may be at a forge. It is written before the forge is asked and goes
 * when the forge has none any more, so that a key is never forgotten, whatever ends in between. It lies outside the
 * bottle's state, which may go earlier.
 */
export type KeyRecord = z.output<typeof RECORD>;

/** Writes a record, to the disk itself. Throws `Fault` where it can't be: then no key may be made. */
export function writeRecord(home: HomePaths, file: string, record: KeyRecord): void {
  const { pid, started } = ownProcessId();
  const draft = join(home.keys, `${file}.${pid}-${started}`);
  try {
    prepareFolder(home.keys);
    rmSync(draft, { force: true });
    writeFileSync(draft, `${JSON.stringify(record, undefined, 2)}\n`, {
      mode: 0o600,
      flag: "wx",
      flush: true,
    });
    renameSync(draft, join(home.keys, file));
    flushFolder(home.keys);
  } catch (error) {
    rmSync(draft, { force: true });
    if (error instanceof Fault) throw error;
    throw new Fault(
      `a deploy key can't be noted in ${home.keys}: ${error instanceof Error ? error.message : String(error)}`,
      { mend: "make that folder one you can write; without a note a key could be forgotten", cause: error },
    );
  }
}

export function removeRecord(home: HomePaths, file: string): void {
  rmSync(join(home.keys, file), { force: true });
}

/** What names the token's host is believed only from a folder that nobody else can write. */
function prepareFolder(folder: string): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const stats = lstatSync(folder);
  if (!stats.isDirectory() || stats.uid !== process.getuid?.())
    throw new Fault(`${folder} is not a folder of yours`, { mend: "move it away" });
  if ((stats.mode & 0o077) !== 0) chmodSync(folder, 0o700);
}

function flushFolder(folder: string): void {
  const fd = openSync(folder, "r");
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

export interface FoundRecord {
  readonly file: string;
  /** undefined: it can't be read */
  readonly record: KeyRecord | undefined;
}

/**
 * Records of keys that no living launcher uses; drafts that dead ones left are removed. Throws `Fault` where the folder
 * can't be believed.
 */
export function leftRecords(home: HomePaths): FoundRecord[] {
  if (lstatSync(home.keys, { throwIfNoEntry: false }) === undefined) return [];
  prepareFolder(home.keys);
  const found: FoundRecord[] = [];
  for (const file of readdirSync(home.keys).sort()) {
    const draft = /\.json\.(\d+)-(\d*)$/.exec(file);
    if (draft) {
      const writer: ProcessId = { pid: Number(draft[1]), started: draft[2] ?? "" };
      // it was never a record: no forge was asked
      if (!isAlive(writer)) removeRecord(home, file);
    } else if (file.endsWith(".json")) {
      const record = readRecord(join(home.keys, file));
      if (record !== "gone" && !(record && isAlive(record.maker))) found.push({ file, record });
    }
  }
  return found;
}

function readRecord(path: string): KeyRecord | undefined | "gone" {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  // another cleanup was faster
  if (stats === undefined) return "gone";
  if (!stats.isFile() || stats.size > KEY_RECORD_BYTES) return undefined;
  try {
    return RECORD.safeParse(JSON.parse(readFileSync(path, "utf8"))).data;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "ENOENT" ? "gone" : undefined;
  }
}
