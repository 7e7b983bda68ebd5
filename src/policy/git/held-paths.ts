import { type Glob, isLiteral, matchesGlob, parseGlob } from "./glob.ts";
import { foldRef } from "./ref-name.ts";

/**
 * What a forge or a hook manager runs by its place alone, and where submodules come from: changing one is for the
 * operator. `**` before those that are called from other folders too: hooks of a monorepo's packages, child pipelines.
 */
export const HELD_BY_DEFAULT: readonly string[] = [
  ".github/workflows/**",
  ".github/actions/**",
  ".gitea/workflows/**",
  ".gitea/actions/**",
  ".forgejo/workflows/**",
  ".forgejo/actions/**",
  "**/.gitlab-ci.yml",
  "**/*.gitlab-ci.yml",
  ".gitlab/ci/**",
  ".circleci/**",
  ".buildkite/**",
  ".woodpecker/**",
  ".woodpecker.yml",
  ".woodpecker.yaml",
  ".drone.yml",
  ".drone.yaml",
  ".drone.jsonnet",
  ".drone.star",
  ".travis.yml",
  ".cirrus.yml",
  ".cirrus.star",
  ".semaphore/**",
  ".tekton/**",
  ".teamcity/**",
  ".builds/**",
  ".build.yml",
  "**/Jenkinsfile",
  "azure-pipelines.yml",
  "azure-pipelines.yaml",
  ".azure-pipelines/**",
  "bitbucket-pipelines.yml",
  "appveyor.yml",
  ".appveyor.yml",
  "buildspec.yml",
  "buildspec.yaml",
  "cloudbuild.yml",
  "cloudbuild.yaml",
  "**/.husky/**",
  "**/.githooks/**",
  ".pre-commit-config.yaml",
  "lefthook.*",
  ".lefthook.*",
  ".lefthook/**",
  ".overcommit.yml",
  ".gitmodules",
  // what the next push is scanned with
  ".gitleaks.toml",
  ".gitleaksignore",
];

/** Characters that HFS+ leaves out when it compares names (git's utf8.c, next_hfs_char). */
const IGNORED = /[\u200c-\u200f\u202a-\u202e\u206a-\u206f\ufeff]/gu;

/** Windows' short names: `GITHUB~1`, or `GI7EBA~1` where several are alike. */
const SHORT_NAME = /^([^.~]{1,6})~[1-9][0-9]?(?:\.[^.]{0,3})?$/;
const HASHED = /^(..)[0-9a-f]{4}$/;

/**
 * Those of the changed paths whose change waits for the operator. A path is held too where a common file system takes it
 * for a held one (case, Unicode's forms, HFS+'s ignored characters, NTFS' trailing dots, streams and short names), and
 * where it is no folder in the place of a held one's folder: a symbolic link `.husky`, say.
 *
 * `paths`: latin1, a character a byte, as git prints them; the same come back, in their order.
 */
export function heldPaths(hold: readonly string[], paths: Iterable<string>): readonly string[] {
  const globs = new GlobIndex(hold.flatMap((glob) => withFolders(parseGlob(foldRef(glob)))));
  const held: string[] = [];
  for (const path of paths) {
    const segments = foldPath(path).split("/");
    if (globs.near(segments).some((glob) => matchesGlob(glob, segments, looksLike))) held.push(path);
  }
  return held;
}

/** Finds the few globs that may be about a path: a push may change a million. */
class GlobIndex {
  readonly #all: readonly Glob[];
  /** by the segment that a path must begin with */
  readonly #first = new Map<string, Glob[]>();
  /** by a segment that a path must have: `**` stands before it */
  readonly #within = new Map<string, Glob[]>();
  readonly #others: Glob[] = [];

  constructor(globs: readonly Glob[]) {
    this.#all = globs;
    for (const glob of globs) {
      const [first = "", second = ""] = glob;
      if (isLiteral(first)) addTo(this.#first, first, glob);
      else if (first === "**" && isLiteral(second)) addTo(this.#within, second, glob);
      else this.#others.push(glob);
    }
  }

  near(segments: readonly string[]): readonly Glob[] {
    // a short name stands for others than it says
    if (segments.some((segment) => segment.includes("~"))) return this.#all;
    const found = [...new Set(segments)].flatMap((segment) => this.#within.get(segment) ?? []);
    return [...(this.#first.get(segments[0] ?? "") ?? []), ...found, ...this.#others];
  }
}

function addTo(index: Map<string, Glob[]>, segment: string, glob: Glob): void {
  const known = index.get(segment);
  if (known === undefined) index.set(segment, [glob]);
  else known.push(glob);
}

/** The glob and each folder that it names above what it is for. */
function withFolders(glob: Glob): readonly Glob[] {
  const folders = glob
    .slice(0, -1)
    .flatMap((segment, at) => (isLiteral(segment) ? [glob.slice(0, at + 1)] : []));
  return [glob, ...folders];
}

function foldPath(path: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: all of ASCII is meant
  const ascii = /^[\u0000-\u007f]*$/.test(path);
  const text = ascii ? path : Buffer.from(path, "latin1").toString("utf8").replace(IGNORED, "");
  const folded = foldRef(text).replaceAll("\\", "/");
  return /[. :](?:\/|$)|:/.test(folded) ? folded.split("/").map(foldSegment).join("/") : folded;
}

/** As NTFS reads it: nothing behind a colon, no dots or blanks at the end. */
function foldSegment(segment: string): string {
  const colon = segment.indexOf(":", 1);
  let end = colon < 0 ? segment.length : colon;
  while (end > 1 && ". ".includes(segment.charAt(end - 1))) end -= 1;
  return segment.slice(0, end);
}

function looksLike(literal: string, segment: string): boolean {
  if (literal === segment) return true;
  if (!segment.includes("~")) return false;
  const [, short = ""] = SHORT_NAME.exec(segment) ?? [];
  if (short === "") return false;
  const stem = literal
    .replace(/^\.+/, "")
    .replace(/\.[^.]*$/, "")
    .replaceAll(".", "");
  return stem.slice(0, 6) === short || (HASHED.test(short) && stem.startsWith(short.slice(0, 2)));
}
