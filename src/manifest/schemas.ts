import { agentSchema } from "./definitions/agent.ts";
import { bottleSchema } from "./definitions/bottle.ts";
import { settingsSchema } from "./definitions/settings.ts";

/** The three kinds of file an operator writes. */
export type ManifestKind = "bottle" | "agent" | "settings";

export const SCHEMAS = { bottle: bottleSchema, agent: agentSchema, settings: settingsSchema } as const;
