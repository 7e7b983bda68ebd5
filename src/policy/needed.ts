import type { HostName } from "./host.ts";
import { MAX_NEEDED_GLOBS, MAX_NEEDED_PATH } from "./limits.ts";
import type { RouteSpec } from "./route.ts";

/** The smallest YAML that lets a host through on a port, and git fetches if `gitFetch`. */
export function neededRoute(host: HostName, port: number, gitFetch: boolean): string {
  return route(host, [
    ...(port === 443 ? [] : [`ports: [${port}]`]),
    ...(gitFetch ? ["git: {fetch: true}"] : []),
  ]);
}

/** The route's ports and one more. */
export function neededPort(spec: RouteSpec, port: number): string {
  return route(spec.host, [`ports: [${[...spec.ports, port].join(", ")}]`]);
}

/** One more entry of the route's `matches`, for this path and these methods and nothing else. */
export function neededMatch(spec: RouteSpec, path: string, methods: readonly string[]): string {
  const { type, value } = pathRule(path);
  return route(spec.host, [
    "matches: # one more entry",
    `  - paths: [{type: ${type}, value: ${JSON.stringify(value)}}]`,
    `    methods: [${methods.map((method) => JSON.stringify(method)).join(", ")}]`,
  ]);
}

export function neededGitFetch(spec: RouteSpec): string {
  return route(spec.host, ["git: {fetch: true}"]);
}

export function neededApiWrite(spec: RouteSpec): string {
  return route(spec.host, ["git: {api_write: true}"]);
}

export function neededEncodedSlash(spec: RouteSpec): string {
  return route(spec.host, ["encoded_slash: opaque"]);
}

/** One more key of a repository's `push`. */
export function neededPush(repo: string, line: string): string {
  return repository(repo, [line]);
}

/** A repository's `push.allow` and one more ref. */
export function neededAllow(repo: string, allow: readonly string[], ref: string): string {
  const quoted = (globs: readonly string[]) => globs.map((glob) => JSON.stringify(glob)).join(", ");
  return repository(
    repo,
    allow.length > MAX_NEEDED_GLOBS
      ? ["allow: # one more entry", `  - ${quoted([ref])}`]
      : [`allow: [${quoted([...allow, ref])}]`],
  );
}

function repository(name: string, lines: readonly string[]): string {
  const first = `    ${/^(?!(?:true|false|null)$)[a-z][a-z0-9-]*$/i.test(name) ? name : JSON.stringify(name)}:`;
  return ["git-gate:", "  repos:", first, "      push:", ...lines.map((line) => `        ${line}`)].join(
    "\n",
  );
}

function route(host: string, lines: readonly string[]): string {
  const first = `    - host: ${/^[a-z][a-z0-9-]*\.[a-z0-9.-]+$/.test(host) ? host : JSON.stringify(host)}`;
  return ["egress:", "  routes:", first, ...lines.map((line) => `      ${line}`)].join("\n");
}

/** The path itself, or, where it is too long to print, the longest prefix of whole segments that is not. */
function pathRule(path: string): { type: "exact" | "prefix"; value: string } {
  if (path.length <= MAX_NEEDED_PATH) return { type: "exact", value: path };
  const cut = path.lastIndexOf("/", MAX_NEEDED_PATH);
  return { type: "prefix", value: path.slice(0, cut + 1) };
}
