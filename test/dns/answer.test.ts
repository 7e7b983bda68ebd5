import { decode, encode, type Packet, RECURSION_DESIRED } from "dns-packet";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { answerQuery } from "../../src/sidecar/dns/answer.ts";

type Question = NonNullable<Packet["questions"]>[number];

function query(question: Partial<Question> = {}, packet: Packet = {}): Buffer {
  return encode({
    type: "query",
    id: 0x1234,
    flags: RECURSION_DESIRED,
    questions: [{ name: "api.example.com", type: "A", class: "IN", ...question }],
    ...packet,
  });
}

const reply = (message: Buffer) => {
  const bytes = answerQuery(message).reply;
  if (bytes === undefined) throw new Error("dropped");
  return decode(bytes);
};
/** The response code, which dns-packet's types leave out. */
const rcode = (message: Buffer): number => (answerQuery(message).reply?.[3] ?? 255) & 0x0f;

const edit = (message: Buffer, change: (copy: Buffer) => void): Buffer => {
  const copy = Buffer.from(message);
  change(copy);
  return copy;
};

/** The message with one more EDNS record: payload size 1232, version 0. */
function withEdns(message: Buffer, flags = 0, options = Buffer.alloc(0)): Buffer {
  const record = Buffer.from([0, 0, 41, 4, 208, 0, 0, flags >> 8, flags & 0xff, 0, options.length]);
  return edit(Buffer.concat([message, record, options]), (copy) =>
    copy.writeUInt16BE(copy.readUInt16BE(10) + 1, 10),
  );
}

