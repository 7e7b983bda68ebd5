import * as z from "zod/mini";
import { parseHostName } from "../../policy/host.ts";
import { normaliseTarget } from "../../policy/path.ts";
import { MAX_PATTERN_LENGTH, MAX_PORTS, MAX_ROUTES } from "../limits.ts";
import { QUOTA, routeBody, routeDlp } from "./inspection.ts";
import { FLAG, list, optional, required, rule, secretName, TOKEN, text } from "./key.ts";
import { count } from "./quantity.ts";

/** Roles that provider templates give to their routes. */
export const ROLES = ["claude_code_oauth", "codex_auth"] as const;

/** Ports the bottle uses itself: its resolver and its proxy. */
const OWN_PORTS: readonly number[] = [53, 9099];

/** Fields that frame or route a message (RFC 9110 §7.6.1): a credential in one would break it. */
const FRAMING = new Set(
  "connection content-length expect host keep-alive proxy-connection te trailer transfer-encoding upgrade".split(
    " ",
  ),
);

/** Canonical host of a route, `*.` kept; or what is wrong with it. */
export function routeHost(written: string): { readonly host: string } | { readonly problem: string } {
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(written)) return { problem: "is a URL: write the host name alone" };
  if (written === "*") return { problem: "would allow every host: name the hosts, or use `*.example.com`" };
  const port = /^[^:[\]]+:([0-9]+)$/.exec(written);
  if (port !== null) return { problem: `holds a port: write it as \`ports: [${port[1]}]\`` };
  const wild = written.startsWith("*.");
  const name = wild ? written.slice(2) : written;
  if (name.includes("*")) return { problem: "may hold `*` only as its first label: `*.example.com`" };
  const parsed = parseHostName(name);
  if (!parsed.ok) return { problem: parsed.problem };
  return { host: wild ? `*.${parsed.host}` : parsed.host };
}

const host = () =>
  z.pipe(
    z.string(),
    z.transform((written: string, context): string => {
      const read = routeHost(written);
      if ("host" in read) return read.host;
      context.issues.push({ code: "custom", message: read.problem, input: written });
      return z.NEVER;
    }),
  );

const port = () =>
  count(1, 65_535).check(
    rule((value) =>
      OWN_PORTS.includes(value) ? "is the bottle's own (53: its resolver, 9099: its proxy)" : undefined,
    ),
  );

const headerName = () =>
  text((value) => (TOKEN.test(value) ? undefined : "is no header name (RFC 9110 token)"));

const brokeredHeader = () =>
  headerName().check(
    rule((value) => (FRAMING.has(value.toLowerCase()) ? "is a header that frames the message" : undefined)),
  );

const auth = () =>
  z.discriminatedUnion("scheme", [
    z.strictObject({
      scheme: required(z.enum(["Bearer", "token", "basic"]), {
        description:
          "How the credential is put on: `Authorization: Bearer …`, `Authorization: token …`, `basic` (the secret is `user:password`), or `header`",
        acts: "now",
        shape: "`Bearer`, `token`, `basic` or `header`",
      }),
      token_ref: required(secretName(), {
        description: "Name of the settings secret or host variable that holds the credential",
        acts: "now",
        shape: "name",
      }),
    }),
    z.strictObject({
      scheme: z.literal("header"),
      token_ref: secretName(),
      name: required(brokeredHeader(), {
        description: "The header that carries the credential; with `scheme: header` only",
        acts: "now",
        shape: "header name",
      }),
    }),
  ]);

const pattern = (value: string) =>
  value.length > MAX_PATTERN_LENGTH ? `is longer than ${MAX_PATTERN_LENGTH} characters` : undefined;

/** Prefix and exact paths must be in the one form that paths are compared in, or they could never match. */
function wrongPath(path: { type?: string | undefined; value: string }): string | undefined {
  if (path.type === "regex") return pattern(path.value);
  const normal = normaliseTarget(path.value, "opaque");
  if (!normal.ok) return normal.problem;
  if (normal.query !== "") return "holds a query: paths are compared without it";
  return normal.path === path.value ? undefined : `is compared in its normal form: write ${normal.path}`;
}

