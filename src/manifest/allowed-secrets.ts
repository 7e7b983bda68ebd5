import { printable } from "../base/printable.ts";
import type { Bottle } from "./bottle.ts";
import type { Problems } from "./problem.ts";
import { closest } from "./suggest.ts";

/** A variable as `allow_secrets` may write it: `NAME`, or `env.NAME`, as manifests of the Python tool do. */
export function variableOf(written: string): string {
  return written.replace(/^env\./, "");
}

/**
 * Checks what a merged bottle's routes allow out (SPEC §2): names of its own variables, and never a credential that the
 * sidecar holds. A variable that is no secret goes anywhere already: that is only a warning.
 */
export function checkAllowedSecrets({ env, routes, provider }: Bottle, problems: Problems): void {
  const brokered = new Set([...routes.values()].flatMap(({ auth }) => (auth ? [auth.tokenRef] : [])));
  if (provider.authToken !== undefined) brokered.add(provider.authToken.value);
  for (const { host, dlp } of routes.values()) {
    for (const { value: written, at } of dlp?.allowSecrets ?? []) {
      const name = variableOf(written);
      const entry = env.get(name);
      const key = `\`dlp.allow_secrets\` of ${host}: ${printable(written, 100)}`;
      if (brokered.has(name) && (entry === undefined || written === name)) {
        problems.add({
          file: at,
          message: `${key} is a credential that the sidecar holds and puts on itself: it is not in the bottle`,
          mend:
            entry === undefined ? "remove it" : `the bottle's own variable of that name is \`env.${name}\``,
        });
      } else if (entry === undefined) {
        const near = closest(name, env.keys());
        problems.add({
          file: at,
          message: `${key} is no variable of this bottle${near === undefined ? "" : `; did you mean \`${near}\`?`}`,
          mend:
            env.size === 0 ? "it has none: `env` is empty" : `its variables: ${[...env.keys()].join(", ")}`,
        });
      } else if (entry.kind === "literal" || (entry.kind === "host" && !entry.secret)) {
        problems.warn(`${at}: ${key} is no secret (env.${name}, ${entry.at}): it may go anywhere already`);
      }
    }
  }
}
