import { readFileSync } from "node:fs";
import type { ModelApiRules } from "../../src/policy/route.ts";
import type { Code } from "../../src/policy/verdict.ts";

import { ANTHROPIC } from "./model-bodies/anthropic-messages.ts";
import { CHAT } from "./model-bodies/openai-chat.ts";
import { RESPONSES } from "./model-bodies/openai-responses.ts";
import { type Row, UNREADABLE } from "./model-bodies/row.ts";
import { TEXTS } from "./model-bodies/texts.ts";

export type Kind = ModelApiRules["kind"];

/** The setting of provider routes. */
export function safe(kind: Kind, rules: Partial<ModelApiRules> = {}): ModelApiRules {
  return { kind, serverTools: [], remoteUrls: "deny", fileUpload: "deny", ...rules };
}

export const PATHS: Readonly<Record<Kind, string>> = {
  "anthropic-messages": "/v1/messages",
  "openai-responses": "/v1/responses",
  "openai-chat": "/v1/chat/completions",
};

/** What a program sent, its texts cut short: bodies by name. */
export function recorded(name: "claude-code" | "codex" | "codex-websocket"): readonly unknown[] {
  return JSON.parse(readFileSync(new URL(`recorded/${name}.json`, import.meta.url), "utf8"));
}

export interface Hostile {
  readonly name: string;
  readonly kind: Kind;
  readonly body: string;
  readonly code: Code;
  /** where in the body */
  readonly place: string;
}

const KINDS: readonly (readonly [Kind, readonly Row[]])[] = [
  ["anthropic-messages", ANTHROPIC],
  ["openai-responses", RESPONSES],
  ["openai-chat", CHAT],
];

/** Bodies that the safe setting refuses. */
export const HOSTILE: readonly Hostile[] = KINDS.flatMap(([kind, rows]) => [
  ...rows.map(([name, body, code, place]) => ({ name, kind, body: JSON.stringify(body), code, place })),
  ...TEXTS.map(
    ([name, body]) => ({ name: `text: ${name}`, kind, body, code: UNREADABLE, place: "" }) as const,
  ),
]);
