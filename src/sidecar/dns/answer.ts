import { ANSWER_TTL } from "./limits.ts";
import { type DnsQuery, HEADER_SIZE, readQuery } from "./query.ts";

/** The one address every name has (DESIGN G3): the bottle's own loopback answers for it, where the sidecar listens. */
export const SYNTHETIC_ADDRESS = "198.18.0.1";

export interface DnsAnswer {
  /** what to send; undefined: nothing */
  readonly reply: Buffer | undefined;
  /** presentation form, as far as it could be read */
  readonly name: string;
  /** mnemonic, else `TYPE` and the number (RFC 3597 §5); empty: none was read */
  readonly type: string;
  readonly kind: "synthetic" | "nodata" | "refused" | "dropped";
}

const TYPES: Readonly<Record<number, string>> = {
  1: "A",
  2: "NS",
  5: "CNAME",
  6: "SOA",
  10: "NULL",
  12: "PTR",
  13: "HINFO",
  15: "MX",
  16: "TXT",
  28: "AAAA",
  33: "SRV",
  35: "NAPTR",
  43: "DS",
  48: "DNSKEY",
  64: "SVCB",
  65: "HTTPS",
  251: "IXFR",
  252: "AXFR",
  255: "ANY",
};

const NOERROR = 0;
const FORMERR = 1;
const NOTIMP = 4;
const REFUSED = 5;

const CLASS_IN = 1;
const TYPE_A = 1;

/**
 * Answers one DNS message with no state and nothing sent on: every A question in class IN with `SYNTHETIC_ADDRESS`,
 * every other type with no data (NOERROR, no records, no SOA: not to be cached, RFC 2308 §5), other classes REFUSED, what
 * is no standard query FORMERR or NOTIMP. A response (QR set) or less than a header is dropped: two servers must never
 * answer each other. A reply is never longer than 512 bytes. Never throws.
 */
export function answerQuery(message: Buffer): DnsAnswer {
  const dropped = { reply: undefined, name: "", type: "", kind: "dropped" } as const;
  if (message.length < HEADER_SIZE) return dropped;
  const flags = message.readUInt16BE(2);
  if ((flags & 0x8000) !== 0) return dropped;
  const refuse = (rcode: number, name: string): DnsAnswer => {
    return { reply: replyTo(message, rcode, undefined), name, type: "", kind: "refused" };
  };
  if ((flags & 0x7800) !== 0) return refuse(NOTIMP, "");
  if (message.readUInt16BE(4) !== 1) return refuse(FORMERR, "");
  const query = readQuery(message);
  if ("problem" in query) return refuse(FORMERR, query.name);

  const type = TYPES[query.type] ?? `TYPE${query.type}`;
  const { name } = query;
  if (query.class !== CLASS_IN) {
    return { reply: replyTo(message, REFUSED, query), name, type, kind: "refused" };
  }
  return query.type === TYPE_A
    ? { reply: replyTo(message, NOERROR, query, ADDRESS_RECORD), name, type, kind: "synthetic" }
    : { reply: replyTo(message, NOERROR, query), name, type, kind: "nodata" };
}

// The question's name by pointer, type, class, TTL, length, address.
const ADDRESS_RECORD = Buffer.from([
  0xc0,
  HEADER_SIZE,
  0,
  TYPE_A,
  0,
  CLASS_IN,
  0,
  0,
  ANSWER_TTL >> 8,
  ANSWER_TTL & 0xff,
  0,
  4,
  ...SYNTHETIC_ADDRESS.split(".").map(Number),
]);

/** Payload size that RFC 9715 §3.2 names, for a server that never needs it. */
const EDNS_PAYLOAD = 1232;

function replyTo(
  message: Buffer,
  rcode: number,
  query: DnsQuery | undefined,
  answer = Buffer.alloc(0),
): Buffer {
  const edns = query?.edns;
  const header = Buffer.alloc(HEADER_SIZE);
  message.copy(header, 0, 0, 2);
  // QR, opcode and RD as asked, RA
  header.writeUInt16BE(0x8080 | (message.readUInt16BE(2) & 0x7900) | rcode, 2);
  header.writeUInt16BE(query === undefined ? 0 : 1, 4);
  header.writeUInt16BE(answer.length === 0 ? 0 : 1, 6);
  header.writeUInt16BE(edns === undefined ? 0 : 1, 10);
  // RFC 6891 §6.1.1: who is asked with EDNS answers with it; RFC 3225 §3: DO as it came.
  const option =
    edns === undefined
      ? []
      : [0, 0, 41, EDNS_PAYLOAD >> 8, EDNS_PAYLOAD & 0xff, 0, 0, edns.dnssecOk ? 0x80 : 0, 0, 0, 0];
  return Buffer.concat([header, query?.question ?? Buffer.alloc(0), answer, Buffer.from(option)]);
}
