import type { TextKind } from "../../../dlp/injection/scanner.ts";
import type { HeaderList } from "../../../policy/facts.ts";
import { fieldValue } from "../http1/fields.ts";

const TEXT = /^(?:text\/.*|application\/(?:.*\+)?xml|application\/(?:x-ndjson|jsonl|yaml|x-yaml|markdown))$/;

/** How an answer's text is read, by its Content-Type; without one it is read as text. Undefined: it isn't text. */
export function textKind(fields: HeaderList): TextKind | undefined {
  const stated = fieldValue(fields, "content-type");
  if (stated === undefined) return "text";
  const type = (stated.split(";", 1)[0] ?? "").trim().toLowerCase();
  if (type === "text/event-stream") return "sse";
  if (type === "text/html" || type === "application/xhtml+xml") return "html";
  if (type === "text/markdown" || type === "application/markdown") return "markdown";
  if (type === "application/json" || type.endsWith("+json")) return "json";
  return TEXT.test(type) ? "text" : undefined;
}
