import { randomBytes } from "node:crypto";
import { deflateRawSync, inflateRawSync } from "node:zlib";
import { expect, test } from "vitest";
import { sidecar } from "./harness.ts";
import { frame, type Raw, rawPair, serverFrame, switching } from "./websocket-harness.ts";

/*
 * What a WebSocket's ends are commonly tested for, put to the sidecar between two of them: what is well-formed arrives as
 * it was sent, what is not ends both sides with its code. Grouped as such suites are: framing, pings and pongs, reserved
 * bits, opcodes, fragmentation, UTF-8, closing, sizes, compression. Some of it stands in websocket-frames.test.ts.
 */

const PATTERN = Buffer.from("*");

async function pair(agreed = "", offered = ""): Promise<Raw> {
  const origin = await switching(agreed);
  return rawPair(sidecar({ origin }), origin, offered);
}

/** Frames from the client arrive at the server as they were sent. */
async function passes(frames: readonly Buffer[], one?: Raw): Promise<Raw> {
  const raw = one ?? (await pair());
  const sent = Buffer.concat(frames);
  raw.client.send(sent);
  await raw.server.until(() => raw.atServer().length >= sent.length);
  expect(raw.atServer().equals(sent)).toBe(true);
  return raw;
}

/** Both sides are closed: the client with this code, and nothing that was wrong arrived. */
async function fails(
  frames: readonly Buffer[],
  code: number,
  arrives: readonly Buffer[] = [],
): Promise<void> {
  const raw = await pair();
  for (const bytes of frames) raw.client.send(bytes);
  await raw.client.end();
  expect([raw.atClient()[0], raw.atClient().readUInt16BE(2)]).toEqual([0x88, code]);
  await raw.server.end();
  // the sidecar's own close frame: 6 bytes of head and 2 of code
  expect(raw.atServer().subarray(0, -8)).toEqual(Buffer.concat(arrives));
}

const lengths = [0, 1, 125, 126, 127, 128, 65_535, 65_536, 65_537];

test.for(lengths)(
  "framing: text and binary of %i bytes, whole, in pieces and byte by byte",
  async (length) => {
    const payload = Buffer.alloc(length, PATTERN);
    const raw = await passes([frame(1, payload), frame(2, payload)]);
    const before = raw.atServer().length;
    const again = frame(2, payload);
    const step = Math.max(1, Math.floor(length / 600));
    for (let at = 0; at < again.length; at += step) raw.client.send(again.subarray(at, at + step));
    await raw.server.until(() => raw.atServer().length === before + again.length);
    raw.server.send(serverFrame(1, payload));
    await raw.client.until(() => raw.atClient().equals(serverFrame(1, payload)));
  },
);

test("pings: empty, with text, binary, of 125 bytes, ten at once, and in pieces", async () => {
  const pings = ["", "Hello", Buffer.from([0, 255, 254, 253, 252, 251, 0, 255]), Buffer.alloc(125, 254)];
  const raw = await passes([
    ...pings.map((payload) => frame(9, payload)),
    ...Array.from({ length: 10 }, (_, i) => frame(9, `payload-${i}`)),
  ]);
  const back = Buffer.concat(pings.map((payload) => serverFrame(10, payload)));
  for (const byte of back) raw.server.send(Buffer.from([byte]));
  await raw.client.until(() => raw.atClient().equals(back));
});

test("pongs: unasked ones pass, with and without payload, and no answer is made up", async () => {
  const raw = await passes([frame(10), frame(10, "unasked"), frame(9, "asked"), frame(10, "other")]);
  raw.server.send(serverFrame(1, "only this"));
  await raw.client.until(() => raw.atClient().equals(serverFrame(1, "only this")));
});

test("pings: one over 125 bytes ends it", () => fails([frame(9, Buffer.alloc(126, 254))], 1002));

test.for([1, 2, 3, 4, 5, 6, 7])("reserved bits %i end it, behind a message that arrives", (bits) => {
  const first = frame(1, "a message before");
  return fails([first, frame(bits % 2 === 0 ? 2 : 1, "*", { rsv: bits << 4 })], 1002, [first]);
});

test.for([3, 4, 5, 6, 7, 11, 12, 13, 14, 15])(
  "opcode %i ends it, behind a message and with another behind it",
  (opcode) => {
    const first = frame(1, "a message before");
    return fails([first, frame(opcode, opcode % 2 === 0 ? "" : "x"), frame(9)], 1002, [first]);
  },
);

