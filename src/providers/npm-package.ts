import { readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { executableKind, isExecutable } from "./executable.ts";
import { MAX_PACKAGE_JSON } from "./limits.ts";

export interface NpmPackage {
  /** absolute folder that holds package.json, symlinks resolved by the caller */
  readonly folder: string;
  /** files the package declares as programs, relative to `folder` */
  readonly programs: readonly string[];
  readonly optionalDependencies: readonly string[];
  readonly os: readonly string[];
  readonly cpu: readonly string[];
  readonly libc: readonly string[];
}

/**
 * The package whose program a file is: that of the nearest package.json upwards, if its `bin` names the file. A
 * package.json that merely lies above (a checkout in a home folder, nvm's own) says nothing about it.
 */
export function packageOf(file: string): NpmPackage | undefined {
  for (let folder = dirname(file); ; folder = dirname(folder)) {
    const found = readPackage(folder);
    if (found !== undefined) {
      return found.programs.some((program) => join(folder, program) === file) ? found : undefined;
    }
    if (folder === dirname(folder)) return undefined;
  }
}

/**
 * The native program of a package that ships one package a platform (an optional dependency such as
 * `@anthropic-ai/claude-code-linux-x64`), nested in it or beside it in node_modules. The package's own entry is then a
 * wrapper or, where npm ran no install scripts, a placeholder that cannot run.
 */
export function platformProgram(
  parent: NpmPackage,
  program: string,
  platform: { readonly os: string; readonly cpu: string; readonly libc: "glibc" | "musl" },
): { readonly folder: string; readonly file: string } | undefined {
  for (const dependency of parent.optionalDependencies) {
    for (const modules of moduleFolders(parent.folder)) {
      const candidate = readPackage(join(modules, dependency));
      if (candidate === undefined || !fits(candidate, platform)) continue;
      for (const file of [join(candidate.folder, program), join(candidate.folder, "bin", program)]) {
        if (isExecutable(file) && executableKind(file).kind === "native")
          return { folder: candidate.folder, file };
      }
    }
  }
  return undefined;
}

/** Where node looks for a package's dependencies: its own node_modules, then each one above. */
export function moduleFolders(folder: string): string[] {
  const found = [join(folder, "node_modules")];
  for (let at = dirname(folder); at !== dirname(at); at = dirname(at)) {
    if (at.endsWith("/node_modules")) found.push(at);
  }
  return found;
}

function fits(
  candidate: NpmPackage,
  platform: { readonly os: string; readonly cpu: string; readonly libc: string },
): boolean {
  const allows = (list: readonly string[], value: string) => list.length === 0 || list.includes(value);
  return (
    candidate.os.includes(platform.os) &&
    candidate.cpu.includes(platform.cpu) &&
    allows(candidate.libc, platform.libc)
  );
}

function readPackage(folder: string): NpmPackage | undefined {
  const file = join(folder, "package.json");
  try {
    const stats = statSync(file);
    if (!stats.isFile() || stats.size > MAX_PACKAGE_JSON) return undefined;
    const parsed: unknown = JSON.parse(readFileSync(file, "utf8"));
    if (typeof parsed !== "object" || parsed === null) return undefined;
    const field = (name: string): unknown => Reflect.get(parsed, name);
    return {
      folder,
      programs: programFiles(field("bin")),
      optionalDependencies: keys(field("optionalDependencies")).filter((entry) => PACKAGE_NAME.test(entry)),
      os: strings(field("os")),
      cpu: strings(field("cpu")),
      libc: strings(field("libc")),
    };
  } catch {
    // none here, or unreadable: look further up
    return undefined;
  }
}

// no `..`: the name becomes part of a path that is bound into a bottle
const PACKAGE_NAME = /^(@[a-z0-9~-][a-z0-9._~-]*\/)?[a-z0-9~-][a-z0-9._~-]*$/;

/** `bin` is one path, or a map of names to paths. */
function programFiles(bin: unknown): string[] {
  if (typeof bin === "string") return [bin];
  return typeof bin === "object" && bin !== null ? strings(Object.values(bin)) : [];
}

function keys(value: unknown): string[] {
  return typeof value === "object" && value !== null ? Object.keys(value) : [];
}

function strings(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((entry) => typeof entry === "string") : [];
}
