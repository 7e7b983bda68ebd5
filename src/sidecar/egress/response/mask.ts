import type { HeaderList } from "../../../policy/facts.ts";
import { fieldValue } from "../http1/fields.ts";
import { MASK_WHOLE_BYTES } from "../limits.ts";
import type { ResponseStart } from "../stream.ts";
import type { AnswerSink } from "./inspection.ts";

/** Replaces an injected credential in the values and names of response fields. */
export function maskFields(
  fields: HeaderList,
  secrets: readonly string[],
  name: string | undefined,
): HeaderList {
  if (name === undefined) return fields;
  let masked: string[] | undefined;
  for (const secret of secrets) {
    for (let i = 0; i < fields.length; i++) {
      const text = (masked ?? fields)[i] ?? "";
      if (!text.includes(secret)) continue;
      masked ??= [...fields];
      masked[i] = i % 2 === 0 ? "x-masked" : text.replaceAll(secret, `[masked ${name}]`);
    }
  }
  return masked ?? fields;
}

/** Stands between a response body and the client. */
export interface BodyMask {
  write(bytes: Buffer): void;
  end(): void;
}

/**
 * A mask for the body of `start`, which it then answers for: it calls `answerStart`, and `answerData` with what is safe.
 * Undefined: there is nothing to mask (no body, or a content coding, which this does not look into).
 * A short body of stated length is held whole and its length stated anew; in a longer one a masked credential keeps
 * its length; a body without a stated length streams, held back only while the end of what came so far begins a
 * credential.
 */
export function createBodyMask(
  start: ResponseStart,
  secrets: readonly string[],
  name: string,
  sink: AnswerSink,
): BodyMask | undefined {
  if (start.body === "none" || isEncoded(start)) return undefined;
  const needles = secrets.map((secret) => Buffer.from(secret, "latin1"));
  if (typeof start.body === "number" && start.body <= MASK_WHOLE_BYTES)
    return wholeMask(start, start.body, needles, name, sink);
  sink.answerStart(start);
  return streamMask(needles, name, typeof start.body === "number", sink);
}

function isEncoded(start: ResponseStart): boolean {
  const coding = fieldValue(start.fields, "content-encoding");
  return coding !== undefined && coding.toLowerCase() !== "identity";
}

function wholeMask(
  start: ResponseStart,
  length: number,
  needles: readonly Buffer[],
  name: string,
  sink: AnswerSink,
): BodyMask {
  const parts: Buffer[] = [];
  let have = 0;
  return {
    write(bytes) {
      parts.push(bytes);
      have += bytes.length;
      if (have < length) return;
      const whole = parts.length === 1 ? bytes : Buffer.concat(parts);
      const masked = replace(whole, needles, name, false);
      sink.answerStart({ ...start, body: masked.length, contentLength: masked.length });
      sink.answerData(masked);
    },
    end() {
      // `write` has seen the last byte already
    },
  };
}

function streamMask(
  needles: readonly Buffer[],
  name: string,
  keepLength: boolean,
  sink: AnswerSink,
): BodyMask {
  let held: Buffer | undefined;
  return {
    write(bytes) {
      const masked = replace(held ? Buffer.concat([held, bytes]) : bytes, needles, name, keepLength);
      const keep = beginsAtEnd(masked, needles);
      held = keep === 0 ? undefined : masked.subarray(masked.length - keep);
      if (keep < masked.length)
        sink.answerData(keep === 0 ? masked : masked.subarray(0, masked.length - keep));
    },
    end() {
      if (held) sink.answerData(held);
      held = undefined;
    },
  };
}

function replace(bytes: Buffer, needles: readonly Buffer[], name: string, keepLength: boolean): Buffer {
  let result = bytes;
  for (const needle of needles) {
    let found = result.indexOf(needle);
    if (found < 0) continue;
    const label = `[masked ${name}]`;
    const mask = Buffer.from(
      keepLength ? label.slice(0, needle.length).padEnd(needle.length, "*") : label,
      "latin1",
    );
    const parts: Buffer[] = [];
    let at = 0;
    for (; found >= 0; found = result.indexOf(needle, at)) {
      parts.push(result.subarray(at, found), mask);
      at = found + needle.length;
    }
    parts.push(result.subarray(at));
    result = Buffer.concat(parts);
  }
  return result;
}

/** How many bytes at the end could be the beginning of a needle; the longest counts. */
export function beginsAtEnd(bytes: Buffer, needles: readonly Buffer[]): number {
  let longest = 0;
  for (const needle of needles) {
    const first = needle[0] ?? 0;
    let from = Math.max(0, bytes.length - needle.length + 1);
    while (true) {
      from = bytes.indexOf(first, from);
      if (from < 0) break;
      const tail = bytes.length - from;
      if (tail <= longest) break;
      if (bytes.compare(needle, 0, tail, from) === 0) {
        longest = tail;
        break;
      }
      from++;
    }
  }
  return longest;
}
