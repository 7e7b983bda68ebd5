import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import type { CodeLocation } from "./job.ts";

/** Folder of the bundles (`dist`), which holds every entry that is started as a process of its own. */
export function codeLocation(): CodeLocation {
  return { nodePath: process.execPath, folder: dirname(fileURLToPath(import.meta.url)) };
}
