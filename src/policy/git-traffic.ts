import type { HeaderList } from "./facts.ts";
import { overriddenMethods, queryValues } from "./headers.ts";

const PUSH_SERVICE = "git-receive-pack";
const FETCH_SERVICE = "git-upload-pack";
const READS = new Set(["GET", "HEAD", "OPTIONS"]);
/** WebDAV and the plain writes that git's dumb push makes (gitprotocol-http, "dumb" servers; git-http-push). */
const DUMB_WRITES = new Set(["PUT", "DELETE", "MKCOL", "MOVE", "COPY", "LOCK", "UNLOCK", "PROPPATCH"]);

/**
 * What a request is to git's HTTP protocols (gitprotocol-http): `push` or `fetch`, their discovery included;
 * undefined: nothing of git's. `path` is normalised; an opaque `%2F` is read as a separator here, parameters after `;`
 * and a trailing slash are looked through, case is ignored: a server may do each.
 */
export function gitTraffic(
  method: string,
  path: string,
  query: string,
  headers: HeaderList,
): "push" | "fetch" | undefined {
  // Every path below holds one of these, so that all other traffic pays for this test alone.
  if (!GIT_LIKE.test(path)) return undefined;
  const segments = path
    .toLowerCase()
    .split(/\/|%2f/)
    .map(bareSegment)
    .filter((segment) => segment !== "");
  const last = segments.at(-1);
  const discovery = last === "refs" && segments.at(-2) === "info";
  if (discovery) {
    const services = queryValues(query, "service").map((service) => service.trim().toLowerCase());
    // Without a service it is the dumb protocol's discovery, a fetch.
    return services.some((service) => service.includes(PUSH_SERVICE)) ? "push" : "fetch";
  }
  const writes = !READS.has(method) || overriddenMethods(headers, query).some((other) => !READS.has(other));
  if (last === PUSH_SERVICE) return writes ? "push" : undefined;
  if (last === FETCH_SERVICE) return writes ? "fetch" : undefined;
  const repo = segments.findIndex((segment) => segment.endsWith(".git"));
  if (repo === -1) return undefined;
  const below = segments[repo + 1];
  if (
    DUMB_WRITES.has(method.toUpperCase()) &&
    (below === "refs" || below === "objects" || below === "info")
  ) {
    return "push";
  }
  return below === "info" && segments[repo + 2] === "lfs" ? "fetch" : undefined;
}

const GIT_LIKE = /git-receive-pack|git-upload-pack|info(?:\/|%2f|;)|\.git(?:\/|%2f|;)/i;

/** A segment as a lenient server reads it: without parameters, and without dots or spaces at its end. */
function bareSegment(segment: string): string {
  return segment.replace(/(?:;|%3b).*$/, "").replace(/(?:\.|%20|\+)+$/, "");
}
