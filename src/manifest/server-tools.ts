import { printable } from "../base/printable.ts";
import { familyOf, SERVER_TOOLS } from "../policy/model-api/server-tools.ts";
import type { Bottle } from "./bottle.ts";
import type { Problems } from "./problem.ts";
import { closest } from "./suggest.ts";

/**
 * Warns of names in `server_tools` that are nearly one of a provider's tool. Others that aren't known may be types and
 * fields of a later day, for which the list is there, too.
 */
export function checkServerTools({ routes }: Bottle, problems: Problems): void {
  for (const { host, at, body } of routes.values())
    for (const name of body?.serverTools ?? []) {
      if (familyOf(name) !== undefined || SERVER_TOOLS.includes(name)) continue;
      const near = closest(name, SERVER_TOOLS);
      if (near === undefined) continue;
      problems.warn(
        `${at}: \`body.server_tools\` of ${host}: ${printable(name, 100)} is no tool of a model's provider that is known; did you mean \`${near}\`?`,
      );
    }
}
