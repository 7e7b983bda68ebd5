/**
 * The rules of the house that a compiler doesn't know: imports point down the list of rooms, the pure rooms do no
 * I/O and read neither clock nor environment, no file grows without end, no import goes round in a circle.
 * Prints what breaks a rule, one a line, and exits 1.
 */
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";

/** From the roof to the ground; a room may import from itself and from those after it. */
const ROOMS = [
  "cli",
  "dashboard",
  "launch",
  "backends",
  "providers",
  "workspace",
  "sidecar",
  "journal",
  "plan",
  "manifest",
  "policy",
  "dlp",
  "base",
];
const PURE_ROOMS = ["plan", "manifest", "policy", "dlp", "base"];
/** What reads manifests from disk. */
const LOADERS = ["src/manifest/folder.ts", "src/manifest/reader.ts", "src/manifest/trusted-file.ts"];
/** What a pure room may use of Node: transformations of values. */
const PURE_MODULES = [
  "node:buffer",
  "node:crypto",
  "node:path",
  "node:string_decoder",
  "node:url",
  "node:util",
  "node:zlib",
];
/** `node:net` is I/O but for its address parsers. */
const PURE_NET = /^import \{ (?:(?:BlockList|isIP|isIPv4|isIPv6)(?:, )?)+ \} from "node:net"/;
const IMPURE =
  /\bprocess\.(?!versions)|\bDate\.now\b|new Date\(\)|\bperformance\.|\bMath\.random\b|\bset(?:Timeout|Interval)\b/;
const ENVIRONMENT_ROOMS = ["cli", "launch", "manifest"];
/** "About 300": over this a file is two things. */
const MAX_LINES = 330;
const IMPORT = /^(?:import|export)\b[^;]*?\bfrom "([^"]+)"|^import "([^"]+)"|\bimport\("([^"]+)"\)/gm;

const problems: string[] = [];
const graph = new Map<string, string[]>();

for (const path of sources("src")) {
  const text = readFileSync(path, "utf8");
  const lines = text.split("\n");
  const room = roomOf(path);
  const pure = PURE_ROOMS.includes(room) && !LOADERS.includes(path);
  if (!ROOMS.includes(room)) problems.push(`${path}: no room of that name`);
  if (lines.length > MAX_LINES) problems.push(`${path}: ${lines.length} lines, at most ${MAX_LINES}`);
  const targets: string[] = [];
  graph.set(path, targets);
  for (const match of text.matchAll(IMPORT)) {
    const specifier = match[1] ?? match[2] ?? match[3] ?? "";
    const at = `${path}:${lineOf(text, match.index)}`;
    if (specifier.startsWith(".")) {
      const target = normalize(join(dirname(path), specifier));
      if (!/^import type |^export type /.test(match[0])) targets.push(target);
      if (target.startsWith("src/") && ROOMS.indexOf(roomOf(target)) < ROOMS.indexOf(room)) {
        problems.push(`${at}: ${room} may not import from ${roomOf(target)}`);
      }
    } else if (pure && specifier.startsWith("node:") && !PURE_MODULES.includes(specifier)) {
      if (!PURE_NET.test(match[0])) problems.push(`${at}: ${room} is pure and may not import ${specifier}`);
    }
  }
  for (const [index, line] of lines.entries()) {
    const code = line.replace(/\/\/.*|^\s*\*.*|\/\*.*?\*\//, "");
    if (pure && IMPURE.test(code)) problems.push(`${path}:${index + 1}: ${room} is pure: ${line.trim()}`);
    if (!ENVIRONMENT_ROOMS.includes(room) && /\bprocess\.env\b/.test(code)) {
      problems.push(`${path}:${index + 1}: the environment is read in ${ENVIRONMENT_ROOMS.join(", ")} only`);
    }
  }
}
for (const circle of circles()) problems.push(`import circle: ${circle.join(" -> ")}`);

for (const problem of problems) console.error(problem);
if (problems.length > 0) process.exitCode = 1;

function sources(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts") || name.endsWith(".tsx"))
    .map((name) => join(folder, name))
    .sort();
}

function roomOf(path: string): string {
  return path.split("/")[1] ?? "";
}

function lineOf(text: string, index: number): number {
  return text.slice(0, index).split("\n").length;
}

/** Circles among imports that exist at run time; type-only imports may go round. */
function circles(): string[][] {
  const found: string[][] = [];
  const done = new Set<string>();
  const visit = (path: string, trail: readonly string[]): void => {
    const start = trail.indexOf(path);
    if (start >= 0) found.push([...trail.slice(start), path]);
    if (start >= 0 || done.has(path)) return;
    for (const target of graph.get(path) ?? []) visit(target, [...trail, path]);
    done.add(path);
  };
  for (const path of graph.keys()) visit(path, []);
  return found;
}
