import type { HeaderList } from "./facts.ts";
import { overriddenMethods, queryValues } from "./headers.ts";

/** What a request to a forge may do: nothing to contents and refs, whatever its GraphQL document says, or write them. */
export type ForgeRequest = "harmless" | "graphql" | "write";

const READS = new Set(["GET", "HEAD", "OPTIONS"]);

/** Hosts at which the forge that serves git on `host` has its API as well. */
export function forgeHosts(host: string): readonly string[] {
  switch (host) {
    case "github.com":
    case "ssh.github.com":
      return [host, "github.com", "api.github.com", "uploads.github.com"];
    case "altssh.gitlab.com":
      return [host, "gitlab.com"];
    default:
      return [host];
  }
}

/** Below a repository of Gitea's, Forgejo's and GitHub's API: where people work together. A commit's comments are under `commits`. */
const TOGETHER = new Set([
  "check-runs",
  "check-suites",
  "comments",
  "issues",
  "labels",
  "milestones",
  "notifications",
  "statuses",
  "subscription",
]);

/** Below a pull request; not `merge`, `update` and `update-branch`. */
const OF_PULLS = new Set(["comments", "reactions", "requested_reviewers", "reviews"]);

/**
 * Below a project of GitLab's API. What people write there is not among them: a note or a description that says `/merge`,
 * `/rebase` or `/create_merge_request` does it (GitLab's quick actions).
 */
const OF_PROJECTS = new Set(["labels", "milestones", "packages"]);

/** Of GitHub's and Gitea's API, outside of any repository. */
const ELSEWHERE = [
  ["notifications"],
  ["user", "starred"],
  ["user", "subscriptions"],
  ["markdown"],
  ["markup"],
];

/** What the path of an API begins with: below it a file may be called `git-upload-pack`. */
const APIS = new Set(["api", "repos", "repositories", "projects"]);

/** Registries of packages and images: they hold no git repository. */
const REGISTRIES = [["api", "packages"], ["v2"]];

/**
 * What a request to a forge may do, by what is documented of Gitea's (also Forgejo's), GitHub's and GitLab's API. A write
 * that isn't known to leave contents and refs alone is one to them: keys, hooks, releases, workflows and settings lead
 * there as well. `path` is normalised. `fetch`: by its path it may
 * be a fetch of git's.
 */
export function forgeRequest(
  method: string,
  path: string,
  query: string,
  headers: HeaderList,
  fetch: boolean,
): ForgeRequest {
  const segments = path.split("/").filter((segment) => segment !== "");
  const reads = [method, ...overriddenMethods(headers, query)].every((each) => READS.has(each));
  const api = belowApi(segments);
  if (api[0]?.toLowerCase() === "graphql") {
    if (!reads) return "graphql";
    return queryValues(query, "query").length === 0 ? "harmless" : "write";
  }
  if (reads || (fetch && method === "POST" && !APIS.has(segments[0]?.toLowerCase() ?? ""))) return "harmless";
  // a server may read an escaped separator as one
  if (path.includes("%")) return "write";
  if (REGISTRIES.some((beginning) => begins(segments, beginning))) return "harmless";
  if (ELSEWHERE.some((beginning) => begins(api, beginning))) return "harmless";
  return isTogether(api) ? "harmless" : "write";
}

/** Without what stands in front of every endpoint: `/api/v1` (Gitea), `/api/v3` (GitHub's own servers), `/api/v4` (GitLab). */
function belowApi(segments: readonly string[]): readonly string[] {
  if (segments[0] !== "api") return segments;
  return /^v[134]$/.test(segments[1] ?? "") ? segments.slice(2) : segments.slice(1);
}

function begins(segments: readonly string[], beginning: readonly string[]): boolean {
  return beginning.every((segment, i) => segments[i] === segment);
}

function isTogether(api: readonly string[]): boolean {
  const [kind, owner, repo, resource = "", , below] = api;
  if (kind === "projects") return OF_PROJECTS.has(repo ?? "");
  if (kind !== "repos" || owner === undefined || repo === undefined) return false;
  if (resource === "pulls") return api.length < 6 || OF_PULLS.has(below ?? "");
  if (resource === "commits") return api.length === 6 && below === "comments";
  return TOGETHER.has(resource);
}
