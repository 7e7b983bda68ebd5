import { RE2JS } from "re2js";
import type { HostName } from "./host.ts";
import { normaliseTarget } from "./path.ts";
import type { MatchSpec, RouteSpec } from "./route.ts";
import type { Verdict } from "./verdict.ts";

export type Allow = Extract<Verdict, { action: "allow" }>;

/** One entry of `matches`, ready to test. */
export interface CompiledMatch {
  /** ORed; undefined: any path */
  readonly paths: readonly ((path: string) => boolean)[] | undefined;
  /** undefined: any method */
  readonly methods: ReadonlySet<string> | undefined;
  /** ANDed; the value is every line of that name joined with `, ` */
  readonly headers: readonly { readonly name: string; readonly test: (value: string) => boolean }[];
  readonly allow: Allow;
}

export interface CompiledRoute {
  readonly spec: RouteSpec;
  /** how messages name it: `route api.example.com (dev.md:12)` */
  readonly rule: string;
  /** empty: everything is allowed */
  readonly matches: readonly CompiledMatch[];
  readonly allow: Allow;
}

/** The routes of a bottle, indexed by host. */
export interface EgressPolicy {
  readonly exact: ReadonlyMap<string, CompiledRoute>;
  /** by the name after `*.` */
  readonly wildcard: ReadonlyMap<string, CompiledRoute>;
  /** hosts a git-gate entry declares */
  readonly gitHosts: ReadonlySet<string>;
  /** the rule of a refusal that no route takes part in: `default deny, 3 routes` */
  readonly defaultDeny: string;
}

/**
 * Compiles a plan's routes. Of two routes with one host the later wins whole (SPEC §1).
 * Throws `RE2JSException` for a pattern that is no RE2; the manifest has refused those already.
 */
export function compilePolicy(plan: {
  readonly routes: readonly RouteSpec[];
  readonly gitHosts: readonly string[];
}): EgressPolicy {
  const exact = new Map<string, CompiledRoute>();
  const wildcard = new Map<string, CompiledRoute>();
  for (const spec of plan.routes) {
    if (spec.host.startsWith("*.")) wildcard.set(spec.host.slice(2), compileRoute(spec));
    else exact.set(spec.host, compileRoute(spec));
  }
  const count = exact.size + wildcard.size;
  return {
    exact,
    wildcard,
    gitHosts: new Set(plan.gitHosts),
    defaultDeny: `default deny, ${count === 1 ? "1 route" : `${count} routes`}`,
  };
}

/** The route of a host: the exact one, else the wildcard with the longest name. */
export function findRoute(policy: EgressPolicy, host: HostName): CompiledRoute | undefined {
  const exact = policy.exact.get(host);
  if (exact !== undefined || policy.wildcard.size === 0) return exact;
  for (let dot = host.indexOf("."); dot !== -1; dot = host.indexOf(".", dot + 1)) {
    const route = policy.wildcard.get(host.slice(dot + 1));
    if (route !== undefined) return route;
  }
  return undefined;
}

/**
 * Compiles a manifest's regular expression (RE2 syntax, linear time), tested against the whole text.
 * Throws `RE2JSException` when it is none.
 */
export function compilePattern(pattern: string): (text: string) => boolean {
  const compiled = RE2JS.compile(pattern);
  return (text) => compiled.testExact(text);
}

function compileRoute(spec: RouteSpec): CompiledRoute {
  const rule = `route ${spec.host} (${spec.source})`;
  return {
    spec,
    rule,
    matches: spec.matches.map((match, index) => compileMatch(spec, match, `${rule} matches[${index}]`)),
    allow: { action: "allow", rule },
  };
}

function compileMatch(spec: RouteSpec, match: MatchSpec, rule: string): CompiledMatch {
  return {
    paths: match.paths.length === 0 ? undefined : match.paths.map((path) => compilePath(spec, path)),
    methods: match.methods.length === 0 ? undefined : new Set(match.methods),
    headers: match.headers.map(({ type, name, value }) => ({
      name: name.toLowerCase(),
      test: type === "regex" ? compilePattern(value) : (text: string) => text === value,
    })),
    allow: { action: "allow", rule },
  };
}

/** Path values are normalised like the paths they meet; one that can't be stays as written and meets none. */
function compilePath(
  spec: RouteSpec,
  { type, value }: MatchSpec["paths"][number],
): (path: string) => boolean {
  if (type === "regex") return compilePattern(value);
  const normal = normaliseTarget(value, spec.encodedSlash);
  const wanted = normal.ok && normal.query === "" ? normal.path : value;
  if (type === "exact") return (path) => path === wanted;
  // Gateway API, PathPrefix: whole segments, a trailing slash of the prefix does not count.
  const prefix = wanted.endsWith("/") ? wanted.slice(0, -1) : wanted;
  const below = `${prefix}/`;
  return (path) => path === prefix || path.startsWith(below);
}
