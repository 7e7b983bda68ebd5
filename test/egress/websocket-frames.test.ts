import { randomBytes } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { constants, deflateRawSync } from "node:zlib";
import fc from "fast-check";
import { expect, test } from "vitest";
import { WebSocketFault } from "../../src/sidecar/egress/websocket/fault.ts";
import { encodeFrame } from "../../src/sidecar/egress/websocket/frame.ts";
import { FrameReader } from "../../src/sidecar/egress/websocket/frame-reader.ts";
import { MessageCoding } from "../../src/sidecar/egress/websocket/message-coding.ts";
import { sidecar } from "./harness.ts";
import { frame, rawPair, serverFrame, switching, wsClient, wsOrigin } from "./websocket-harness.ts";

const DEFLATE = "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n";
const AGREED = "Sec-WebSocket-Extensions: permessage-deflate\r\n";

/** A close frame as the sidecar sends it to its client. */
function bye(code: number, reason = "egress.protocol_error"): Buffer {
  const payload = Buffer.alloc(2 + reason.length);
  payload.writeUInt16BE(code);
  payload.write(reason, 2);
  return serverFrame(8, payload);
}

/** The code in the masked close frame that ends `bytes`. */
function closeCode(bytes: Buffer): number {
  const at = bytes.length - 8;
  expect([bytes[at], bytes[at + 1]]).toEqual([0x88, 0x82]);
  return (((bytes[at + 6] ?? 0) ^ (bytes[at + 2] ?? 0)) << 8) | ((bytes[at + 7] ?? 0) ^ (bytes[at + 3] ?? 0));
}

function deflate(text: string | Buffer, flush: number = constants.Z_SYNC_FLUSH): Buffer {
  const coded = deflateRawSync(text, { finishFlush: flush });
  return flush === constants.Z_SYNC_FLUSH ? coded.subarray(0, -4) : coded;
}

const KEY = Buffer.from([9, 8, 7, 6]);
const long = (length: Buffer) => Buffer.concat([Buffer.from([0x82, 0xff]), length, KEY]);

test.for([
  ["a frame that is not masked", [serverFrame(1, "hello")], 1002],
  ["RSV1 without an extension", [frame(1, "x", { rsv: 0x40 })], 1002],
  ["RSV2", [frame(1, "x", { rsv: 0x20 })], 1002],
  ["RSV3", [frame(1, "x", { rsv: 0x10 })], 1002],
  ["RSV1 on a ping", [frame(9, "x", { rsv: 0x40 })], 1002],
  ["a reserved data opcode", [frame(3, "x")], 1002],
  ["a reserved control opcode", [frame(0xb, "x")], 1002],
  ["a fragmented ping", [frame(9, "x", { fin: false })], 1002],
  ["a ping of 126 bytes", [frame(9, Buffer.alloc(126))], 1002],
  ["a continuation of nothing", [frame(0, "x")], 1002],
  ["a continuation after a whole message", [frame(1, "x"), frame(0, "y")], 1002],
  ["a message inside a message", [frame(1, "x", { fin: false }), frame(2, "y")], 1002],
  ["16 bits of length for 125 bytes", [Buffer.concat([Buffer.from([0x82, 0xfe, 0, 125]), KEY])], 1002],
  ["64 bits of length for 65,535 bytes", [long(Buffer.from([0, 0, 0, 0, 0, 0, 255, 255]))], 1002],
  ["a negative length", [long(Buffer.from([128, 0, 0, 0, 0, 1, 0, 0]))], 1002],
  ["a length beyond every bound", [long(Buffer.from([0, 1, 0, 0, 0, 0, 0, 0]))], 1009],
  ["a close frame of one byte", [frame(8, "x")], 1002],
  ["close code 999", [frame(8, Buffer.from([0x03, 0xe7]))], 1002],
  ["close code 1004", [frame(8, Buffer.from([0x03, 0xec]))], 1002],
  ["close code 1005", [frame(8, Buffer.from([0x03, 0xed]))], 1002],
  ["close code 1006", [frame(8, Buffer.from([0x03, 0xee]))], 1002],
  ["close code 1015", [frame(8, Buffer.from([0x03, 0xf7]))], 1002],
  ["close code 2999", [frame(8, Buffer.from([0x0b, 0xb7]))], 1002],
  ["close code 5000", [frame(8, Buffer.from([0x13, 0x88]))], 1002],
  ["a close reason that is not UTF-8", [frame(8, Buffer.from([0x03, 0xe8, 0xc3, 0x28]))], 1002],
  ["text that is not UTF-8", [frame(1, Buffer.from([0x61, 0xff]))], 1007],
  ["text with a surrogate", [frame(1, Buffer.from([0xed, 0xa0, 0x80]))], 1007],
  ["text with an overlong character", [frame(1, Buffer.from([0xc0, 0xaf]))], 1007],
  ["text that ends inside a character", [frame(1, Buffer.from([0xe2, 0x82]))], 1007],
  [
    "text that breaks off a character over fragments",
    [frame(1, Buffer.from([0xe2]), { fin: false }), frame(0, Buffer.from([0x82, 0x28]))],
    1007,
  ],
] as const)("closes both sides at %s", async ([, frames, code]) => {
  const origin = await switching();
  const side = sidecar({ origin });
  const pair = await rawPair(side, origin);
  pair.client.send(Buffer.concat(frames));
  await pair.client.end();
  const reason = code === 1009 ? "dlp.body_too_large" : undefined;
  expect(pair.atClient()).toEqual(bye(code, reason));
  await pair.server.end();
  expect(closeCode(pair.atServer())).toBe(code);
  expect((await side.journal(1))[0]).toMatchObject({
    verdict: "block",
    code: reason ?? "egress.protocol_error",
    status: 101,
  });
});

