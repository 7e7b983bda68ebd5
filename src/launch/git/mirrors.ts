import { closeSync, constants, type Dirent, fstatSync, openSync, readdirSync, readSync } from "node:fs";
import { join } from "node:path";
import { type DiskUse, diskUse } from "../../backends/linux/disk-use.ts";
import { MIRROR_ABOUT_BYTES, MIRROR_ENTRIES } from "../limits.ts";
import type { HomePaths } from "../paths.ts";

/** A mirror of an upstream, as its folder says it. */
export interface MirrorSummary {
  /** name of its folder */
  readonly key: string;
  readonly upstream: string;
  /** whose it is, where root started the bottle */
  readonly uid?: number;
  /** ISO 8601 */
  readonly refreshedAt: string;
  /** on disk, of all its files; undefined: they can't be read, or are more than `MIRROR_ENTRIES` */
  readonly bytes: number | undefined;
}

/** What a mirror's folder holds beside the repository. */
const MIRROR_ABOUT = "bot-bottle.json";

/**
 * All mirrors, by upstream. Their files were written by programs that have read hostile packs: nothing is
 * followed, nothing but a short regular file is read, and what is no mirror's description is passed over.
 */
export function readMirrors(home: HomePaths): MirrorSummary[] {
  const folder = join(home.cache, "git");
  return entriesOf(folder)
    .flatMap((entry): MirrorSummary[] => {
      const about = entry.isDirectory() ? readAbout(join(folder, entry.name, MIRROR_ABOUT)) : undefined;
      return about ? [{ key: entry.name, ...about, bytes: bytesIn(join(folder, entry.name)) }] : [];
    })
    .sort((a, b) => (a.upstream < b.upstream ? -1 : 1));
}

function entriesOf(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    return [];
  }
}

function readAbout(path: string): Pick<MirrorSummary, "upstream" | "uid" | "refreshedAt"> | undefined {
  try {
    const value: unknown = JSON.parse(readShort(path));
    if (typeof value !== "object" || value === null) return undefined;
    const { upstream, uid, refreshedAt }: Record<string, unknown> = { ...value };
    if (typeof upstream !== "string" || typeof refreshedAt !== "string") return undefined;
    if (!ISO.test(refreshedAt)) return undefined;
    return { upstream, ...(Number.isSafeInteger(uid) && { uid: Number(uid) }), refreshedAt };
  } catch {
    return undefined;
  }
}

const ISO = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?Z$/;

/** Throws when it isn't a regular file of at most `MIRROR_ABOUT_BYTES`. */
function readShort(path: string): string {
  const file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const bytes = Buffer.alloc(MIRROR_ABOUT_BYTES + 1);
    const length = fstatSync(file).isFile() ? readSync(file, bytes, 0, bytes.length, 0) : bytes.length;
    if (length > MIRROR_ABOUT_BYTES) throw new Error("no description");
    return bytes.toString("utf8", 0, length);
  } finally {
    closeSync(file);
  }
}

function bytesIn(root: string): number | undefined {
  let use: DiskUse = { bytes: 0, entries: 0, hidden: false };
  for (use of diskUse([root])) if (use.entries > MIRROR_ENTRIES) return undefined;
  return use.hidden ? undefined : use.bytes;
}
