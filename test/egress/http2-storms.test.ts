import { afterEach, expect, test, vi } from "vitest";
import { EXCHANGE_IDLE_MS, KEEP_ALIVE_MS } from "../../src/sidecar/egress/limits.ts";
import {
  answering,
  HOST,
  ok,
  type RawOrigin,
  rawOrigin,
  type Sidecar,
  sidecar,
  tcp,
  Wire,
} from "./harness.ts";

const PREFACE = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
const [DATA, HEADERS, RST_STREAM, SETTINGS, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION] = [
  0, 1, 3, 4, 6, 7, 8, 9,
] as const;
const END_STREAM = 1;
const END_HEADERS = 4;
const ACK = 1;

function frame(type: number, flags: number, stream: number, payload: Buffer = Buffer.alloc(0)): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

/** Literal field without indexing (RFC 7541 §6.2.2). `name`: of the static table. */
function literal(name: number, value: string): Buffer {
  return Buffer.concat([Buffer.from([name, value.length]), Buffer.from(value)]);
}

/** `GET PATH` (`POST` where it has a body) to the allowed host. */
function head(path = "/", method: "GET" | "POST" = "GET"): Buffer {
  const pseudo = Buffer.from([method === "GET" ? 0x82 : 0x83, 0x87]);
  return Buffer.concat([pseudo, literal(4, path), literal(1, HOST)]);
}

/** The server's frames of a type, complete ones only: flags, stream and payload. */
function framesOf(wire: Wire, type: number): { flags: number; stream: number; payload: Buffer }[] {
  const found = [];
  const { received } = wire;
  for (let at = 0; at + 9 <= received.length; ) {
    const length = received.readUIntBE(at, 3);
    const end = at + 9 + length;
    if (end > received.length) break;
    if (received[at + 3] === type)
      found.push({
        flags: received[at + 4] ?? 0,
        stream: received.readUInt32BE(at + 5),
        payload: received.subarray(at + 9, end),
      });
    at = end;
  }
  return found;
}

/** A connection on which frames are written by hand. */
async function raw(side: Sidecar, settings: Buffer = Buffer.alloc(0)): Promise<Wire> {
  const wire = new Wire(await side.handshake(await tcp(await side.transparent()), { alpn: ["h2"] }));
  wire.send(Buffer.concat([PREFACE, frame(SETTINGS, 0, 0, settings)]));
  await wire.until(() => framesOf(wire, SETTINGS).length > 0);
  return wire.send(frame(SETTINGS, ACK, 0));
}

/** Writes pieces until the connection ends or there are no more; how many went. Waits while the socket is full. */
async function flood(wire: Wire, pieces: Iterable<Buffer>): Promise<number> {
  let sent = 0;
  for (const piece of pieces) {
    if (wire.ended || wire.closed) break;
    sent++;
    if (wire.socket.write(piece)) continue;
    await new Promise<void>((resolve) => {
      const go = () => {
        wire.socket.off("drain", go).off("close", go).off("end", go);
        resolve();
      };
      wire.socket.on("drain", go).on("close", go).on("end", go);
    });
  }
  return sent;
}

function* times(count: number, make: (i: number) => Buffer): Generator<Buffer> {
  for (let i = 0; i < count; i++) yield make(i);
}

/** The side still serves: on a connection of its own. */
async function serves(side: Sidecar): Promise<void> {
  const wire = await raw(side);
  wire.send(frame(HEADERS, END_STREAM | END_HEADERS, 1, head("/after")));
  await wire.until(
    () => Buffer.concat(framesOf(wire, DATA).map(({ payload }) => payload)).toString() === "hello",
  );
}

function origin(): Promise<RawOrigin> {
  return rawOrigin({ serve: answering(() => ok()) });
}

const RESET = uint32(8);

test("ends a connection that resets streams as fast as it opens them (CVE-2023-44487)", async () => {
  const upstream = await origin();
  const side = sidecar({ origin: upstream });
  const wire = await raw(side);
  const sent = await flood(
    wire,
    times(20_000, (i) =>
      Buffer.concat([
        frame(HEADERS, END_STREAM | END_HEADERS, 2 * i + 1, head()),
        frame(RST_STREAM, 0, 2 * i + 1, RESET),
      ]),
    ),
  );
  await wire.end();
  expect(sent).toBeLessThan(20_000);
  expect(framesOf(wire, GOAWAY).length).toBeGreaterThan(0);
  await serves(side);
});