test.for([
  ["a masked frame", frame(1, "hello")],
  ["a reserved bit", serverFrame(1, "x", { rsv: 0x20 })],
  ["a fragmented pong", serverFrame(10, "x", { fin: false })],
  ["text that is not UTF-8", serverFrame(1, Buffer.from([0xff]))],
] as const)("closes both sides when the server sends %s", async ([, bytes]) => {
  const origin = await switching();
  const side = sidecar({ origin });
  const pair = await rawPair(side, origin);
  pair.server.send(bytes);
  await pair.client.end();
  expect(pair.atClient()[0]).toBe(0x88);
  await pair.server.end();
  expect([1002, 1007]).toContain(closeCode(pair.atServer()));
  expect((await side.journal(1))[0]).toMatchObject({ verdict: "block", code: "egress.protocol_error" });
});

test.for([1000, 1001, 1003, 1007, 1011, 1014, 3000, 4999])("passes close code %i", async (code) => {
  const origin = await switching();
  const pair = await rawPair(sidecar({ origin }), origin);
  const payload = Buffer.alloc(2);
  payload.writeUInt16BE(code);
  const bytes = frame(8, payload);
  pair.client.send(bytes);
  await pair.server.until(() => pair.atServer().equals(bytes));
});

test("drops what follows a close frame", async () => {
  const origin = await switching();
  const pair = await rawPair(sidecar({ origin }), origin);
  const last = frame(8);
  pair.client.send(Buffer.concat([last, frame(1, "more"), Buffer.from([0xff, 0xff])]));
  await pair.server.until(() => pair.atServer().length > 0);
  pair.server.send(serverFrame(8));
  await pair.server.end();
  expect(pair.atServer()).toEqual(last);
});

test("passes a ping between the fragments of a message that is held", async () => {
  const origin = await switching();
  const pair = await rawPair(sidecar({ origin }), origin);
  const first = frame(1, "half ", { fin: false });
  const ping = frame(9, "are you there");
  const second = frame(0, "and half");
  pair.client.send(first).send(ping);
  await pair.server.until(() => pair.atServer().equals(ping));
  pair.client.send(second);
  await pair.server.until(() => pair.atServer().equals(Buffer.concat([ping, first, second])));
  pair.server.send(serverFrame(10, "are you there"));
  await pair.client.until(() => pair.atClient().equals(serverFrame(10, "are you there")));
});

test("passes every frame of a long message as it came while it is still coming", async () => {
  const origin = await switching();
  const pair = await rawPair(sidecar({ origin }), origin);
  const frames = Array.from({ length: 40 }, (_, i) =>
    frame(i === 0 ? 2 : 0, Buffer.alloc(16_384, `${i} of 40. `), { fin: false }),
  );
  const ping = frame(9, "on the way");
  pair.client.send(Buffer.concat([...frames, ping]));
  await pair.server.until(() => pair.atServer().includes(ping));
  expect(pair.atServer()).toEqual(Buffer.concat([...frames, ping]));
  const end = frame(0, "end");
  pair.client.send(end);
  await pair.server.until(() => pair.atServer().equals(Buffer.concat([...frames, ping, end])));
});

