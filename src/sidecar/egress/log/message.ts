import type { RecordedMessage } from "../../../journal/record.ts";
import type { HeaderList } from "../../../policy/facts.ts";
import { fieldValue } from "../http1/fields.ts";
import { LOG_BODY_BYTES, LOG_BODY_CHARS, LOG_FIELD_CHARS, LOG_FIELDS_CHARS } from "../limits.ts";
import type { Capture } from "./capture.ts";
import { codingsOf, decodeBody } from "./decode.ts";
import { fittingChars } from "./fitting.ts";
import { maskBytes, maskText, type Sought } from "./mask.ts";

/** What was captured of a message, masked, as it is journalled. `hide`: what to write for the value of a field. */
export function recordedMessage(
  capture: Capture,
  sought: Sought,
  hide: (lowerName: string, value: string) => string,
): RecordedMessage {
  const fields = recordedFields(capture.fields, sought, hide, LOG_FIELDS_CHARS);
  const trailers = recordedFields(capture.trailers, sought, hide, fields.room);
  const leftOut = fields.leftOut + trailers.leftOut;
  return {
    fields: fields.lines,
    ...(trailers.lines.length === 0 ? {} : { trailers: trailers.lines }),
    ...(leftOut === 0 ? {} : { fields_left_out: leftOut }),
    ...(capture.total === 0 ? {} : recordedBody(capture, sought)),
  };
}

function recordedFields(
  fields: HeaderList,
  sought: Sought,
  hide: (lowerName: string, value: string) => string,
  room: number,
): { lines: readonly string[]; leftOut: number; room: number } {
  const plain: string[] = [];
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i] ?? "";
    plain.push(`${name}: ${hide(name.toLowerCase(), fields[i + 1] ?? "")}`);
  }
  const lines: string[] = [];
  let left = room;
  let leftOut = 0;
  // At once: there may be many fields and many sought. No field holds a line feed.
  for (const line of plain.length === 0 ? [] : maskText(plain.join("\n"), sought).split("\n")) {
    const shown = line.length > LOG_FIELD_CHARS ? `${line.slice(0, LOG_FIELD_CHARS)}…` : line;
    const { size, chars } = fittingChars(shown, left - QUOTES);
    if (chars < shown.length) leftOut++;
    else {
      lines.push(shown);
      left -= size + QUOTES;
    }
  }
  return { lines, leftOut, room: left };
}

/** `"…",` around each in the line */
const QUOTES = 3;

type RecordedBody = Omit<RecordedMessage, "fields" | "trailers" | "fields_left_out">;

function recordedBody(capture: Capture, sought: Sought): RecordedBody {
  const codings = codingsOf(valuesOf(capture.fields, "content-encoding"));
  if (codings.length === 0) {
    const { body, total, complete } = capture;
    return shownBody(body, total, !complete, capture.fields, sought);
  }
  const decoded = decodeBody(capture.body, codings);
  if (!decoded.ok) return { body_omitted: decoded.reason };
  const notDecoded = capture.total - capture.body.length;
  const { bytes } = decoded;
  const cut = !capture.complete || notDecoded > 0;
  return {
    ...shownBody(bytes.subarray(0, LOG_BODY_BYTES), bytes.length, cut, capture.fields, sought),
    body_decoded: codings.join(", "),
    ...(notDecoded === 0 ? {} : { body_not_decoded: notDecoded }),
  };
}

/** `source`: the beginning of a body of `total` bytes; `cut`: more would have followed. */
function shownBody(
  source: Buffer,
  total: number,
  cut: boolean,
  fields: HeaderList,
  sought: Sought,
): RecordedBody {
  const open = cut || total > source.length;
  const { bytes, from } = maskBytes(source, sought, open);
  const text = isText(fieldValue(fields, "content-type")) ? utf8(bytes, open) : undefined;
  let body: string;
  let shown: number;
  if (text === undefined) {
    const whole = bytes.subarray(0, Math.floor(LOG_BODY_CHARS / 4) * 3);
    body = whole.toString("base64");
    shown = whole.length;
  } else {
    body = text.slice(0, fittingChars(text, LOG_BODY_CHARS).chars);
    shown = Buffer.byteLength(body);
  }
  const leftOut = total - from + bytes.length - shown;
  return {
    body,
    ...(text === undefined ? { body_encoding: "base64" } : {}),
    ...(leftOut === 0 ? {} : { body_left_out: leftOut }),
  };
}

function valuesOf(fields: HeaderList, lowerName: string): readonly string[] {
  return fields.filter((_, i) => i % 2 === 1 && fields[i - 1]?.toLowerCase() === lowerName);
}

const TEXT_TYPE =
  /^(?:text\/.*|application\/(?:(?:.*\+)?(?:json|xml|yaml)|x-ndjson|jsonl|javascript|graphql|sql|x-www-form-urlencoded)|.*\+json|.*\+xml)$/;

/** Without a type the body is looked at (RFC 9110 §8.3). */
function isText(contentType: string | undefined): boolean {
  if (contentType === undefined) return true;
  return TEXT_TYPE.test((contentType.split(";", 1)[0] ?? "").trim().toLowerCase());
}

/** Undefined: no UTF-8. `open`: may end inside a character, whose beginning is left out. */
function utf8(bytes: Buffer, open: boolean): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes, { stream: open });
  } catch {
    return undefined;
  }
}