test("does the same where the streams have a body that never ends", async () => {
  const side = sidecar({ origin: await origin() });
  const wire = await raw(side);
  await flood(
    wire,
    times(20_000, (i) =>
      Buffer.concat([
        frame(HEADERS, END_HEADERS, 2 * i + 1, head("/", "POST")),
        frame(DATA, 0, 2 * i + 1, Buffer.from("some")),
        frame(RST_STREAM, 0, 2 * i + 1, RESET),
      ]),
    ),
  );
  await wire.end();
  await serves(side);
});

test("takes no head that goes on and on in CONTINUATION (CVE-2024-27316)", async () => {
  const upstream = await origin();
  const side = sidecar({ origin: upstream });
  for (const more of [Buffer.alloc(0), literal(4, "/x"), Buffer.concat(Array(4000).fill(literal(4, "/x")))]) {
    const wire = await raw(side);
    wire.send(frame(HEADERS, END_STREAM, 1, head()));
    const sent = await flood(
      wire,
      times(100_000, () => frame(CONTINUATION, 0, 1, more)),
    );
    await wire.end();
    expect(sent).toBeLessThan(100_000);
  }
  expect(upstream.connections).toHaveLength(0);
  await serves(side);
});

test("takes no head of more fields, or more bytes, than its bound", async () => {
  const upstream = await origin();
  const side = sidecar({ origin: upstream });
  const field = Buffer.concat([
    Buffer.from([0, 1]),
    Buffer.from("a"),
    Buffer.from([100]),
    Buffer.alloc(100, 0x62),
  ]);
  for (const count of [300, 3000]) {
    const wire = await raw(side);
    const block = Buffer.concat([head(), ...Array<Buffer>(count).fill(field)]);
    wire.send(
      frame(HEADERS, END_STREAM | (block.length > 16_384 ? 0 : END_HEADERS), 1, block.subarray(0, 16_384)),
    );
    for (let at = 16_384; at < block.length; at += 16_384)
      wire.send(
        frame(
          CONTINUATION,
          at + 16_384 >= block.length ? END_HEADERS : 0,
          1,
          block.subarray(at, at + 16_384),
        ),
      );
    await wire.until(
      () =>
        framesOf(wire, RST_STREAM).length + framesOf(wire, GOAWAY).length + framesOf(wire, HEADERS).length >
        0,
    );
    expect(framesOf(wire, DATA).map(({ payload }) => payload.toString())).not.toContain("hello");
  }
  expect(upstream.connections).toHaveLength(0);
  await serves(side);
});

test.for([
  ["SETTINGS", frame(SETTINGS, 0, 0, Buffer.concat([Buffer.from([0, 4]), uint32(65_535)]))],
  ["PING", frame(PING, 0, 0, Buffer.alloc(8))],
] as const)("keeps no queue of answers to a storm of %s that nobody reads", async ([, one]) => {
  const side = sidecar({ origin: await origin() });
  const wire = await raw(side);
  wire.socket.pause();
  const before = process.memoryUsage();
  const many = Buffer.concat(Array<Buffer>(1000).fill(one));
  // It either ends the connection or stops reading from it: 300,000 answers are not kept.
  const storm = flood(
    wire,
    times(300, () => many),
  );
  const stalled = async () => {
    for (let last = -1; wire.socket.bytesWritten !== last; ) {
      last = wire.socket.bytesWritten;
      await new Promise((resolve) => setTimeout(resolve, 300));
    }
  };
  await Promise.race([storm, stalled()]);
  const after = process.memoryUsage();
  expect(after.external + after.arrayBuffers - before.external - before.arrayBuffers).toBeLessThan(
    64 * 1024 * 1024,
  );
  wire.socket.destroy();
  await serves(side);
});