test("refuses a message of too many fragments, and empties what it held of it", async () => {
  const origin = await switching();
  const pair = await rawPair(sidecar({ origin }), origin);
  pair.client.send(
    Buffer.concat([frame(1, "", { fin: false }), ...Array(16_384).fill(frame(0, "", { fin: false }))]),
  );
  await pair.client.end();
  expect(pair.atClient()).toEqual(bye(1009, "dlp.body_too_large"));
});

test.for([
  ["not deflate at all", Buffer.from([0xff, 0xff, 0xff, 0x12]), 1007],
  ["a stored block that is longer than the message", Buffer.from([0x00, 0x40, 0x00, 0xbf, 0xff, 0x61]), 1007],
  [
    "a last stored block that takes in all that may follow",
    Buffer.concat([Buffer.from([0x01, 26, 0, 0xff - 26, 0xff]), Buffer.from("x")]),
    1007,
  ],
  [
    "bytes behind a last block",
    Buffer.concat([deflate("hi", constants.Z_FINISH), Buffer.from("hidden")]),
    1007,
  ],
  ["nothing at all", Buffer.alloc(0), 1007],
  ["a bomb", deflate(Buffer.alloc(64 * 1024 * 1024)), 1009],
] as const)("refuses a compressed message that is %s", async ([, payload, code]) => {
  const origin = await switching(AGREED);
  const pair = await rawPair(sidecar({ origin }), origin, DEFLATE);
  pair.client.send(frame(2, payload, { rsv: 0x40 }));
  await pair.client.end();
  expect(pair.atClient()).toEqual(bye(code, code === 1009 ? "dlp.body_too_large" : undefined));
  await pair.server.end();
  expect(closeCode(pair.atServer())).toBe(code);
  expect(pair.atServer()).toHaveLength(8);
});

test("refuses RSV1 on a continuation", async () => {
  const origin = await switching(AGREED);
  const pair = await rawPair(sidecar({ origin }), origin, DEFLATE);
  pair.client.send(Buffer.concat([frame(1, "x", { fin: false }), frame(0, "y", { rsv: 0x40 })]));
  await pair.client.end();
  expect(pair.atClient()).toEqual(bye(1002));
});

const variants = [
  false,
  true,
  { clientNoContextTakeover: true, serverNoContextTakeover: true },
  { serverMaxWindowBits: 9, clientMaxWindowBits: 9 },
  { serverMaxWindowBits: 10, clientMaxWindowBits: 12, serverNoContextTakeover: true },
] as const;

test.for(variants.map((deflate) => [JSON.stringify(deflate), deflate] as const))(
  "carries many compressed messages with %s",
  async ([, options]) => {
    const deflate = typeof options === "boolean" ? options : { ...options, threshold: 0 };
    const origin = await wsOrigin({
      deflate,
      serve: ({ socket }) => socket.on("message", (data, binary) => socket.send(data, { binary })),
    });
    const side = sidecar({ origin });
    const client = await wsClient(side, { deflate });
    const sent = Array.from({ length: 40 }, (_, i) =>
      Buffer.from(`{"line": ${i}, "text": "${"the same again and again ".repeat(i * i)}"}`),
    );
    for (const text of sent) client.socket.send(text.toString());
    expect((await client.received(40)).map(({ data }) => data)).toEqual(sent);
  },
);

