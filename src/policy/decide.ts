import { printable } from "../base/printable.ts";
import type { RequestFacts } from "./facts.ts";
import { type ForgeRequest, forgeRequest } from "./forge-api.ts";
import { gitTraffic } from "./git-traffic.ts";
import { fieldValue, overriddenMethods, pathOverride } from "./headers.ts";
import type { HostName } from "./host.ts";
import { MAX_METHOD_LENGTH, MAX_TARGET_LENGTH } from "./limits.ts";
import { type Endpoint, endpointOf } from "./model-api/endpoints.ts";
import { type Named, nameHost } from "./named-host.ts";
import {
  neededApiWrite,
  neededEncodedSlash,
  neededGitFetch,
  neededMatch,
  neededPort,
  neededRoute,
} from "./needed.ts";
import { normaliseTarget } from "./path.ts";
import { type Allow, type CompiledRoute, type EgressPolicy, findRoute } from "./routes.ts";
import { type Refusal, refuse } from "./verdict.ts";

export interface AllowDecision {
  readonly verdict: Allow;
  readonly route: CompiledRoute;
  readonly host: HostName;
  /** normalised path, without the query */
  readonly path: string;
  /** path and query to send upstream, and nothing else */
  readonly target: string;
  /** of a route with `body` */
  readonly endpoint?: Endpoint;
  /** the host's git goes through the gate: its API may not write past that */
  readonly forge?: Exclude<ForgeRequest, "write">;
}

export interface BlockDecision {
  readonly verdict: Refusal;
  /** the host asked for, printable; undefined: none could be made out */
  readonly host: string | undefined;
}

export type Decision = AllowDecision | BlockDecision;

export function isAllowed(decision: Decision): decision is AllowDecision {
  return decision.verdict.action === "allow";
}

/**
 * Decides one request (SPEC §3), default deny. Pure, never throws. Checks run in this order, the first that fails names
 * the code: the names agree, the host is a name, host, port, TLS for credentials, method, target, git, a forge's API,
 * `matches`, the endpoint of a model's API.
 */
export function decide(policy: EgressPolicy, facts: RequestFacts): Decision {
  const named = nameHost(facts);
  if (!named.ok) return { verdict: named.refusal, host: named.host };
  const { host } = named;
  const route = findRoute(policy, host);
  if (route === undefined) return { verdict: hostRefusal(policy, host, facts), host };
  const refusal = portRefusal(route, named, facts) ?? methodRefusal(route, facts);
  if (refusal !== undefined) return { verdict: refusal, host };

  const target = normaliseTarget(facts.target, route.spec.encodedSlash);
  if (!target.ok) {
    const code = target.crlf === true ? "dlp.crlf" : "egress.path_ambiguous";
    const needed = target.encodedSlash === true ? neededEncodedSlash(route.spec) : undefined;
    return { verdict: refuse(code, `The path ${target.problem}.`, route.rule, { needed }), host };
  }
  const { path, query } = target;
  const git = gitTraffic(facts.method, path, query, facts.headers);
  const gitRefusal = git === undefined ? undefined : gitTrafficRefusal(policy, route, host, git);
  if (gitRefusal !== undefined) return { verdict: gitRefusal, host };
  const gated = !route.spec.git.apiWrite && policy.gitHosts.has(host);
  const forge = gated ? forgeRequest(facts.method, path, query, facts.headers, git === "fetch") : undefined;
  if (forge === "write") return { verdict: forgeRefusal(route, host, facts.method, path), host };
  const verdict = route.matches.length === 0 ? route.allow : matchVerdict(route, facts, path, query);
  if (verdict.action === "block") return { verdict, host };
  const { body } = route.spec;
  const allowed = { verdict, route, host, path, target: target.target, ...(forge && { forge }) };
  if (body === undefined) return allowed;
  const endpoint = endpointOf(body, route, facts, path, query);
  return typeof endpoint === "string" ? { ...allowed, endpoint } : { verdict: endpoint, host };
}

function hostRefusal(policy: EgressPolicy, host: HostName, facts: RequestFacts): Refusal {
  const target = normaliseTarget(facts.target, "block");
  const git = target.ok ? gitTraffic(facts.method, target.path, target.query, facts.headers) : undefined;
  return refuse("egress.host_not_allowed", `No route lists ${host}.`, policy.defaultDeny, {
    needed: neededRoute(host, facts.port, git === "fetch"),
  });
}

function portRefusal(route: CompiledRoute, named: Named, facts: RequestFacts): Refusal | undefined {
  const { spec, rule } = route;
  const { host } = named;
  const plain = facts.scheme === "http";
  if (plain && spec.auth !== undefined) {
    const detail = `${host} gets a credential, which is put on over TLS only: use https.`;
    return refuse("egress.tls_required", detail, rule);
  }
  if (!spec.ports.includes(facts.port)) {
    const detail = `${host} is allowed on port ${spec.ports.join(", ")}, not on ${facts.port}.`;
    return refuse("egress.port_not_allowed", detail, rule, { needed: neededPort(spec, facts.port) });
  }
  if (plain && facts.port === 443) {
    return refuse("egress.tls_required", `Port 443 of ${host} carries TLS only: use https.`, rule);
  }
  return undefined;
}