test.for([
  ["a fragmented ping", [frame(9, "part", { fin: false }), frame(0, "two")]],
  ["a fragmented pong", [frame(10, "part", { fin: false }), frame(0, "two")]],
  ["a continuation of nothing", [frame(0, "non-continuation", { fin: true }), frame(1, "Hello")]],
  ["an open continuation of nothing", [frame(0, "non-continuation", { fin: false }), frame(1, "Hello")]],
  ["a text begun inside another", [frame(1, "one", { fin: false }), frame(1, "two")]],
] as const)("fragmentation: %s ends it", ([, frames]) => fails(frames, 1002));

test("fragmentation: a third message in the middle of the second ends it, the first has arrived", () => {
  const first = [frame(1, "one ", { fin: false }), frame(0, "whole")];
  return fails([...first, frame(1, "two", { fin: false }), frame(2, "three", { fin: false })], 1002, first);
});

test("fragmentation: pings between fragments go ahead, each message then goes as it was cut", async () => {
  const raw = await pair();
  const cut = [
    frame(1, "fragment1", { fin: false }),
    frame(0, "fragment2", { fin: false }),
    frame(0, "fragment3"),
  ];
  const pings = [frame(9, "ping one"), frame(9, "ping two")];
  const [first = EMPTY, second = EMPTY, third = EMPTY] = cut;
  const [one = EMPTY, two = EMPTY] = pings;
  raw.client.send(Buffer.concat([first, one, second, two, third]));
  const arrives = Buffer.concat([one, two, ...cut]);
  await raw.server.until(() => raw.atServer().equals(arrives));
});

test("fragmentation: empty fragments, at the beginning, between and at the end", () =>
  passes([
    frame(1, "", { fin: false }),
    frame(0, "", { fin: false }),
    frame(0, "middle", { fin: false }),
    frame(0, ""),
    frame(1, "", { fin: false }),
    frame(0, ""),
  ]));

const EMPTY = Buffer.alloc(0);
const GREEK = Buffer.from("Hello-µ@ßöäüàá-UTF-8!! κόσμε 𝄞");

const wellFormed = [
  ["two bytes", "c280"],
  ["three bytes", "e0a080"],
  ["four bytes", "f0908080"],
  ["the last of two", "dfbf"],
  ["the last of three", "efbfbf"],
  ["the last there is", "f48fbfbf"],
  ["before the surrogates", "ed9fbf"],
  ["behind the surrogates", "ee8080"],
  ["the replacement character", "efbfbd"],
  ["non-characters", "efbfbeefbfbff09fbfbe"],
  ["a NUL", "00"],
] as const;

test.for(wellFormed)("UTF-8: %s pass, whole and cut between any two bytes", async ([, hex]) => {
  const text = Buffer.from(hex, "hex");
  const cuts = Array.from({ length: text.length }, (_, i) => [
    frame(1, text.subarray(0, i), { fin: false }),
    frame(0, text.subarray(i)),
  ]);
  await passes([frame(1, text), ...cuts.flat()]);
});

test("UTF-8: a text cut at every byte passes", async () => {
  const cut = [...GREEK].map((byte, i) =>
    frame(i === 0 ? 1 : 0, Buffer.from([byte]), { fin: i === GREEK.length - 1 }),
  );
  await passes(cut);
});

const malformedTexts = [
  ["five bytes", "f888808080"],
  ["six bytes", "fc8480808080"],
  ["beyond the last", "f4908080"],
  ["a continuation alone", "80"],
  ["continuations alone", "80bf80bf"],
  ["first bytes alone", "c020c120"],
  ["the end of three missing", "e08020"],
  ["FE", "fe"],
  ["FF", "ff"],
  ["an overlong slash of two", "c0af"],
  ["an overlong slash of three", "e080af"],
  ["an overlong slash of four", "f08080af"],
  ["the largest overlong", "f08fbfbf"],
  ["an overlong NUL", "c080"],
  ["the first surrogate", "eda080"],
  ["the last surrogate", "edbfbf"],
  ["a pair of surrogates", "eda080edb080"],
] as const;

test.for(malformedTexts)("UTF-8: %s end it with 1007, in a second fragment too", async ([, hex]) => {
  const bytes = Buffer.from(hex, "hex");
  await fails([frame(1, bytes)], 1007);
  await fails([frame(1, GREEK, { fin: false }), frame(0, bytes)], 1007);
});

test("UTF-8: it ends at the wrong byte, not at the end of a message that never comes", () =>
  fails([frame(1, Buffer.concat([GREEK, Buffer.from([0xf4, 0x90])]), { fin: false })], 1007));

test("UTF-8: binary is not looked at", () =>
  passes(malformedTexts.map(([, hex]) => frame(2, Buffer.from(hex, "hex")))));

function close(code: number, reason: string | Buffer = ""): Buffer {
  const head = Buffer.alloc(2);
  head.writeUInt16BE(code);
  return Buffer.concat([head, Buffer.from(reason)]);
}

