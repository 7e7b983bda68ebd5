import { existsSync, realpathSync } from "node:fs";
import { basename, isAbsolute, join, relative } from "node:path";
import { Fault } from "../base/fault.ts";
import { printable } from "../base/printable.ts";
import type { ProgramBind } from "../plan/launch-plan.ts";
import { executableKind, isExecutable } from "./executable.ts";
import { MAX_PATH_FOLDERS } from "./limits.ts";
import { packageOf, platformProgram } from "./npm-package.ts";
import type { FoundProgram } from "./provider.ts";

/** Where programs of the host lie inside a bottle. */
export const PROGRAMS_TARGET = "/opt/agent";
/** node, when a script needs it and it is not in /usr; `/opt/node/bin` is on the bottle's PATH */
export const NODE_TARGET = "/opt/node/bin/node";

export interface ProgramHost {
  /** the operator's PATH */
  readonly path: string;
  /** folders that must never be visible in a bottle: home folders, BOT_BOTTLE_HOME */
  readonly forbidden: readonly string[];
}

/**
 * Finds a program installed on the host and what must be bound for it to run: nothing when it lies in /usr, its npm
 * package's folder (or the platform package's with the native program), else the one file. Never a folder above those.
 *
 * Throws `Fault` when the folder to bind is or holds a home folder, or the script's interpreter can't be had inside.
 */
export function findProgram(name: string, host: ProgramHost): FoundProgram | undefined {
  const found = lookUp(name, host.path);
  if (found === undefined) return undefined;
  const file = realpathSync(found);
  if (inUsr(file)) return { path: inUsr(found) ? found : file, binds: [] };

  const target = `${PROGRAMS_TARGET}/${basename(name)}`;
  const owner = packageOf(file);
  const native = owner && platformProgram(owner, basename(name), platform());
  if (native !== undefined) return bound(native.folder, native.file, target, host);

  const kind = executableKind(file);
  if (kind.kind === "other") {
    throw new Fault(`${printable(file)} can't be run: it is neither a native program nor a script`, {
      mend: `install ${basename(name)} again; for an npm package, with its install scripts and optional dependencies`,
    });
  }
  const interpreter = kind.kind === "script" ? interpreterBinds(kind.interpreter, file, host) : [];
  if (owner === undefined) {
    const single = `${target}/${basename(file)}`;
    return { path: single, binds: [{ source: file, target: single }, ...interpreter] };
  }
  const program = bound(realpathSync(owner.folder), file, target, host);
  return { path: program.path, binds: [...program.binds, ...interpreter] };
}

/** The program's folder at its neutral place. */
function bound(folder: string, file: string, target: string, host: ProgramHost): FoundProgram {
  const source = realpathSync(folder);
  for (const forbidden of ["/", ...host.forbidden]) {
    if (source === forbidden || isInside(forbidden, source)) {
      throw new Fault(
        `the package of ${printable(file)} is ${printable(source)}, which holds ${printable(forbidden)}`,
        {
          mend: "install the program in a folder of its own (npm install --global), or remove the package.json there",
        },
      );
    }
  }
  return { path: join(target, relative(source, realpathSync(file))), binds: [{ source, target }] };
}

function interpreterBinds(interpreter: string, script: string, host: ProgramHost): ProgramBind[] {
  const found = isAbsolute(interpreter) ? interpreter : lookUp(interpreter, host.path);
  if (found !== undefined && isExecutable(found)) {
    const file = realpathSync(found);
    if (inUsr(file)) return [];
    // only where the script asks PATH for it: an absolute path outside /usr does not exist inside
    if (interpreter === "node" && executableKind(file).kind === "native") {
      return [{ source: file, target: NODE_TARGET }];
    }
  }
  throw new Fault(`${printable(script)} is run by ${printable(interpreter)}, which a bottle can't see`, {
    mend: `install ${printable(basename(interpreter))} under /usr`,
  });
}

/** As a shell looks a name up; only absolute folders, so that the current folder never decides. */
export function lookUp(name: string, path: string): string | undefined {
  if (isAbsolute(name)) return isExecutable(name) ? name : undefined;
  if (name === "" || name.includes("/")) return undefined;
  const folders = path.split(":").filter(isAbsolute).slice(0, MAX_PATH_FOLDERS);
  return folders.map((folder) => join(folder, name)).find(isExecutable);
}

// a merged /usr makes /bin, /sbin and /lib links into it, so real paths need no other case
function inUsr(file: string): boolean {
  return isInside(file, "/usr");
}

function isInside(path: string, folder: string): boolean {
  return path.startsWith(folder.endsWith("/") ? folder : `${folder}/`);
}

function platform(): { os: string; cpu: string; libc: "glibc" | "musl" } {
  const musl = existsSync(`/lib/ld-musl-${process.arch === "x64" ? "x86_64" : "aarch64"}.so.1`);
  return { os: process.platform, cpu: process.arch, libc: musl && !existsSync("/lib64") ? "musl" : "glibc" };
}
