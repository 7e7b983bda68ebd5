import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import type { Backend } from "../backends/backend.ts";
import { createLinuxBackend } from "../backends/linux/index.ts";
import type { CodeLocation } from "./job.ts";

/** Folder of the bundles (`dist`), which holds every entry that is started as a process of its own. */
export function codeLocation(): CodeLocation {
  return { nodePath: process.execPath, folder: dirname(fileURLToPath(import.meta.url)) };
}

/** The backend, with the code of `code`: this process's own, or the stage's. */
export function linuxBackend(code: CodeLocation = codeLocation()): Backend {
  return createLinuxBackend({ nodePath: code.nodePath, codeFolder: code.folder });
}
