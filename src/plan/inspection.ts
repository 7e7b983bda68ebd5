import type { Route } from "../manifest/bottle.ts";
import { DEFAULT_INSPECTION, type ModelApiRules, type Quota, type RouteSpec } from "../policy/route.ts";
import { sizeText } from "./size-text.ts";

const INBOUND = {
  off: "they are not read for injections",
  warn: "injections are journalled",
  block: "injections are blocked",
} as const;

const ON_MATCH = {
  supervise: "blocked (supervise: nobody can be asked yet)",
  redact: "taken out, or blocked",
  block: "blocked",
} as const;

/** What is read of the traffic with a route's host and what a find leads to, a line each (SPEC §4). */
export function describeInspection({ dlp = DEFAULT_INSPECTION, body, limits }: RouteSpec): string[] {
  const { outbound, inbound, onMatch, allowSecrets, oversize } = dlp;
  const always = outbound.includes("known_secrets") ? ["canary"] : ["canary", "the sidecar's credentials"];
  const lines = [
    [
      `requests: ${[...always, ...outbound.filter((detector) => detector !== "entropy")].join(", ")}: ${ON_MATCH[onMatch]}`,
      ...(outbound.includes("entropy") ? ["entropy: journalled"] : []),
      ...(allowSecrets.length === 0 ? [] : [`${allowSecrets.join(", ")} may go`]),
      `what can't be read ${oversize === "block" ? "is blocked" : "passes"}`,
    ].join("; "),
    `answers: credentials are masked; ${INBOUND[inbound]}`,
  ];
  if (body !== undefined) lines.push(`bodies: ${describeModelApi(body)}`);
  const quotas = describeQuotas(limits ?? {});
  if (quotas !== "") lines.push(`limits: ${quotas}`);
  return lines;
}

function describeModelApi({ kind, serverTools, remoteUrls, fileUpload }: ModelApiRules): string {
  return [
    kind,
    serverTools.length === 0 ? "no server tools" : `server tools ${serverTools.join(", ")}`,
    remoteUrls === "deny" ? "no remote URLs" : "remote URLs of these routes",
    fileUpload === "deny" ? "no file uploads" : "file uploads",
  ].join(", ");
}

/** Quotas of a bottle or, without hosts, of a route. */
export interface Quotas {
  readonly requests?: Quota | undefined;
  readonly bytesOut?: Quota | undefined;
  readonly hosts?: Quota | undefined;
}

/** What a route's own words take away from the default, a line each. */
export function weakenedInspection({ host, at, dlp }: Route): string[] {
  const { outboundDetectors: outbound, inboundDetectors: inbound, oversize } = dlp ?? {};
  const missing = DEFAULT_INSPECTION.outbound.filter(
    (name) => outbound === false || outbound?.includes(name) === false,
  );
  return [
    ...(missing.length === 0 ? [] : [`requests are not read for ${missing.join(", ")}`]),
    ...(inbound === false ? ["answers are not read for injections"] : []),
    ...(oversize === "pass" ? ["what can't be read passes"] : []),
  ].map((what) => `route ${host} (${at}): ${what}`);
}

/** Empty: none. */
export function describeQuotas({ requests, bytesOut, hosts }: Quotas): string {
  return [
    describeQuota("requests", requests),
    describeQuota("bytes out", bytesOut, sizeText),
    describeQuota("hosts", hosts),
  ]
    .filter((text) => text !== undefined)
    .join(", ");
}

function describeQuota(
  what: string,
  quota: Quota | undefined,
  shown: (value: number) => string = String,
): string | undefined {
  if (quota === undefined) return undefined;
  const { per, soft, hard } = quota;
  const window = { minute: "a minute", hour: "an hour", life: "in all" }[per];
  if (hard === undefined) return `${what}: told above ${shown(soft ?? 0)} ${window}`;
  return `${what}: ${shown(hard)} ${window}${soft === undefined ? "" : `, told above ${shown(soft)}`}`;
}