test.for([
  ["nothing", ""],
  ["a code", close(1000)],
  ["a code and a reason", close(1000, "Hello World!")],
  ["the longest reason", close(1000, "*".repeat(123))],
] as const)("closing: with %s passes, and the other side's answer with it", async ([, payload]) => {
  const raw = await passes([frame(1, "a message before"), frame(8, payload)]);
  raw.server.send(serverFrame(8, payload));
  await raw.client.until(() => raw.atClient().equals(serverFrame(8, payload)));
  await Promise.all([raw.client.end(), raw.server.end()]);
});

test("closing: nothing of a message that was open arrives, nor what stands behind the close frame", async () => {
  const raw = await pair();
  const last = frame(8, close(1000));
  raw.client.send(
    Buffer.concat([frame(1, "fragment", { fin: false }), last, frame(0, "rest"), frame(9, "ping"), frame(8)]),
  );
  await raw.server.until(() => raw.atServer().length > 0);
  raw.server.send(serverFrame(8, close(1000)));
  await raw.server.end();
  expect(raw.atServer()).toEqual(last);
});

test.for([1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999])(
  "closing: code %i passes",
  (code) => passes([frame(8, close(code))]).then(() => undefined),
);

test.for([0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65_535])(
  "closing: code %i ends it with 1002",
  (code) => fails([frame(8, close(code))], 1002),
);

test("closing: half a code, a reason over 123 bytes and one that is not UTF-8 end it", async () => {
  await fails([frame(8, "*")], 1002);
  await fails([frame(8, close(1000, "*".repeat(124)))], 1002);
  await fails([frame(8, close(1000, Buffer.from("cebae1bdb9cf83cebcceb5eda080656469746564", "hex")))], 1002);
});

test.for([
  ["one frame", 4 * 1024 * 1024],
  ["fragments of 64 KiB", 64 * 1024],
  ["fragments of 1 KiB", 1024],
] as const)("sizes: a message of 4 MiB in %s arrives as it was sent", async ([, size]) => {
  const raw = await pair();
  const whole = randomBytes(4 * 1024 * 1024);
  const frames = [];
  for (let at = 0; at < whole.length; at += size)
    frames.push(frame(at === 0 ? 2 : 0, whole.subarray(at, at + size), { fin: at + size >= whole.length }));
  const sent = Buffer.concat(frames);
  const pieces: Buffer[] = [];
  let came = 0;
  raw.server.socket.removeAllListeners("data");
  const done = new Promise<void>((resolve) => {
    raw.server.socket.on("data", (bytes: Buffer) => {
      pieces.push(bytes);
      came += bytes.length;
      if (came === sent.length) resolve();
    });
  });
  raw.client.send(sent);
  await done;
  expect(Buffer.concat(pieces).equals(sent)).toBe(true);
});

function deflated(text: Buffer): Buffer {
  return deflateRawSync(text, { finishFlush: 2 }).subarray(0, -4);
}

const OFFER = "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n";
const AGREED = "Sec-WebSocket-Extensions: permessage-deflate; client_no_context_takeover\r\n";

test.for([0, 16, 64, 256, 1024, 4096, 32_768, 131_072])(
  "compression: messages of %i bytes arrive as they were sent, compressed or not, whole and in fragments",
  async (size) => {
    const raw = await pair(AGREED, OFFER);
    const text = Buffer.from('{"a": 1, "b": "some words"} '.repeat(5000).slice(0, size));
    const coded = size === 0 ? Buffer.from([0]) : deflated(text);
    expect(inflateRawSync(Buffer.concat([coded, Buffer.from([0, 0, 255, 255])]), { finishFlush: 2 })).toEqual(
      text,
    );
    const half = Math.ceil(coded.length / 2);
    await passes(
      [
        frame(1, coded, { rsv: 0x40 }),
        frame(1, coded.subarray(0, half), { fin: false, rsv: 0x40 }),
        frame(0, coded.subarray(half)),
        frame(1, text),
        frame(2, coded, { rsv: 0x40 }),
      ],
      raw,
    );
  },
);

test("compression: a message of several blocks, stored ones among them, arrives as it was sent", async () => {
  const raw = await pair(AGREED, OFFER);
  const stored = Buffer.concat([Buffer.from([0, 5, 0, 0xfa, 0xff]), Buffer.from("Hello\0")]);
  const two = Buffer.concat([deflateRawSync("Hel", { finishFlush: 2 }), deflated(Buffer.from("lo"))]);
  await passes(
    [stored, two].map((coded) => frame(1, coded, { rsv: 0x40 })),
    raw,
  );
});