describe("answerQuery", () => {
  it("answers every A question with the one synthetic address", () => {
    for (const name of [
      "api.example.com",
      "localhost",
      "xn--bcher-kva.example",
      "secret-data-in-a-label.evil.example",
      "a_b",
      ".",
    ]) {
      const answer = reply(query({ name }));
      expect(answer).toMatchObject({
        id: 0x1234,
        type: "response",
        rcode: "NOERROR",
        flag_rd: true,
        flag_ra: true,
        flag_tc: false,
      });
      expect(answer.questions).toMatchObject([{ name, type: "A", class: "IN" }]);
      expect(answer.answers).toMatchObject([{ name, type: "A", class: "IN", ttl: 60, data: "198.18.0.1" }]);
      expect(answerQuery(query({ name })).kind).toBe("synthetic");
    }
  });

  it("gives the question back byte for byte, in the case it came", () => {
    const message = query({ name: "aPi.ExAmPlE.cOm" });
    expect(answerQuery(message).reply?.subarray(12, message.length)).toEqual(message.subarray(12));
  });

  it.each([
    "AAAA",
    "HTTPS",
    "SVCB",
    "TXT",
    "NULL",
    "SRV",
    "CNAME",
    "MX",
    "NS",
    "SOA",
    "PTR",
    "ANY",
    "DNSKEY",
  ] as const)("has no data for %s", (type) => {
    const message = query();
    const numbers = {
      AAAA: 28,
      HTTPS: 65,
      SVCB: 64,
      TXT: 16,
      NULL: 10,
      SRV: 33,
      CNAME: 5,
      MX: 15,
      NS: 2,
      SOA: 6,
      PTR: 12,
      ANY: 255,
      DNSKEY: 48,
    };
    message.writeUInt16BE(numbers[type], message.length - 4);
    expect(answerQuery(message)).toMatchObject({ kind: "nodata", type, name: "api.example.com" });
    expect(reply(message)).toMatchObject({ rcode: "NOERROR", answers: [], authorities: [], additionals: [] });
  });

  it("names a type it does not know by its number", () => {
    const message = edit(query(), (copy) => copy.writeUInt16BE(4660, copy.length - 4));
    expect(answerQuery(message)).toMatchObject({ kind: "nodata", type: "TYPE4660" });
  });

  it("refuses other classes", () => {
    const message = query({ class: "CH", type: "TXT", name: "version.bind" });
    expect(answerQuery(message)).toMatchObject({ kind: "refused", name: "version.bind" });
    expect(rcode(message)).toBe(5);
  });

  it("drops responses and what is shorter than a header", () => {
    const response = edit(query(), (copy) => copy.writeUInt16BE(0x8180, 2));
    for (const message of [response, Buffer.alloc(0), query().subarray(0, 11)]) {
      expect(answerQuery(message)).toEqual({ reply: undefined, name: "", type: "", kind: "dropped" });
    }
  });

  it.each<[string, Buffer]>([
    ["no question", edit(query(), (copy) => copy.writeUInt16BE(0, 4))],
    [
      "two questions",
      encode({
        type: "query",
        id: 1,
        questions: [
          { name: "a", type: "A" },
          { name: "b", type: "A" },
        ],
      }),
    ],
    ["an answer", edit(query(), (copy) => copy.writeUInt16BE(1, 6))],
    ["an authority", edit(query(), (copy) => copy.writeUInt16BE(1, 8))],
    ["an additional record that is not there", edit(query(), (copy) => copy.writeUInt16BE(1, 10))],
    [
      "an additional record other than EDNS",
      query({}, { additionals: [{ name: "a", type: "A", data: "192.0.2.1" }] }),
    ],
    ["bytes after the question", Buffer.concat([query(), Buffer.from("secret")])],
    ["a cut question", query().subarray(0, -1)],
    ["a cut name", query().subarray(0, 15)],
    ["a compression pointer", edit(query({ name: "a.b" }), (copy) => copy.writeUInt16BE(0xc00c, 14))],
    ["a pointer to itself", edit(query({ name: "a" }), (copy) => copy.writeUInt16BE(0xc00c, 12))],
    ["an extended label", edit(query(), (copy) => copy.writeUInt8(0x41, 12))],
    [
      "a label over 63 bytes",
      edit(Buffer.concat([query().subarray(0, 12), Buffer.alloc(200, 1)]), (copy) => {
        copy.writeUInt8(100, 12);
        copy.writeUInt8(0, 113);
      }).subarray(0, 118),
    ],
    ["two EDNS records", withEdns(withEdns(query()))],
  ])("answers %s with FORMERR", (_what, message) => {
    expect(rcode(message)).toBe(1);
    expect(answerQuery(message)).toMatchObject({ kind: "refused" });
    expect(answerQuery(message).reply).toHaveLength(12);
  });

  it("refuses a name over 255 bytes and takes one of 255", () => {
    const longest = `${"a".repeat(63)}.${"b".repeat(63)}.${"c".repeat(63)}.${"d".repeat(61)}`;
    expect(answerQuery(query({ name: longest }))).toMatchObject({ kind: "synthetic", name: longest });
    expect(answerQuery(query({ name: `${longest}d` }))).toMatchObject({ kind: "refused" });
    expect(rcode(query({ name: `${longest}d` }))).toBe(1);
  });

  it("implements queries only", () => {
    for (const opcode of [1, 2, 4, 5, 15]) {
      const message = edit(query(), (copy) => copy.writeUInt16BE(opcode << 11, 2));
      expect(rcode(message)).toBe(4);
    }
  });

  it("answers EDNS with EDNS and looks into none of its options", () => {
    const message = withEdns(query(), 0x8000, Buffer.from([0xfd, 0xe9, 0, 6, ...Buffer.from("secret")]));
    const answer = reply(message);
    expect(answer.answers).toMatchObject([{ data: "198.18.0.1" }]);
    expect(answer.additionals).toMatchObject([
      { type: "OPT", udpPayloadSize: 1232, flag_do: true, options: [] },
    ]);
  });

  it("spells a name's odd bytes so that they cannot be taken for its dots", () => {
    const message = edit(query({ name: "a-b" }), (copy) => copy.write(".", 14));
    expect(answerQuery(message).name).toBe("a\\046b");
  });

  it("never throws, never answers with more than 512 bytes, and answers the same again", () => {
    const name = fc
      .array(fc.uint8Array({ minLength: 1, maxLength: 70 }), { maxLength: 6 })
      .map((labels) =>
        Buffer.concat([...labels.map((label) => Buffer.from([label.length, ...label])), Buffer.from([0])]),
      );
    const shaped = fc
      .tuple(fc.uint8Array({ minLength: 12, maxLength: 12 }), name, fc.uint8Array({ maxLength: 40 }))
      .map(([header, wire, rest]) => {
        const message = Buffer.concat([header, wire, rest]);
        message.writeUInt16BE(message.readUInt16BE(2) & 0x07ff, 2);
        message.writeUInt16BE(1, 4);
        message.writeUInt32BE(0, 6);
        message.writeUInt16BE((header[11] ?? 0) & 1, 10);
        return message;
      });
    fc.assert(
      fc.property(
        fc.oneof(
          fc.uint8Array({ maxLength: 600 }).map((bytes) => Buffer.from(bytes)),
          shaped,
        ),
        (message) => {
          const before = Buffer.from(message);
          const answer = answerQuery(message);
          expect(message).toEqual(before);
          expect(answerQuery(message)).toEqual(answer);
          if (answer.reply === undefined) return;
          expect(answer.reply.length).toBeLessThanOrEqual(512);
          expect(answer.reply.readUInt16BE(0)).toBe(message.readUInt16BE(0));
          expect((answer.reply[2] ?? 0) & 0x80).toBe(0x80);
          // it answers nothing that answers itself
          expect(answerQuery(answer.reply).kind).toBe("dropped");
        },
      ),
      { numRuns: 2000 },
    );
  });

  it("agrees with dns-packet on what a question asks", () => {
    fc.assert(
      fc.property(
        fc.domain(),
        fc.constantFrom("A", "AAAA", "TXT", "MX", "SRV", "NS"),
        fc.boolean(),
        (name, type, edns) => {
          const plain = query({ name, type });
          const answer = answerQuery(edns ? withEdns(plain) : plain);
          expect(answer).toMatchObject({ name, type });
          const decoded = decode(answer.reply ?? Buffer.alloc(0));
          expect(decoded.questions).toMatchObject([{ name, type }]);
          expect(decoded.answers?.length).toBe(type === "A" ? 1 : 0);
        },
      ),
    );
  });
});