test("brings over every frame as it was sent, whatever its cutting, masking and fragmentation", async () => {
  const origin = await switching();
  const side = sidecar({ origin });
  const pair = await rawPair(side, origin);
  let expected = Buffer.alloc(0);
  let back = Buffer.alloc(0);
  const message = fc.record({
    payload: fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
    times: fc.constantFrom(1, 1, 1, 40, 1500),
    cuts: fc.array(fc.nat(450_000), { maxLength: 6 }),
    reads: fc.array(fc.integer({ min: 1, max: 70_000 }), { minLength: 1, maxLength: 5 }),
  });
  await fc.assert(
    fc.asyncProperty(message, async ({ payload, times, cuts, reads }) => {
      const whole = Buffer.concat(Array<Buffer>(times).fill(payload));
      const at = [0, ...cuts.map((cut) => cut % (whole.length + 1)), whole.length].sort((a, b) => a - b);
      const parts = at.slice(1).map((to, i) => whole.subarray(at[i], to));
      const cut = (make: typeof frame) =>
        Buffer.concat(parts.map((part, i) => make(i === 0 ? 2 : 0, part, { fin: i === parts.length - 1 })));
      const bytes = cut(frame);
      const answer = cut(serverFrame);
      expected = Buffer.concat([expected, bytes]);
      back = Buffer.concat([back, answer]);
      for (let from = 0, i = 0; from < bytes.length; from += reads[i++ % reads.length] ?? 1)
        pair.client.send(bytes.subarray(from, from + (reads[i % reads.length] ?? 1)));
      pair.server.send(answer);
      await pair.server.until(() => pair.atServer().length >= expected.length);
      await pair.client.until(() => pair.atClient().length >= back.length);
      return pair.atServer().equals(expected) && pair.atClient().equals(back);
    }),
    { numRuns: 40 },
  );
});

/** What a reader makes of bytes, however they are cut. */
function read(bytes: Buffer, cuts: readonly number[]): string {
  const seen: string[] = [];
  const reader = new FrameReader(true, true, {
    frameStart: ({ fin, opcode, length, compressed }) =>
      seen.push(`${fin} ${opcode} ${length} ${compressed} `),
    framePayload: (raw) => seen.push(raw.toString("hex")),
    frameEnd: () => seen.push(";"),
  });
  try {
    const at = [0, ...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length].sort((a, b) => a - b);
    for (let i = 1; i < at.length; i++) reader.write(bytes.subarray(at[i - 1], at[i]));
  } catch (error) {
    if (!(error instanceof WebSocketFault)) throw error;
    seen.push(error.message);
  }
  return seen.join("");
}

const seeds = new URL("./seeds/websocket/", import.meta.url);

test.for(readdirSync(seeds))("reads the seed %s alike in one piece and byte by byte", (name) => {
  const bytes = Buffer.from(readFileSync(new URL(name, seeds), "latin1").replace(/\s/g, ""), "hex");
  const every = Array.from({ length: bytes.length }, (_, i) => i);
  expect(read(bytes, every)).toBe(read(bytes, []));
});

test("reads any bytes alike however they are cut, and never fails otherwise than with a fault", () => {
  const anyFrame = fc
    .record({
      opcode: fc.nat(15),
      fin: fc.boolean(),
      rsv: fc.constantFrom(0, 0, 0x40, 0x10),
      size: fc.nat(200),
    })
    .map(({ opcode, fin, rsv, size }) => frame(opcode, randomBytes(size), { fin, rsv }));
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 400 }).map((b) => Buffer.from(b)),
    fc.array(anyFrame, { maxLength: 6 }).map((frames) => Buffer.concat(frames)),
  );
  fc.assert(
    fc.property(bytes, fc.array(fc.nat(2000), { maxLength: 8 }), (b, cuts) => read(b, cuts) === read(b, [])),
    { numRuns: 2000 },
  );
});

test("states lengths in the smallest form that a strict reader takes", () => {
  for (const length of [0, 125, 126, 65_535, 65_536]) {
    const bytes = encodeFrame(2, Buffer.alloc(length, 1), { key: Buffer.from([1, 2, 3, 4]) });
    expect(read(bytes, [])).toMatch(new RegExp(`^true 2 ${length} false [0-9a-f]*;$`));
  }
});

test("keeps both windows in step when messages go otherwise than they came", () => {
  fc.assert(
    fc.property(
      fc.array(fc.record({ text: fc.string({ maxLength: 400 }), other: fc.boolean() }), { maxLength: 12 }),
      fc.integer({ min: 9, max: 15 }),
      fc.boolean(),
      (messages, bits, takeover) => {
        const sender = new MessageCoding(bits, takeover);
        const between = new MessageCoding(bits, takeover);
        const receiver = new MessageCoding(bits, takeover);
        return messages.every(({ text, other }) => {
          const bytes = Buffer.from(text);
          const coded = sender.deflate(bytes) ?? Buffer.alloc(0);
          const read = between.inflate(coded);
          const sent = Buffer.from(other ? `${text} rewritten` : text);
          const goes = other || between.diverged ? (between.deflate(sent) ?? Buffer.alloc(0)) : coded;
          return read.equals(bytes) && receiver.inflate(goes).equals(sent);
        });
      },
    ),
  );
});