const path = () =>
  z
    .strictObject({
      type: optional(z.enum(["prefix", "exact", "regex"]), {
        description: "`prefix` matches whole segments (`/v1` not `/v1x`); `regex` is anchored RE2",
        default: "prefix",
        acts: "now",
      }),
      value: required(text(), { description: "The path or pattern", acts: "now" }),
    })
    .check((payload) => {
      const message = wrongPath(payload.value);
      if (message === undefined) return;
      payload.issues.push({
        code: "custom",
        message,
        path: ["value"],
        input: payload.value.value,
        continue: true,
      });
    });

const method = () =>
  z.pipe(
    z.string().check(
      rule((value) => {
        if (!TOKEN.test(value)) return "is no method (RFC 9110 token)";
        return /^(?:trace|connect)$/i.test(value) ? "is a method that is never forwarded" : undefined;
      }),
    ),
    z.transform((value: string) => value.toUpperCase()),
  );

const header = () =>
  z.strictObject({
    name: required(headerName(), {
      description: "Header the request must carry",
      acts: "now",
      shape: "header name",
    }),
    type: optional(z.enum(["exact", "regex"]), {
      description: "How its value is compared; `regex` is anchored RE2",
      default: "exact",
      acts: "now",
    }),
    value: required(
      text((value) =>
        /^[\t\x20-\x7e]*$/.test(value) ? pattern(value) : "holds a character no header value has",
      ),
      { description: "The value or pattern", acts: "now" },
    ),
  });

const match = () =>
  z.strictObject({
    paths: optional(list(path()), { description: "One of them must match; absent: any path", acts: "now" }),
    methods: optional(list(method()), {
      description: "One of them must match; absent: any method",
      acts: "now",
    }),
    headers: optional(list(header()), { description: "All of them must match", acts: "now" }),
  });

const route = () =>
  z.strictObject({
    host: required(host(), {
      description: "Exact name, or `*.example.com` for one label or more below it; never an address",
      acts: "now",
      shape: "host",
    }),
    ports: optional(list(port(), MAX_PORTS), {
      description: "TCP ports; 80 (no TLS) only where written, never with `auth`",
      default: "[443]",
      acts: "now",
    }),
    role: optional(z.enum(ROLES), {
      description: "Marks a provider's own route; set by its template",
      acts: "now",
    }),
    auth: optional(auth(), {
      description: "The credential the sidecar puts on",
      acts: "now",
      shape: "map, below",
    }),
    matches: optional(list(match()), {
      description: "A request must satisfy one entry; absent: every request to the host",
      acts: "now",
      shape: "list, below",
    }),
    encoded_slash: optional(z.enum(["block", "opaque"]), {
      description: "`%2f` in a path: refused, or a character that never separates (npm, GitLab)",
      default: "block",
      acts: "now",
    }),
    git: optional(
      z.strictObject({
        fetch: optional(FLAG, {
          description: "Git clone and fetch over HTTPS",
          default: false,
          acts: "now",
        }),
        api_write: optional(FLAG, {
          description: "The forge's API may write contents and refs on a host git-gate declares",
          default: false,
          acts: "now",
        }),
      }),
      { description: "Git over this route", acts: "now", shape: "map, below" },
    ),
    dlp: optional(routeDlp(), { description: "Scanning of this route", acts: "now", shape: "map, below" }),
    body: optional(routeBody(), {
      description: "The host is a model's API: what a request may make its provider do (docs/model-apis.md)",
      default: "none; provider routes: nothing",
      acts: "now",
      shape: "map, below",
    }),
    limits: optional(
      z.strictObject({
        requests: optional(QUOTA, { description: "Requests to this host", acts: "now", shape: "quota" }),
        bytes_out: optional(QUOTA, {
          description: "Bytes sent to this host: heads, bodies, trailers, frames",
          acts: "now",
          shape: "quota",
        }),
      }),
      { description: "Quotas of this route", acts: "now", shape: "map, below" },
    ),
  });

export const egress = () =>
  z.strictObject({
    log: optional(z.union([z.literal(0), z.literal(1), z.literal(2)]), {
      description:
        "0: blocks only; 1: one line a request; 2: with header fields and up to 16 KiB of each body, secrets masked",
      default: 1,
      acts: "now",
    }),
    routes: optional(z.array(route()).check(z.maxLength(MAX_ROUTES, `has more than ${MAX_ROUTES} entries`)), {
      description: "The hosts the bottle reaches; nothing else is reachable",
      acts: "now",
      shape: "list, below",
    }),
  });
