import type { RequestFacts } from "../../src/policy/facts.ts";
import type { MatchSpec, RouteSpec } from "../../src/policy/route.ts";

/** A route with what a test says about it, and defaults. */
export function route(host: string, fields: Partial<RouteSpec> = {}): RouteSpec {
  return {
    host,
    ports: [443],
    matches: [],
    encodedSlash: "block",
    git: { fetch: false, apiWrite: false },
    source: "dev.md:12",
    ...fields,
  };
}

export function match(fields: Partial<MatchSpec>): MatchSpec {
  return { paths: [], methods: [], headers: [], ...fields };
}

/** A transparent HTTPS GET of `/` from `host`, with what a test says about it. */
export function facts(host: string, fields: Partial<RequestFacts> = {}): RequestFacts {
  return {
    way: "transparent",
    scheme: "https",
    authority: host,
    port: 443,
    sni: host,
    connectHost: undefined,
    method: "GET",
    target: "/",
    headers: ["host", fields.authority ?? host, "accept", "*/*"],
    ...fields,
  };
}
