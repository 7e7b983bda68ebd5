import type { ModelApiRules } from "../route.ts";

/** Hosts whose API makes their provider fetch and keep if it is asked to, and what `body.kind` reads it. */
const KINDS: ReadonlyMap<string, ModelApiRules["kind"]> = new Map([
  ["api.anthropic.com", "anthropic-messages"],
  ["api.openai.com", "openai-responses"],
  ["chatgpt.com", "openai-responses"],
  ["openrouter.ai", "openai-chat"],
  ["api.x.ai", "openai-chat"],
  ["api.mistral.ai", "openai-chat"],
  ["api.groq.com", "openai-chat"],
  ["api.deepseek.com", "openai-chat"],
  ["api.together.xyz", "openai-chat"],
  ["api.fireworks.ai", "openai-chat"],
  ["api.perplexity.ai", "openai-chat"],
]);

/** What to write as `body.kind` on the route of a host that is known for its model API. */
export function modelApiOf(host: string): ModelApiRules["kind"] | undefined {
  return KINDS.get(host);
}
