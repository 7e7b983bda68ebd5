import fc from "fast-check";
import { expect, test } from "vitest";
import { type BodyDecoder, ChunkedDecoder, LengthDecoder } from "../../src/sidecar/egress/http1/body.ts";
import { findHeadEnd, parseRequestHead, parseResponseHead } from "../../src/sidecar/egress/http1/head.ts";
import { ProtocolError } from "../../src/sidecar/egress/protocol-error.ts";
import { readOpening } from "../../src/sidecar/egress/tls/client-hello.ts";

/** The result, or undefined for a ProtocolError; anything else that is thrown fails the test. */
function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof ProtocolError) return undefined;
    throw error;
  }
}

const piece = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.constantFrom(
      "GET / HTTP/1.1\r\n",
      "Host: a.test\r\n",
      "Content-Length: 5\r\n",
      "Transfer-Encoding: chunked\r\n",
      "Connection: close\r\n",
      "X-A: b\r\n",
      "\r\n",
      "HTTP/1.1 200 OK\r\n",
      "POST /x?y HTTP/1.0\r\n",
    ),
  },
  {
    weight: 2,
    arbitrary: fc.constantFrom(
      "\r",
      "\n",
      " ",
      "\t",
      ":",
      "\0",
      ";",
      ",",
      "chunked",
      "content-length",
      "HTTP/",
      "1.1",
      "0",
      "-1",
      "\x80",
      "\x7f",
    ),
  },
  {
    weight: 1,
    arbitrary: fc.string({
      unit: fc.integer({ min: 0, max: 255 }).map((c) => String.fromCharCode(c)),
      maxLength: 12,
    }),
  },
);
const message = fc.array(piece, { maxLength: 14 }).map((pieces) => pieces.join(""));

test("the head readers never throw anything but a ProtocolError", () => {
  fc.assert(
    fc.property(message, (text) => {
      attempt(() => parseRequestHead(`${text}\r\n\r\n`));
      attempt(() => parseResponseHead(`${text}\r\n\r\n`));
      attempt(() => findHeadEnd(Buffer.from(text, "latin1"), 0));
    }),
    { numRuns: 5000 },
  );
});

test("what the request reader accepts has one reading, and reads the same when written again", () => {
  let accepted = 0;
  const head = fc
    .array(piece, { maxLength: 8 })
    .map((pieces) => `GET /p HTTP/1.1\r\nHost: a.test\r\n${pieces.join("")}\r\n`);
  fc.assert(
    fc.property(head, (text) => {
      const end = attempt(() => findHeadEnd(Buffer.from(text, "latin1"), 0));
      if (end === undefined || end < 0) return;
      const read = attempt(() => parseRequestHead(text.slice(0, end)));
      if (!read) return;
      accepted++;
      let written = `${read.method} ${read.target} HTTP/1.${read.minor}\r\n`;
      for (let i = 0; i < read.fields.length; i += 2)
        written += `${read.fields[i]}: ${read.fields[i + 1]}\r\n`;
      written += "\r\n";
      expect(parseRequestHead(written)).toEqual(read);
      // No line end but CRLF, no control character, no folding, one Host, at most one framing field.
      expect(written).toMatch(/^(?:[^\r\n\0]+\r\n)+\r\n$/);
      expect(written).not.toMatch(/\r\n[ \t]/);
      expect(written.match(/^host:/gim)).toHaveLength(1);
      expect((written.match(/^(?:content-length|transfer-encoding):/gim) ?? []).length).toBeLessThanOrEqual(
        1,
      );
    }),
    { numRuns: 5000 },
  );
  expect(accepted).toBeGreaterThan(200);
});

test("a head is found at the same place however it is cut", () => {
  fc.assert(
    fc.property(message, fc.array(fc.nat(200), { maxLength: 6 }), (text, cuts) => {
      const bytes = Buffer.from(`${text}\r\n\r\n`, "latin1");
      const whole = attempt(() => findHeadEnd(bytes, 0));
      if (whole === undefined) return;
      let scanned = 0;
      let found = -1;
      try {
        for (const cut of [...cuts.filter((c) => c < bytes.length).sort((a, b) => a - b), bytes.length]) {
          found = findHeadEnd(bytes.subarray(0, cut), scanned);
          if (found >= 0) break;
          scanned = cut;
        }
      } catch (error) {
        // Seen early what the reader of the whole head would refuse.
        expect(error).toBeInstanceOf(ProtocolError);
        expect(attempt(() => parseRequestHead(bytes.toString("latin1", 0, whole)))).toBeUndefined();
        return;
      }
      expect(found).toBe(whole);
    }),
    { numRuns: 3000 },
  );
});

