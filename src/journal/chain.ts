import { hash } from "node:crypto";
import { MAX_FIELDS, MAX_ITEMS, MAX_LINE, MAX_TEXT, SHORT_TEXT } from "./limits.ts";
import type { JournalEvent } from "./record.ts";

/** The chain's value before the first line: a journal of another bottle does not fit on it. */
export function chainStart(id: string): string {
  return hash("sha256", `bot-bottle journal v1 ${id}`);
}

/** The chain's value after a line (its bytes, without the line break). */
export function chainNext(line: string | Buffer): string {
  return hash("sha256", line);
}

/**
 * One line, without its line break: JSON in ASCII only, so that bytes are characters and a raw `cat` is harmless.
 * Texts, lists and the number of fields are bounded (`limits.ts`).
 */
export function recordLine(seq: number, atMs: number, event: JournalEvent, prev: string): string {
  const at = new Date(atMs).toISOString();
  let line = asciiJson({ seq, at, ...bounded(event, MAX_TEXT, MAX_ITEMS), prev });
  if (line.length > MAX_LINE) {
    line = asciiJson({ seq, at, ...bounded(event, SHORT_TEXT, SHORT_TEXT / MAX_ITEMS), prev });
  }
  return line;
}

/** The chain's own fields of a line, or undefined when it is not one. */
export function chainFields(line: string): { seq: number; prev: string } | undefined {
  const value = parseObject(line);
  const seq = value?.seq;
  const prev = value?.prev;
  return typeof seq === "number" && typeof prev === "string" ? { seq, prev } : undefined;
}

/** A JSON object, or undefined for any other text. */
export function parseObject(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? (value as Readonly<Record<string, unknown>>)
      : undefined;
  } catch {
    return undefined;
  }
}

const RESERVED = new Set(["seq", "at", "prev"]);

function bounded(event: JournalEvent, text: number, items: number): Record<string, unknown> {
  const fields: Record<string, unknown> = {};
  let count = 0;
  for (const [name, value] of Object.entries(event)) {
    if (RESERVED.has(name) || value === undefined) continue;
    if (++count > MAX_FIELDS) break;
    fields[cut(name, SHORT_TEXT)] = Array.isArray(value)
      ? value.slice(0, items).map((item) => cut(String(item), text))
      : typeof value === "string"
        ? cut(value, text)
        : value;
  }
  return fields;
}

function cut(text: string, max: number): string {
  return text.length > max ? `${text.slice(0, max)}…` : text;
}

const NOT_ASCII = /[^\u0020-\u007e]/;

function asciiJson(value: unknown): string {
  const json = JSON.stringify(value);
  if (!NOT_ASCII.test(json)) return json;
  return json.replace(/[^\u0020-\u007e]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
