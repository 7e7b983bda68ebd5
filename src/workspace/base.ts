import { closeSync, constants, fstatSync, openSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { Fault } from "../base/fault.ts";
import { MAX_BASE_BYTES } from "./limits.ts";

/**
 * One path of a workspace as it was copied. `mode`: permission bits. `changed`: the copy's inode and ctime in
 * nanoseconds; no program in the bottle can set a ctime, so an equal one means untouched content.
 */
export type BaseEntry =
  | {
      readonly type: "file";
      readonly mode: number;
      readonly size: number;
      readonly sha256: string;
      readonly changed: string;
    }
  | { readonly type: "folder"; readonly mode: number }
  | { readonly type: "link"; readonly target: string };

/** `base.json`: what a copy held when it was made, or last applied. */
export interface Base {
  /** the folder it was copied from */
  readonly source: string;
  readonly entries: ReadonlyMap<string, BaseEntry>;
}

/** undefined: there is none, as with a workspace that began empty. Throws `Fault` when it can't be read. */
export function readBase(path: string): Base | undefined {
  let fd: number;
  try {
    fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
  try {
    if (fstatSync(fd).size > MAX_BASE_BYTES) throw new Error("too large");
    return decode(JSON.parse(readFileSync(fd, "utf8")));
  } catch (error) {
    throw new Fault(`${path} can't be read: what the workspace was copied from is not known`, {
      mend: "copy what you need out of the workspace beside it by hand",
      cause: error,
    });
  } finally {
    closeSync(fd);
  }
}

/** Atomically: a killed launcher leaves the old one or the new one. */
export function writeBase(path: string, { source, entries }: Base): void {
  const draft = `${path}.new`;
  // pairs, not an object: a file may be called __proto__
  writeFileSync(draft, JSON.stringify({ version: 1, source, entries: [...entries] }), { mode: 0o600 });
  renameSync(draft, path);
}

function decode(value: unknown): Base {
  const { version, source, entries } = record(value);
  if (version !== 1 || typeof source !== "string" || !Array.isArray(entries))
    throw new Error("not a base.json");
  const decoded = new Map<string, BaseEntry>();
  for (const pair of entries as readonly unknown[]) {
    const path: unknown = Array.isArray(pair) ? pair[0] : undefined;
    const entry: unknown = Array.isArray(pair) ? pair[1] : undefined;
    if (typeof path !== "string") throw new Error("an entry without a path");
    decoded.set(path, decodeEntry(record(entry)));
  }
  return { source, entries: decoded };
}

function decodeEntry({
  type,
  mode,
  size,
  sha256,
  changed,
  target,
}: Readonly<Record<string, unknown>>): BaseEntry {
  if (type === "link" && typeof target === "string") return { type, target };
  if (type === "folder" && typeof mode === "number") return { type, mode };
  if (
    type === "file" &&
    typeof mode === "number" &&
    typeof size === "number" &&
    typeof sha256 === "string" &&
    typeof changed === "string"
  ) {
    return { type, mode, size, sha256, changed };
  }
  throw new Error("an entry of no known type");
}

function record(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null) throw new Error("not an object");
  return Object.fromEntries(Object.entries(value));
}