interface Decoded {
  readonly data: string;
  readonly trailers: readonly string[] | undefined;
  readonly consumed: number;
}

function decode(decoder: BodyDecoder, parts: readonly Buffer[]): Decoded | undefined {
  let data = "";
  let trailers: readonly string[] | undefined;
  let consumed = 0;
  const sink = {
    bodyData: (bytes: Buffer) => {
      data += bytes.toString("latin1");
    },
    bodyEnd: (fields: readonly string[]) => {
      trailers = fields;
    },
  };
  return attempt(() => {
    for (const part of parts) {
      const end = decoder.decode(part, 0, sink);
      consumed += end;
      if (decoder.done) break;
      expect(end).toBe(part.length);
    }
    return { data, trailers, consumed };
  });
}

function split(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  const at = [...new Set([0, ...cuts.map((c) => c % (bytes.length + 1)), bytes.length])].sort(
    (a, b) => a - b,
  );
  return at.slice(1).map((end, i) => bytes.subarray(at[i], end));
}

const chunk = fc
  .tuple(fc.string({ minLength: 1, maxLength: 40 }), fc.constantFrom("", ";a", ';a="b c"', ";x=1;y"))
  .map(([data, extension]) => `${Buffer.byteLength(data).toString(16)}${extension}\r\n${data}\r\n`);
const trailerSection = fc.constantFrom("\r\n", "X-A: b\r\n\r\n", "X-A: b\r\nx-b:\r\n\r\n");
const chunkedBody = fc.tuple(
  fc.array(chunk, { maxLength: 6 }),
  trailerSection,
  fc.constantFrom("", "GET / HTTP"),
);

test("a chunked body decodes to the same however it is cut", () => {
  fc.assert(
    fc.property(chunkedBody, fc.array(fc.nat(), { maxLength: 12 }), ([chunks, trailers, behind], cuts) => {
      const bytes = Buffer.from(`${chunks.join("")}0\r\n${trailers}`, "utf8");
      const all = Buffer.concat([bytes, Buffer.from(behind)]);
      const once = decode(new ChunkedDecoder(), [all]);
      expect(once?.consumed).toBe(bytes.length);
      expect(once?.trailers).toBeDefined();
      expect(decode(new ChunkedDecoder(), split(all, cuts))).toEqual(once);
    }),
    { numRuns: 2000 },
  );
});

test("broken chunked bytes never decode to more than valid ones would, however they are cut", () => {
  const broken = fc.array(fc.oneof(chunk, piece, fc.constantFrom("5\r\n", "\r\n", "0\r\n", "ffffffff\r\n")), {
    maxLength: 10,
  });
  fc.assert(
    fc.property(broken, fc.array(fc.nat(), { maxLength: 8 }), (pieces, cuts) => {
      const bytes = Buffer.from(pieces.join(""), "latin1");
      const once = decode(new ChunkedDecoder(), [bytes]);
      const cut = decode(new ChunkedDecoder(), split(bytes, cuts));
      // A cut body may be refused earlier, never accepted differently.
      if (cut !== undefined) expect(cut).toEqual(once);
      if (once?.trailers !== undefined) expect(cut).toEqual(once);
    }),
    { numRuns: 3000 },
  );
});

test("a body of stated length ends where it says, however it is cut", () => {
  fc.assert(
    fc.property(
      fc.string({ minLength: 1, maxLength: 100 }),
      fc.string(),
      fc.array(fc.nat(), { maxLength: 8 }),
      (body, behind, cuts) => {
        const bytes = Buffer.from(body, "utf8");
        const all = Buffer.concat([bytes, Buffer.from(behind, "utf8")]);
        expect(decode(new LengthDecoder(bytes.length), split(all, cuts))).toEqual({
          data: bytes.toString("latin1"),
          trailers: [],
          consumed: bytes.length,
        });
      },
    ),
  );
});

test("the ClientHello reader never throws", () => {
  const record = fc
    .uint8Array({ maxLength: 120 })
    .map((body) => Buffer.concat([Buffer.from([0x16, 3, 1, 0, body.length]), body]));
  const likely = fc
    .uint8Array({ maxLength: 100 })
    .map((rest) =>
      Buffer.concat([Buffer.from([0x16, 3, 1, 0, rest.length + 4, 1, 0, 0, rest.length]), rest]),
    );
  fc.assert(
    fc.property(
      fc.oneof(
        record,
        likely,
        fc.uint8Array().map((a) => Buffer.from(a)),
      ),
      (bytes) => {
        expect(["more", "hello", "not_tls", "invalid"]).toContain(readOpening(bytes).kind);
      },
    ),
    { numRuns: 5000 },
  );
});
