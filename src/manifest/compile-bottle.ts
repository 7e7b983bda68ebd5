import type * as z from "zod/mini";
import type { MatchSpec } from "../policy/route.ts";
import type {
  Bottle,
  BottleLimits,
  EnvEntry,
  ForgeProvider,
  GitRepo,
  Isolation,
  Located,
  ProviderChoice,
  Route,
  WorkspaceChoice,
} from "./bottle.ts";
import type { ReadFile } from "./read.ts";
import type { SCHEMAS } from "./schemas.ts";

type Written = z.output<typeof SCHEMAS.bottle>;
type WrittenRoute = NonNullable<NonNullable<Written["egress"]>["routes"]>[number];
type WrittenMatch = NonNullable<WrittenRoute["matches"]>[number];
type WrittenRepo = NonNullable<NonNullable<Written["git-gate"]>["repos"]>[string];
type Place = ReadFile<Written>["at"];

/** A checked file -> a bottle. `extends` is not followed here. */
export function compileBottle(name: string, { value, at }: ReadFile<Written>): Bottle {
  const { egress, dlp } = value;
  return {
    name,
    env: new Map(
      Object.entries(value.env ?? {}).map(([key, entry]) => [key, envEntry(key, entry, at("env", key))]),
    ),
    provider: providerChoice(value.agent_provider, at),
    log: located(egress?.log, at("egress", "log")),
    routes: new Map(
      (egress?.routes ?? []).map((route, index) => [
        route.host,
        compileRoute(route, (...path) => at("egress", "routes", index, ...path)),
      ]),
    ),
    dlpRules: located(dlp?.rules, at("dlp", "rules")),
    gitUser: value["git-gate"]?.user ?? {},
    repos: new Map(
      Object.entries(value["git-gate"]?.repos ?? {}).map(([key, repo]) => [
        key,
        compileRepo(key, repo, at("git-gate", "repos", key)),
      ]),
    ),
    supervise: located(value.supervise, at("supervise")),
    workspace: workspaceChoice(value.workspace, at),
    limits: bottleLimits(value.limits, at),
    isolation: isolation(value.isolation, at),
  };
}

function located<T>(value: T | undefined, at: string): Located<T> | undefined {
  return value === undefined ? undefined : { value, at };
}

/** SPEC §2. */
export function envEntry(name: string, written: NonNullable<Written["env"]>[string], at: string): EnvEntry {
  if (typeof written !== "string") {
    return { kind: "host", variable: written.from, secret: written.secret ?? true, at };
  }
  if (written.startsWith("?")) {
    return { kind: "ask", question: written.slice(1).trim() || `Value of ${name}`, at };
  }
  const variable = /^\$\{([A-Za-z_][A-Za-z0-9_]*)\}$/.exec(written)?.[1];
  return variable === undefined
    ? { kind: "literal", value: written, at }
    : { kind: "host", variable, secret: true, at };
}

function providerChoice(written: Written["agent_provider"], at: Place): ProviderChoice {
  const here = (key: string) => at("agent_provider", key);
  return {
    template: located(written?.template, here("template")),
    dockerfile: located(written?.dockerfile, here("dockerfile")),
    authToken: located(written?.auth_token, here("auth_token")),
    forwardHostCredentials: located(written?.forward_host_credentials, here("forward_host_credentials")),
    settings: located(written?.settings, here("settings")),
  };
}

function compileRoute(written: WrittenRoute, at: Place): Route {
  const { host, ports, role, auth, git, dlp, body, limits } = written;
  return {
    host,
    at: at(),
    ports: ports === undefined ? undefined : [...new Set(ports)],
    role,
    auth: auth && {
      scheme: auth.scheme,
      tokenRef: auth.token_ref,
      header: auth.scheme === "header" ? auth.name.toLowerCase() : undefined,
    },
    matches: written.matches?.map(compileMatch),
    encodedSlash: written.encoded_slash,
    git: { fetch: git?.fetch, apiWrite: git?.api_write },
    dlp: dlp && {
      outboundDetectors: dlp.outbound_detectors,
      inboundDetectors: dlp.inbound_detectors,
      outboundOnMatch: dlp.outbound_on_match,
      allowSecrets: dlp.allow_secrets?.map((value, index) => ({
        value,
        at: at("dlp", "allow_secrets", index),
      })),
      oversize: dlp.oversize,
    },
    body: body && {
      kind: body.kind,
      serverTools: body.server_tools,
      remoteUrls: body.remote_urls,
      fileUpload: body.file_upload,
    },
    limits: limits && { requests: limits.requests, bytesOut: limits.bytes_out },
  };
}

function compileMatch(written: WrittenMatch): MatchSpec {
  return {
    paths: (written.paths ?? []).map(({ type, value }) => ({ type: type ?? "prefix", value })),
    methods: [...new Set(written.methods)],
    headers: (written.headers ?? []).map(({ type, name, value }) => ({
      type: type ?? "exact",
      name: name.toLowerCase(),
      value,
    })),
  };
}

function compileRepo(name: string, written: WrittenRepo, at: string): GitRepo {
  const { url, key, push } = written;
  return {
    name,
    at,
    url: url.written,
    upstream: { scheme: url.scheme, user: url.user, host: url.host, port: url.port, path: url.path },
    key:
      key.provider === "static"
        ? { provider: "static", path: key.path }
        : key.provider === "token"
          ? { provider: "token", tokenRef: key.token_ref }
          : {
              provider: key.provider,
              tokenRef: key.forge_token_env,
              apiUrl: key.api_url ?? forgeApi(key.provider, url.host),
            },
    hostKey: written.host_key,
    push: {
      allow: push?.allow,
      force: push?.force ?? false,
      delete: push?.delete ?? false,
      tags: push?.tags ?? false,
      hold: push?.paths?.hold,
    },
    scanner: written.scanner,
    signKey: written.sign?.key,
  };
}

/** Where a forge has its API: GitHub's on a host of its own, GitHub Enterprise's below the path /api/v3. */
function forgeApi(provider: ForgeProvider, host: string): string {
  if (provider !== "github") return `https://${host === "altssh.gitlab.com" ? "gitlab.com" : host}`;
  return host === "github.com" || host === "ssh.github.com"
    ? "https://api.github.com"
    : `https://${host}/api/v3`;
}

function workspaceChoice(written: Written["workspace"], at: Place): WorkspaceChoice {
  const here = (key: string) => at("workspace", key);
  return {
    mode: located(written?.mode, here("mode")),
    path: located(written?.path, here("path")),
    exclude: located(written?.exclude, here("exclude")),
    include: located(written?.include, here("include")),
  };
}

function bottleLimits(written: Written["limits"], at: Place): BottleLimits {
  const here = (key: string) => at("limits", key);
  return {
    memory: located(written?.memory, here("memory")),
    pids: located(written?.pids, here("pids")),
    cpus: located(written?.cpus, here("cpus")),
    disk: located(written?.disk, here("disk")),
    openFiles: located(written?.open_files, here("open_files")),
    time: located(written?.time, here("time")),
    requests: located(written?.requests, here("requests")),
    bytesOut: located(written?.bytes_out, here("bytes_out")),
    hosts: located(written?.hosts, here("hosts")),
  };
}

function isolation(written: Written["isolation"], at: Place): Isolation {
  const here = (key: string) => at("isolation", key);
  return {
    kind: located(written?.kind, here("kind")),
    runtime: located(written?.runtime, here("runtime")),
    root: located(written?.root, here("root")),
    nested: located(written?.nested, here("nested")),
  };
}
