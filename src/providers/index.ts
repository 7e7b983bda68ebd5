import { usageFault } from "../base/fault.ts";
import { printable } from "../base/printable.ts";
import { claude } from "./claude.ts";
import { command } from "./command.ts";
import type { Provider } from "./provider.ts";

const PROVIDERS: readonly Provider[] = [claude, command];

/** Templates the manifest format knows whose providers are not built yet. */
const NOT_AVAILABLE: readonly string[] = ["codex", "pi", "gemini", "opencode"];

export const PROVIDER_NAMES: readonly string[] = PROVIDERS.map((provider) => provider.name);

/** The provider of `agent_provider.template`. Throws `Fault` (exit 2). */
export function providerByName(name: string): Provider {
  const found = PROVIDERS.find((provider) => provider.name === name);
  if (found !== undefined) return found;
  const available = `available: ${PROVIDER_NAMES.join(", ")}`;
  if (NOT_AVAILABLE.includes(name)) {
    throw usageFault(
      `agent_provider.template: ${name} is known, but this version can't run it`,
      `${available}; template: command with settings: {command: [${name}]} runs the program unconfigured`,
    );
  }
  throw usageFault(
    `agent_provider.template: there is no ${printable(name)}`,
    `${available}; known, not available in this version: ${NOT_AVAILABLE.join(", ")}`,
  );
}
