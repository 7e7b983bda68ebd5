import { accessSync, constants } from "node:fs";
import { join } from "node:path";
import { Fault } from "../../base/fault.ts";

/** Where system programs are looked for; PATH is the operator's and is not asked. */
const FOLDERS = ["/usr/bin", "/bin", "/usr/sbin", "/sbin", "/run/current-system/sw/bin"];

/** The programs the backend runs, with the Debian package each comes in. */
export const TOOLS = {
  bwrap: "bubblewrap",
  flock: "util-linux",
  ip: "iproute2",
  nsenter: "util-linux",
  unshare: "util-linux",
  mkfifo: "coreutils",
  perl: "perl-base",
} as const;

export type Tool = keyof typeof TOOLS;

/** Absolute path of a system program, or undefined. */
export function findTool(name: string): string | undefined {
  return FOLDERS.map((folder) => join(folder, name)).find(isExecutable);
}

/** Absolute path of a program the backend can't do without; throws the Fault that names its package. */
export function tool(name: Tool): string {
  const path = findTool(name);
  if (path === undefined) {
    throw new Fault(`${name} is not installed`, { mend: `sudo apt install ${TOOLS[name]}` });
  }
  return path;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
