import { lookup as systemLookup } from "node:dns";
import { RESOLVE_CACHE_COUNT, RESOLVE_CACHE_MS, RESOLVE_MS } from "./limits.ts";
import { UpstreamError } from "./stream.ts";

/** All addresses of a name. */
export type Lookup = (host: string) => Promise<readonly string[]>;

/** The system's resolver. */
export function lookupWithSystem(host: string): Promise<readonly string[]> {
  return new Promise((resolve, reject) => {
    systemLookup(host, { all: true, order: "ipv4first" }, (error, addresses) => {
      if (error) reject(error);
      else resolve(addresses.map((a) => a.address));
    });
  });
}

/** `lookup` with a time-out and a small cache; failures are not kept. Rejects with UpstreamError. */
export function cachingLookup(lookup: Lookup): Lookup {
  const cache = new Map<string, { readonly addresses: readonly string[]; readonly until: number }>();
  return async (host) => {
    const known = cache.get(host);
    const now = performance.now();
    if (known && known.until > now) return known.addresses;
    const addresses = await withTimeout(lookup(host), host);
    cache.delete(host);
    const oldest = cache.size >= RESOLVE_CACHE_COUNT ? cache.keys().next().value : undefined;
    if (oldest !== undefined) cache.delete(oldest);
    cache.set(host, { addresses, until: now + RESOLVE_CACHE_MS });
    return addresses;
  };
}

function withTimeout(answer: Promise<readonly string[]>, host: string): Promise<readonly string[]> {
  return new Promise((resolve, reject) => {
    const failed = (why: string) =>
      reject(
        new UpstreamError(`${host} can't be resolved: ${why}.`, "egress.upstream_unreachable", {
          retryable: true,
        }),
      );
    const timer = setTimeout(() => failed("the resolver did not answer"), RESOLVE_MS);
    answer.then(
      (addresses) => {
        clearTimeout(timer);
        resolve(addresses);
      },
      (error: unknown) => {
        clearTimeout(timer);
        failed(errorCode(error) ?? "the resolver failed");
      },
    );
  });
}

/** `ECONNREFUSED`, `ENOTFOUND`, … of a system or TLS error. */
export function errorCode(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;
}
