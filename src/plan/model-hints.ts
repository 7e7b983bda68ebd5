import type { Route } from "../manifest/bottle.ts";
import { modelApiOf } from "../policy/model-api/known-hosts.ts";

/**
 * Routes to a host that is known for its model API, and whose requests nobody reads as such: what to write. `covered`:
 * hosts whose provider's own route says it.
 */
export function modelHints(routes: Iterable<Route>, covered: ReadonlySet<string>): string[] {
  const hints: string[] = [];
  for (const { host, at, body } of routes) {
    const kind = modelApiOf(host);
    if (kind === undefined || body !== undefined || covered.has(host)) continue;
    hints.push(
      `route ${host} (${at}): without \`body: {kind: ${kind}}\` a request can make the model's provider fetch, run and keep things for the agent`,
    );
  }
  return hints;
}
