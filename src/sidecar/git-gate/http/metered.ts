import type { Quotas } from "../../../policy/quota.ts";
import type { RouteSpec } from "../../../policy/route.ts";
import type { Refusal } from "../../../policy/verdict.ts";
import type { GitRepoConfig } from "../../protocol.ts";

/** A quota of the bottle's is used up by what the agent sends. */
export class QuotaExceeded extends Error {
  readonly refusal: Refusal;

  constructor(refusal: Refusal) {
    super(refusal.detail);
    this.name = "QuotaExceeded";
    this.refusal = refusal;
  }
}

/** What a bottle's quotas know a repository's upstream as. */
export function quotaRoute({ upstream, source }: GitRepoConfig): RouteSpec {
  return {
    host: upstream.host,
    ports: [upstream.port],
    matches: [],
    encodedSlash: "block",
    git: { fetch: true, apiWrite: false },
    source,
  };
}

/** A request's body, counted as what goes out. Throws `QuotaExceeded`; what would pass the limit isn't given. */
export async function* metered(
  body: AsyncIterable<Buffer>,
  quotas: Quotas,
  route: RouteSpec,
): AsyncGenerator<Buffer> {
  for await (const bytes of body) {
    const over = quotas.send(route, bytes.length, performance.now());
    if (over) throw new QuotaExceeded(over);
    yield bytes;
  }
}
