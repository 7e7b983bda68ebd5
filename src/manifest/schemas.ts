import { agentSchema } from "./definitions/agent.ts";
import { bottleSchema } from "./definitions/bottle.ts";
import { settingsSchema } from "./definitions/settings.ts";

/** The three kinds of file an operator writes. */
export type ManifestKind = "bottle" | "agent" | "settings";

const made: {
  bottle?: ReturnType<typeof bottleSchema>;
  agent?: ReturnType<typeof agentSchema>;
  settings?: ReturnType<typeof settingsSchema>;
} = {};

/** Made when first asked for: building one costs milliseconds, and a launch seldom needs all. */
export const SCHEMAS = {
  get bottle() {
    made.bottle ??= bottleSchema();
    return made.bottle;
  },
  get agent() {
    made.agent ??= agentSchema();
    return made.agent;
  },
  get settings() {
    made.settings ??= settingsSchema();
    return made.settings;
  },
};