// RFC 9110 §5.6.2, token
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
// TRACE and TRACK echo the injected credential, CONNECT opens a tunnel no rule sees into, PRI is HTTP/2's preface.
const NEVER_FORWARDED = new Set(["TRACE", "TRACK", "CONNECT", "PRI"]);

function methodRefusal(route: CompiledRoute, { method, target, headers }: RequestFacts): Refusal | undefined {
  if (method.length > MAX_METHOD_LENGTH || !TOKEN.test(method)) {
    return refuse("egress.protocol_error", "The method is no token (RFC 9110 section 9.1).", route.rule);
  }
  if (target.length > MAX_TARGET_LENGTH) {
    const detail = `The request target is longer than ${MAX_TARGET_LENGTH} characters.`;
    return refuse("egress.limit_exceeded", detail, route.rule);
  }
  if (NEVER_FORWARDED.has(method.toUpperCase())) {
    return refuse("egress.method_refused", `${method} is never forwarded.`, route.rule);
  }
  if (target.charCodeAt(0) !== 0x2f) {
    return target === "*" && method === "OPTIONS"
      ? refuse("egress.method_refused", "OPTIONS for a whole server (`*`) is never forwarded.", route.rule)
      : refuse("egress.protocol_error", "The request target is not a path.", route.rule);
  }
  for (let i = 1; i < headers.length; i += 2) {
    if (BREAKS_A_LINE.test(headers[i] ?? "") || BREAKS_A_LINE.test(headers[i - 1] ?? "")) {
      return refuse("dlp.crlf", "A header holds CR, LF or NUL.", route.rule);
    }
  }
  return undefined;
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are the point
const BREAKS_A_LINE = /[\r\n\u0000]/;

function gitTrafficRefusal(
  policy: EgressPolicy,
  route: CompiledRoute,
  host: HostName,
  git: "push" | "fetch",
): Refusal | undefined {
  if (git === "push") {
    const detail = policy.gitHosts.has(host)
      ? `Pushes to ${host} go through the git gate: push to the remote that git-gate.repos declares.`
      : `git push to ${host}, which no git-gate entry declares.`;
    return refuse("egress.git_push_blocked", detail, route.rule, {
      needed: "a git-gate.repos entry for the repository; then push to its url",
    });
  }
  if (route.spec.git.fetch) return undefined;
  const detail = `git fetch from ${host} needs git.fetch on its route.`;
  return refuse("egress.git_fetch_blocked", detail, route.rule, { needed: neededGitFetch(route.spec) });
}

function forgeRefusal(route: CompiledRoute, host: HostName, method: string, path: string): Refusal {
  const detail = `${printable(method)} ${printable(path)} may change contents or refs on ${host} past the git gate.`;
  return refuse("egress.git_api_write_blocked", detail, route.rule, { needed: neededApiWrite(route.spec) });
}

/** Tries every entry; the refusal names the last thing that was missing in the entry that came nearest. */
function matchVerdict(
  route: CompiledRoute,
  facts: RequestFacts,
  path: string,
  query: string,
): Allow | Refusal {
  const override = route.matches.some(({ paths }) => paths !== undefined)
    ? pathOverride(facts.headers)
    : undefined;
  if (override !== undefined) {
    const detail = `The header ${printable(override)} names another path than the one that is matched.`;
    return refuse("egress.path_ambiguous", detail, route.rule);
  }
  let nearest: "path" | "method" | "header" = "path";
  let missing = "";
  let overridden: readonly string[] | undefined;
  for (const match of route.matches) {
    if (match.paths !== undefined && !match.paths.some((accepts) => accepts(path))) continue;
    if (match.methods !== undefined) {
      overridden ??= overriddenMethods(facts.headers, query);
      const { methods } = match;
      if (!methods.has(facts.method) || !overridden.every((method) => methods.has(method))) {
        if (nearest === "path") nearest = "method";
        continue;
      }
    }
    const failed = match.headers.find(({ name, test }) => {
      const value = fieldValue(facts.headers, name);
      return value === undefined || !test(value);
    });
    if (failed === undefined) return match.allow;
    nearest = "header";
    missing = failed.name;
  }
  return matchRefusal(route, facts, path, nearest, missing, overridden ?? []);
}

function matchRefusal(
  route: CompiledRoute,
  facts: RequestFacts,
  path: string,
  nearest: "path" | "method" | "header",
  missing: string,
  overridden: readonly string[],
): Refusal {
  const { spec, rule } = route;
  const methods = [...new Set([facts.method, ...overridden])].filter((method) => TOKEN.test(method));
  const needed = neededMatch(spec, path, methods);
  const where = printable(path);
  if (nearest === "path") {
    return refuse("egress.path_not_allowed", `No match of the route allows the path ${where}.`, rule, {
      needed,
    });
  }
  if (nearest === "method") {
    const asked = printable(methods.join(" and "));
    const detail = `No match of the route allows ${asked} on ${where}.`;
    return refuse("egress.method_not_allowed", detail, rule, { needed });
  }
  const detail = `The header ${printable(missing)} is missing or not as the route asks for on ${where}.`;
  return refuse("egress.header_not_allowed", detail, rule, { needed });
}
