import { MAX_ADDITIONAL, MAX_WIRE_NAME } from "./limits.ts";

/** A query's one question, strictly read. */
export interface DnsQuery {
  /** presentation form, `\DDD` for every byte that is not a letter, digit, hyphen or underscore; `.` is the root */
  readonly name: string;
  readonly type: number;
  readonly class: number;
  /** the question section's bytes, names in the case they came in (0x20 encoding) */
  readonly question: Buffer;
  /** whether the query has an EDNS record (RFC 6891), and its DO bit */
  readonly edns: { readonly dnssecOk: boolean } | undefined;
}

export type QueryResult =
  | DnsQuery
  | {
      readonly problem: string;
      /** the labels read before the problem, presentation form */
      readonly name: string;
    };

export const HEADER_SIZE = 12;

const TYPE_OPT = 41;

/**
 * Reads the sections of a standard query (RFC 1035 §4.1): one question, no answers, and nothing after them but EDNS.
 * Compression pointers are refused: a question has nothing to point at. `message` holds a whole header.
 */
export function readQuery(message: Buffer): QueryResult {
  const name = readName(message, HEADER_SIZE);
  if ("problem" in name) return name;
  const problem = (what: string): QueryResult => ({ problem: what, name: name.text });
  const afterQuestion = name.end + 4;
  if (afterQuestion > message.length) return problem("cut off");
  if (message.readUInt16BE(6) !== 0 || message.readUInt16BE(8) !== 0) return problem("holds answers");
  const additional = message.readUInt16BE(10);
  if (additional > MAX_ADDITIONAL) return problem("too many additional records");

  let offset = afterQuestion;
  let edns: DnsQuery["edns"];
  for (let i = 0; i < additional; i++) {
    // EDNS: root name, type 41, payload size, extended rcode and version, flags, length of the options
    if (offset + 11 > message.length) return problem("cut off");
    if (message[offset] !== 0 || message.readUInt16BE(offset + 1) !== TYPE_OPT || edns !== undefined) {
      return problem("an additional record other than EDNS");
    }
    edns = { dnssecOk: (message.readUInt16BE(offset + 7) & 0x8000) !== 0 };
    offset += 11 + message.readUInt16BE(offset + 9);
  }
  if (offset !== message.length) return problem("bytes after the last record, or too few");
  return {
    name: name.text,
    type: message.readUInt16BE(name.end),
    class: message.readUInt16BE(name.end + 2),
    question: message.subarray(HEADER_SIZE, afterQuestion),
    edns,
  };
}

type NameResult =
  | { readonly text: string; readonly end: number }
  | { readonly problem: string; readonly name: string };

function readName(message: Buffer, start: number): NameResult {
  let text = "";
  let offset = start;
  for (;;) {
    const length = message[offset];
    if (length === undefined) return { problem: "cut off", name: text };
    if (length > 63)
      return { problem: "a compression pointer or extended label in the question", name: text };
    if (offset + 1 + length - start > MAX_WIRE_NAME) return { problem: "a name over 255 bytes", name: text };
    offset += 1;
    if (length === 0) return { text: text === "" ? "." : text, end: offset };
    if (offset + length > message.length) return { problem: "cut off", name: text };
    if (text !== "") text += ".";
    for (const end = offset + length; offset < end; offset++) text += presentation(message[offset] ?? 0);
  }
}

/** RFC 1035 §5.1. */
function presentation(byte: number): string {
  const character = String.fromCharCode(byte);
  return /[A-Za-z0-9_-]/.test(character) ? character : `\\${String(byte).padStart(3, "0")}`;
}
