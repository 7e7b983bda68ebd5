import { usageFault } from "../base/fault.ts";
import { variableOf } from "../manifest/allowed-secrets.ts";
import type { Route, RouteDlp } from "../manifest/bottle.ts";
import { DEFAULT_INSPECTION, type RouteAuth, type RouteInspection, type RouteSpec } from "../policy/route.ts";
import type { SecretNeed } from "./launch-plan.ts";
import { modelHints } from "./model-hints.ts";

/** Port of a route that names none. */
const HTTPS_PORT = 443;

/** The credential of a manifest's route, as the sidecar puts it on. */
export function routeAuth({ auth }: Pick<Route, "auth">): RouteAuth | undefined {
  if (auth === undefined) return undefined;
  const secret = auth.tokenRef;
  switch (auth.scheme) {
    case "Bearer":
      return { header: "authorization", scheme: "bearer", secret };
    case "token":
      return { header: "authorization", scheme: "token", secret };
    case "basic":
      return { header: "authorization", scheme: "basic", secret };
    case "header":
      return { header: auth.header ?? "authorization", scheme: "raw", secret };
  }
}

/** A route's own fields, and under them those of the provider's route of the same host, whose `auth` wins (SPEC §1). */
export function compileRoute(route: Route, base: RouteSpec | undefined, supervise: boolean): RouteSpec {
  const auth = base?.auth ?? routeAuth(route);
  return {
    host: route.host,
    ports: route.ports ?? base?.ports ?? [HTTPS_PORT],
    ...(auth !== undefined && { auth }),
    matches: route.matches ?? base?.matches ?? [],
    encodedSlash: route.encodedSlash ?? base?.encodedSlash ?? "block",
    git: {
      fetch: route.git.fetch ?? base?.git.fetch ?? false,
      apiWrite: route.git.apiWrite ?? base?.git.apiWrite ?? false,
    },
    dlp: inspection(
      route.dlp ?? {},
      base?.dlp ?? { ...DEFAULT_INSPECTION, onMatch: supervise ? "supervise" : "block" },
    ),
    ...modelApi(route, base),
    ...(route.limits !== undefined && { limits: route.limits }),
    source: base === undefined ? route.at : `${route.at} over ${base.source}`,
  };
}

/** What a key of `body` leaves out is denied. */
function modelApi({ body }: Route, base: RouteSpec | undefined): Pick<RouteSpec, "body"> {
  if (body === undefined) return base?.body === undefined ? {} : { body: base.body };
  const { kind, serverTools = [], remoteUrls = "deny", fileUpload = "deny" } = body;
  return { body: { kind, serverTools, remoteUrls, fileUpload } };
}

function inspection(written: RouteDlp, base: RouteInspection): RouteInspection {
  const { outboundDetectors: outbound, inboundDetectors: inbound } = written;
  const wantsInbound = inbound === undefined ? undefined : inbound !== false && inbound.length > 0;
  return {
    outbound: outbound === undefined ? base.outbound : outbound === false ? [] : outbound,
    inbound: wantsInbound === undefined ? base.inbound : wantsInbound ? "block" : "off",
    onMatch: written.outboundOnMatch ?? base.onMatch,
    allowSecrets: written.allowSecrets?.map(({ value }) => variableOf(value)) ?? base.allowSecrets,
    oversize: written.oversize ?? base.oversize,
  };
}

export interface PlannedRoutes {
  readonly routes: readonly RouteSpec[];
  /** what the routes of the manifest need; the provider's own come with its contribution */
  readonly secrets: readonly SecretNeed[];
  readonly notices: readonly string[];
}

/**
 * All routes of a bottle: the provider's, then the manifest's.
 * @throws Fault when the manifest opens port 80 on a host whose credential the provider puts on
 */
export function planRoutes(
  written: ReadonlyMap<string, Route>,
  provider: { readonly name: string; readonly routes: readonly RouteSpec[] },
  supervise: boolean,
): PlannedRoutes {
  const own = new Map(provider.routes.map((route) => [route.host, route]));
  const covered = provider.routes.flatMap(({ host, body }) => (body === undefined ? [] : [host]));
  const notices = modelHints(written.values(), new Set(covered));
  const secrets: SecretNeed[] = [];
  const routes = [...provider.routes.filter(({ host }) => !written.has(host))];
  for (const route of written.values()) {
    const base = own.get(route.host);
    const spec = compileRoute(route, base, supervise);
    if (spec.auth !== undefined && spec.ports.includes(80)) {
      throw usageFault(
        `${route.at}: route ${route.host} opens port 80, which has no TLS, and ${base?.source ?? "it"} puts a credential on`,
        "remove 80 from its ports",
      );
    }
    if (base?.auth !== undefined && route.auth !== undefined) {
      notices.push(
        `route ${route.host} (${route.at}): ${base.source} sets the credential of its own host; \`auth\` is not used`,
      );
    }
    if (route.role !== undefined && base === undefined) {
      notices.push(
        `route ${route.host} (${route.at}): role ${route.role} marks a provider's own host, which it is not for ${provider.name}; it changes nothing`,
      );
    }
    if (base?.auth === undefined && route.auth !== undefined) {
      const name = route.auth.tokenRef;
      secrets.push({ name, source: { kind: "ref", name }, neededBy: `route ${route.host} (${route.at})` });
    }
    routes.push(spec);
  }
  return { routes, secrets, notices };
}