test.for([
  ["empty DATA", () => frame(DATA, 0, 1)],
  ["WINDOW_UPDATE of a stream", () => frame(WINDOW_UPDATE, 0, 1, uint32(1))],
  ["PRIORITY", (i: number) => frame(2, 0, 2 * i + 3, Buffer.concat([uint32(0), Buffer.from([1])]))],
  ["unknown frames", () => frame(0xfa, 0, 0, Buffer.alloc(64))],
] as const)("outlives a storm of %s inside a request", async ([, make]) => {
  const side = sidecar({ origin: await origin() });
  const wire = await raw(side);
  wire.send(frame(HEADERS, END_HEADERS, 1, head("/", "POST")));
  await flood(
    wire,
    times(200, (n) => Buffer.concat(Array.from({ length: 250 }, (_, i) => make(n * 250 + i)))),
  );
  if (!wire.ended && !wire.closed) wire.send(frame(DATA, END_STREAM, 1, Buffer.from("the end")));
  await wire.until(
    () =>
      wire.ended ||
      framesOf(wire, GOAWAY).length > 0 ||
      framesOf(wire, DATA).some(({ payload }) => payload.toString() === "hello"),
  );
  await serves(side);
});

test("reads little of its upstreams for streams whose window is shut", async () => {
  // More than the kernel takes on the way.
  const size = 16 * 1024 * 1024;
  const upstream = await rawOrigin({ serve: answering(() => ok("x".repeat(size))) });
  const side = sidecar({ origin: upstream });
  const wire = await raw(side, Buffer.concat([Buffer.from([0, 4]), uint32(0)]));
  for (let i = 0; i < 4; i++) wire.send(frame(HEADERS, END_STREAM | END_HEADERS, 2 * i + 1, head()));
  await wire.until(() => framesOf(wire, HEADERS).length === 4);
  let before = -1;
  const written = () => upstream.connections.reduce((sum, { socket }) => sum + socket.bytesWritten, 0);
  while (before !== written()) {
    before = written();
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  expect(framesOf(wire, DATA)).toHaveLength(0);
  for (const { socket } of upstream.connections) expect(socket.writableLength).toBeGreaterThan(0);
  const open = 1024 * 1024;
  wire.send(
    Buffer.concat([frame(WINDOW_UPDATE, 0, 1, uint32(open)), frame(WINDOW_UPDATE, 0, 0, uint32(open))]),
  );
  const ofFirst = () =>
    framesOf(wire, DATA).reduce((sum, { stream, payload }) => sum + (stream === 1 ? payload.length : 0), 0);
  await wire.until(() => ofFirst() === open);
});

test("ends a connection whose window overflows", async () => {
  const side = sidecar({ origin: await origin() });
  const wire = await raw(side);
  wire.send(frame(WINDOW_UPDATE, 0, 0, uint32(0x7fff_ffff)));
  wire.send(frame(WINDOW_UPDATE, 0, 0, uint32(0x7fff_ffff)));
  await wire.end();
  await serves(side);
});

/** The sidecar's one clock is moved by hand; sockets go on in real time. */
function stopTheClock(): void {
  vi.useFakeTimers({ toFake: ["setInterval", "clearInterval", "performance"] });
}

afterEach(() => {
  vi.useRealTimers();
});

test("ends a connection on which a head never ends, or nothing is ever asked", async () => {
  stopTheClock();
  const side = sidecar({ origin: await origin() });
  const silent = await raw(side);
  const dripping = await raw(side);
  dripping.send(frame(HEADERS, END_STREAM, 1, head().subarray(0, 3)));
  vi.advanceTimersByTime(KEEP_ALIVE_MS + 1000);
  await Promise.all([silent.end(), dripping.end()]);
});

test("ends a request whose body stops, on both versions", async () => {
  stopTheClock();
  const upstream = await rawOrigin();
  const side = sidecar({ origin: upstream });
  const second = await raw(side);
  second.send(frame(HEADERS, END_HEADERS, 1, head("/", "POST")));
  second.send(frame(DATA, 0, 1, Buffer.from("a drop")));
  const first = await side.tls();
  first.send(`POST / HTTP/1.1\r\nHost: ${HOST}\r\nContent-Length: 10\r\n\r\na drop`);
  while (!/POST[\s\S]*POST/.test(upstream.received())) await new Promise((resolve) => setTimeout(resolve, 5));
  vi.advanceTimersByTime(EXCHANGE_IDLE_MS + 1000);
  await first.until(/egress\.upstream_unreachable/);
  await second.until(() => framesOf(second, HEADERS).length > 0);
  expect(side.events.map(({ rule }) => rule)).toEqual(["time-outs", "time-outs"]);
});
