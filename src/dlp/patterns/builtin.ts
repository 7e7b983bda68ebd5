import { PatternSet } from "./pattern-set.ts";
import type { Rule } from "./rule.ts";
import type { RuleFile } from "./rule-file/read.ts";
import { AI } from "./vendors/ai.ts";
import { CHAT } from "./vendors/chat.ts";
import { CLOUD } from "./vendors/cloud.ts";
import { DATABASES } from "./vendors/databases.ts";
import { FORGES } from "./vendors/forges.ts";
import { KEYS } from "./vendors/keys.ts";
import { MONITORING } from "./vendors/monitoring.ts";
import { PAYMENTS } from "./vendors/payments.ts";
import { REGISTRIES } from "./vendors/registries.ts";
import { SERVICES } from "./vendors/services.ts";

/** The rules that every bottle has. */
export const BUILTIN_RULES: readonly Rule[] = [
  ...AI,
  ...CHAT,
  ...CLOUD,
  ...DATABASES,
  ...FORGES,
  ...KEYS,
  ...MONITORING,
  ...PAYMENTS,
  ...REGISTRIES,
  ...SERVICES,
];

export function builtinPatterns(): PatternSet {
  return new PatternSet(BUILTIN_RULES);
}

/** The built-in rules with an operator's rule file on top: it may add, replace by id, turn off and spare. */
export function patternsWith({ rules, disabled, allowlists }: RuleFile): PatternSet {
  const replaced = new Set([...disabled, ...rules.map(({ id }) => id)]);
  return new PatternSet([...BUILTIN_RULES.filter(({ id }) => !replaced.has(id)), ...rules], allowlists);
}
