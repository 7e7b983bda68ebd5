import { hash } from "node:crypto";
import { MAX_FIELDS, MAX_ITEMS, MAX_LINE, MAX_MESSAGE, MAX_TEXT, SHORT_ITEMS, SHORT_TEXT } from "./limits.ts";
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
 * Texts, lists, messages and the number of fields are bounded (`limits.ts`).
 */
export function recordLine(seq: number, atMs: number, event: JournalEvent, prev: string): string {
  const at = new Date(atMs).toISOString();
  const line = (fields: object): string =>
    `{"seq":${seq},"at":"${at}",${asciiJson(fields).slice(1, -1)},"prev":"${prev}"}`;
  const whole = line(isBounded(event) ? event : bounded(event, LONG));
  if (whole.length <= MAX_LINE) return whole;
  const shortened = line(bounded(event, SHORT));
  return shortened.length <= MAX_LINE ? shortened : line(bounded(event, { ...SHORT, message: 0 }));
}

/** The chain's own fields of a line, or undefined when it is not one. */
export function chainFields(line: string): { seq: number; prev: string } | undefined {
  const value = parseObject(line);
  const seq = value?.seq;
  const prev = value?.prev;
  return typeof seq === "number" && typeof prev === "string" ? { seq, prev } : undefined;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A JSON object, or undefined for any other text. */
export function parseObject(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** What texts, lists and messages are cut to. */
interface Bounds {
  readonly text: number;
  readonly items: number;
  readonly message: number;
}

const LONG: Bounds = { text: MAX_TEXT, items: MAX_ITEMS, message: MAX_MESSAGE };
// Long texts, which an agent can send, don't cost the record its messages.
const SHORT: Bounds = { text: SHORT_TEXT, items: SHORT_ITEMS, message: MAX_MESSAGE };

const RESERVED = new Set(["seq", "at", "prev"]);

/** Whether an event can be written as it is; nearly all can. */
function isBounded(event: JournalEvent): boolean {
  let count = 0;
  for (const [name, value] of Object.entries(event)) {
    if (++count > MAX_FIELDS || RESERVED.has(name) || name.length > SHORT_TEXT) return false;
    if (typeof value === "string" ? value.length > MAX_TEXT : typeof value === "object" && value !== null)
      return false;
  }
  return true;
}

function bounded(event: JournalEvent, bounds: Bounds): object {
  const { kind, ...rest } = event;
  const fields = Object.entries(rest)
    .filter(([name, value]) => !RESERVED.has(name) && value !== undefined)
    .slice(0, MAX_FIELDS)
    .map(([name, value]) => [cut(name, SHORT_TEXT), boundedValue(value, bounds)] as const);
  return { kind, ...Object.fromEntries(fields) };
}

function boundedValue(value: unknown, { text, items, message }: Bounds): unknown {
  if (typeof value === "string") return cut(value, text);
  if (Array.isArray(value)) return value.slice(0, items).map((item: unknown) => boundedItem(item, text));
  return isObject(value) && asciiJson(value).length > message ? { omitted: "too long" } : value;
}

/** A text, or a finding: an object of texts and numbers. */
function boundedItem(item: unknown, max: number): unknown {
  if (!isObject(item)) return cut(String(item), max);
  const fields = Object.entries(item).slice(0, MAX_ITEMS);
  return Object.fromEntries(
    fields.map(([name, value]) => [
      cut(name, SHORT_TEXT),
      typeof value === "number" ? value : cut(String(value), max),
    ]),
  );
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
