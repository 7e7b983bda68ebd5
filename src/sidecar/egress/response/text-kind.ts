import type { TextKind } from "../../../dlp/injection/scanner.ts";
import type { HeaderList } from "../../../policy/facts.ts";
import { fieldValue } from "../http1/fields.ts";
import { SNIFFED_BYTES } from "../limits.ts";

/** `unstated`: the type says that it is no text, or nothing that is known; the bytes are asked (`readsAsText`). */
export type AnswerKind = TextKind | "unstated";

const TEXT = /^(?:text\/.*|application\/(?:.*\+)?xml|application\/(?:x-ndjson|jsonl|yaml|x-yaml|markdown))$/;

/** How an answer's text is read, by its Content-Type; without one it is read as text. */
export function textKind(fields: HeaderList): AnswerKind {
  const stated = fieldValue(fields, "content-type");
  if (stated === undefined) return "text";
  const type = (stated.split(";", 1)[0] ?? "").trim().toLowerCase();
  if (type === "text/event-stream") return "sse";
  if (type === "text/html" || type === "application/xhtml+xml") return "html";
  if (type === "text/markdown" || type === "application/markdown") return "markdown";
  if (type === "application/json" || type.endsWith("+json")) return "json";
  return TEXT.test(type) ? "text" : "unstated";
}

/**
 * Whether the beginning of a body could be text: an agent reads text whatever its type says. Of compressed or random
 * bytes a tenth are controls, of text none; a few, or too few bytes to tell, don't make a body binary.
 */
export function readsAsText(bytes: Buffer): boolean {
  const length = Math.min(bytes.length, SNIFFED_BYTES);
  let controls = 0;
  for (let i = 0; i < length; i++) {
    const byte = bytes[i] as number;
    if (byte < 0x20 && (byte < 0x09 || byte > 0x0d) && byte !== 0x1b) controls++;
  }
  return length < 64 || controls * 25 < length;
}
