import type { ModelApiRules } from "../route.ts";
import type { CompiledRoute, EgressPolicy } from "../routes.ts";
import { anthropicMessages } from "./anthropic-messages.ts";
import { Check, type Objection, type Shape } from "./check.ts";
import { readJson } from "./json.ts";
import { openaiChat } from "./openai-chat.ts";
import { openaiResponses, openaiResponsesMessage } from "./openai-responses.ts";

const BODIES: Readonly<Record<ModelApiRules["kind"], Shape>> = {
  "anthropic-messages": anthropicMessages,
  "openai-responses": openaiResponses,
  "openai-chat": openaiChat,
};

/**
 * Checks the body of a request to a model's API (SPEC §11, `body`): that it is JSON which every reader reads alike, and
 * that nothing in it makes the provider fetch, keep or run something that the route does not list. What this version
 * doesn't know is refused. Pure, never throws.
 *
 * `bytes`: whole, its codings undone. `message`: it is one of a WebSocket. `policy`: decides which URLs may be fetched.
 */
export function checkModelApi(
  rules: ModelApiRules,
  route: CompiledRoute,
  policy: EgressPolicy,
  bytes: Buffer,
  message = false,
): Objection {
  const check = new Check(rules, route, policy);
  const read = readJson(bytes);
  if (!read.ok) return check.unreadable(read.problem);
  return (message ? openaiResponsesMessage : BODIES[rules.kind])(read.value, check);
}
