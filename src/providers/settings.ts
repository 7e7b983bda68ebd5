import { usageFault } from "../base/fault.ts";
import { printable } from "../base/printable.ts";

/** Refuses keys of `agent_provider.settings` that a provider doesn't know: a misspelt one must not be ignored. */
export function onlyKeys(
  provider: string,
  settings: Readonly<Record<string, unknown>>,
  known: readonly string[],
): void {
  for (const key of Object.keys(settings)) {
    if (known.includes(key)) continue;
    throw usageFault(
      `agent_provider.settings: provider ${provider} has no ${printable(key)}`,
      `allowed: ${known.join(", ")}`,
    );
  }
}
