import { usageFault } from "../../base/fault.ts";
import { printable } from "../../base/printable.ts";
import { parseHostName } from "../../policy/host.ts";

export type ForgeName = "gitea" | "github" | "gitlab";

/** What differs between the deploy-key APIs of the forges. */
interface Dialect {
  /** of the API itself, below the forge's address; not repeated where `api_url` ends in it */
  readonly prefix: string;
  /** of a repository's keys, below that; undefined: the path names no repository */
  keys(path: readonly string[]): string | undefined;
  headers(token: string): Readonly<Record<string, string>>;
  /** what asks for a key that may push */
  readonly mayPush: Readonly<Record<string, boolean>>;
  /** name of the query's field for how many keys a page has */
  readonly pageSize: string;
  /** what the token must be allowed */
  readonly permission: string;
}

const ownerAndName = (path: readonly string[]) =>
  path.length === 2 ? `/repos/${path.map(encodeURIComponent).join("/")}/keys` : undefined;

const DIALECTS: Readonly<Record<ForgeName, Dialect>> = {
  // docs.gitea.com/api: repoListKeys, repoCreateKey, repoDeleteKey
  gitea: {
    prefix: "/api/v1",
    keys: ownerAndName,
    headers: (token) => ({ authorization: `token ${token}`, accept: "application/json" }),
    mayPush: { read_only: false },
    pageSize: "limit",
    permission: "Repository: read and write, and its user must administer the repository",
  },
  // docs.github.com/rest/deploy-keys
  github: {
    prefix: "/api/v3",
    keys: ownerAndName,
    headers: (token) => ({
      authorization: `Bearer ${token}`,
      accept: "application/vnd.github+json",
      "x-github-api-version": "2022-11-28",
    }),
    mayPush: { read_only: false },
    pageSize: "per_page",
    permission: "Administration: read and write, of that repository",
  },
  // docs.gitlab.com/api/deploy_keys
  gitlab: {
    prefix: "/api/v4",
    keys: (path) =>
      path.length >= 2 ? `/projects/${encodeURIComponent(path.join("/"))}/deploy_keys` : undefined,
    headers: (token) => ({ "private-token": token, accept: "application/json" }),
    mayPush: { can_push: true },
    pageSize: "per_page",
    permission: "scope api, and the role Maintainer of that project",
  },
};

export function forgeDialect(name: ForgeName): Dialect {
  return DIALECTS[name];
}

/**
 * Where the keys of a repository are, at its forge's API. `path`: the upstream's, as in `/team/widgets.git`. Throws
 * `Fault` (exit 2).
 */
export function keysUrl(forge: ForgeName, apiUrl: string, path: string): URL {
  const shown = printable(apiUrl);
  const base = URL.canParse(apiUrl) ? new URL(apiUrl) : undefined;
  if (base?.protocol !== "https:" || base.username || base.password || base.search || base.hash)
    throw usageFault(`api_url ${shown} must be https://host[/path], without user or query`);
  if (!parseHostName(base.hostname).ok)
    throw usageFault(
      `api_url ${shown} must name its host`,
      'for an address: a name, and in settings.yml upstream.resolve: {"NAME:443": "ADDRESS:443"}',
    );
  const dialect = DIALECTS[forge];
  const parts = path
    .replace(/^\/+/, "")
    .replace(/\/*$/, "")
    .replace(/\.git$/, "")
    .split("/");
  const plain = parts.every((part) => part !== "" && part !== "." && part !== "..");
  const keys = plain ? dialect.keys(parts) : undefined;
  if (keys === undefined)
    throw usageFault(
      `${printable(path)} is no repository of a ${forge} forge`,
      `the url's path must be ${forge === "gitlab" ? "GROUP/PROJECT" : "OWNER/REPOSITORY"}.git`,
    );
  const place = base.pathname.replace(/\/+$/, "");
  const dotCom = forge === "github" && githubOwnHost(base);
  const prefix = dotCom || place.endsWith(dialect.prefix) ? "" : dialect.prefix;
  base.pathname = `${place}${prefix}${keys}`;
  return base;
}

/** GitHub's own API has a host of its own, and no prefix; only a GitHub on one's own machine has one. */
function githubOwnHost(base: URL): boolean {
  if (base.hostname === "github.com" && base.port === "") base.hostname = "api.github.com";
  return base.hostname === "api.github.com" || /^api\.[^.]+\.ghe\.com$/.test(base.hostname);
}
