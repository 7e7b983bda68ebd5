import { type ClientHttp2Session, type ClientHttp2Stream, connect as connectH2 } from "node:http2";
import type { Server, Socket } from "node:net";
import { connect as connectTls, createServer as createTlsServer, type TLSSocket } from "node:tls";
import { constants, deflateRawSync, inflateRawSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { PatternSet } from "../../src/dlp/patterns/pattern-set.ts";
import { HOST, listening, originCa, route, Sidecar } from "./harness.ts";
import { CASES, type Case, NESTED, SEARCHED } from "./spellings.ts";
import { accept, frame, opening } from "./websocket-harness.ts";

const DEFLATES = {
  uncompressed: undefined,
  "compressed, context kept": "permessage-deflate",
  "compressed, no context": "permessage-deflate; client_no_context_takeover; server_no_context_takeover",
} as const;
type Deflate = keyof typeof DEFLATES;

const HARMLESS = "first, something harmless. say .";
const TAIL = Buffer.from([0, 0, 0xff, 0xff]);

/** Messages as one end writes them: frames, what is compressed in step. */
class Writer {
  readonly #deflate: Deflate;
  readonly #binary: boolean;
  #said = Buffer.alloc(0);

  constructor(deflate: Deflate, binary: boolean) {
    this.#deflate = deflate;
    this.#binary = binary;
  }

  /** `cut`: bytes of payload in each frame; `between`: sent behind every frame but the last. */
  message(text: Buffer, cut = Number.POSITIVE_INFINITY, between?: Buffer): Buffer {
    const compressed = this.#deflate !== "uncompressed";
    const payload = compressed ? this.#deflated(text) : text;
    const frames: Buffer[] = [];
    for (let at = 0; at < Math.max(1, payload.length); at += cut) {
      const last = at + cut >= payload.length;
      const bits = at === 0 && compressed ? { rsv: 0x40 } : {};
      const opcode = at > 0 ? 0 : this.#binary ? 2 : 1;
      frames.push(frame(opcode, payload.subarray(at, at + cut), { fin: last, ...bits }));
      if (between && !last) frames.push(between);
    }
    return Buffer.concat(frames);
  }

  /** RFC 7692 §7.2.1. A preset dictionary is what a kept context is. */
  #deflated(text: Buffer): Buffer {
    const kept = this.#deflate === "compressed, context kept" && this.#said.length > 0;
    const options = { finishFlush: constants.Z_SYNC_FLUSH, ...(kept ? { dictionary: this.#said } : {}) };
    const deflated = deflateRawSync(text, options);
    this.#said = Buffer.concat([this.#said, text]).subarray(-32_768);
    return deflated.subarray(0, -4);
  }
}

/** What a server reads of the frames that came: their payloads as they are, and each message's text. */
function readAll(bytes: Buffer, deflate: Deflate): string {
  const texts: string[] = [bytes.toString("latin1")];
  let said = Buffer.alloc(0);
  let payload = Buffer.alloc(0);
  for (let at = 0; at + 2 <= bytes.length; ) {
    const first = bytes[at] ?? 0;
    let size = (bytes[at + 1] ?? 0) & 0x7f;
    let start = at + 2;
    if (size === 126) size = bytes.readUInt16BE(start);
    else if (size === 127) size = Number(bytes.readBigUInt64BE(start));
    start += size < 126 ? 0 : size < 65_536 ? 2 : 8;
    const key = bytes.subarray(start, start + 4);
    const read = bytes.subarray(start + 4, start + 4 + size).map((byte, i) => byte ^ (key[i & 3] ?? 0));
    at = start + 4 + size;
    texts.push(Buffer.from(read).toString("latin1"));
    if ((first & 8) !== 0) continue;
    payload = Buffer.concat([payload, read]);
    if ((first & 0x80) === 0 && at + 2 <= bytes.length) continue;
    const text = deflate === "uncompressed" ? payload : inflated(payload, said);
    texts.push(text.toString("latin1"));
    said = Buffer.concat([said, text]).subarray(-32_768);
    payload = Buffer.alloc(0);
  }
  return texts.join("\n");
}

function inflated(payload: Buffer, said: Buffer): Buffer {
  const bytes = Buffer.concat([payload, TAIL]);
  for (const options of said.length > 0 ? [{ dictionary: said }, {}] : [{}])
    try {
      return inflateRawSync(bytes, { finishFlush: constants.Z_SYNC_FLUSH, ...options });
    } catch {
      // of a message that was broken off, or without a context
    }
  return Buffer.alloc(0);
}

/** What the client does with a message, in writes. `ping` is a whole control frame. */
const ping = frame(9, "still there");
const CUTS: Record<string, (writer: Writer, text: string) => readonly Buffer[]> = {
  "in one frame": (writer, text) => [writer.message(Buffer.from(text))],
  "in frames of five bytes": (writer, text) => [writer.message(Buffer.from(text), 5)],
  "in frames of one byte": (writer, text) => [writer.message(Buffer.from(text), 1)],
  "with pings between frames": (writer, text) => [writer.message(Buffer.from(text), 9, ping)],
  "in a frame written in pieces of seven bytes": (writer, text) => {
    const whole = writer.message(Buffer.from(text));
    return Array.from({ length: Math.ceil(whole.length / 7) }, (_, i) => whole.subarray(i * 7, i * 7 + 7));
  },
  "behind 100 KB of the same message": (writer, text) => [
    writer.message(Buffer.concat([Buffer.alloc(100_000, "other text. "), Buffer.from(text)]), 30_000),
  ],
  "half in each of two messages": (writer, text) => {
    const middle = text.length >> 1;
    return [
      writer.message(Buffer.from(text.slice(0, middle))),
      writer.message(Buffer.from(text.slice(middle))),
    ];
  },
};

/** A server that takes every WebSocket and keeps what comes. */
interface Origin {
  readonly port: number;
  /** of the newest connection, behind the handshake */
  frames(): Buffer;
  close(): void;
}

async function origin(): Promise<Origin> {
  const sockets = new Set<Socket>();
  let came = Buffer.alloc(0);
  const server: Server = createTlsServer(originCa.issue(), (socket) => {
    came = Buffer.alloc(0);
    let head = "";
    socket.on("error", () => {});
    socket.on("data", (bytes: Buffer) => {
      if (head.endsWith("\r\n\r\n")) {
        came = Buffer.concat([came, bytes]);
        return;
      }
      head += bytes.toString("latin1");
      if (!head.endsWith("\r\n\r\n")) return;
      const key = /^sec-websocket-key: *(\S+)/im.exec(head)?.[1] ?? "";
      const extension = /^sec-websocket-extensions: .*/im.exec(head)?.[0];
      socket.write(
        `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept(key)}\r\n${extension ? `${extension}\r\n` : ""}\r\n`,
      );
    });
  });
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    socket.on("close", () => sockets.delete(socket));
  });
  const port = await listening(server);
  return {
    port,
    frames: () => came,
    close() {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

/** A client's end of a WebSocket that is open. */
interface Open {
  write(bytes: Buffer): void;
  /** all that came back, when the other side has ended */
  readonly ended: Promise<Buffer>;
  destroy(): void;
}

interface Plane {
  readonly side: Sidecar;
  open(deflate: Deflate): Promise<Open>;
  close(): void;
}

function wire(socket: TLSSocket | ClientHttp2Stream, behind: Buffer): Open {
  let came = behind;
  const ended = new Promise<Buffer>((resolve) => {
    socket.on("data", (bytes: Buffer) => {
      came = Buffer.concat([came, bytes]);
    });
    socket.on("end", () => resolve(came));
    socket.on("close", () => resolve(came));
  });
  return { write: (bytes) => void socket.write(bytes), ended, destroy: () => void socket.destroy() };
}

async function overHttp1(side: Sidecar): Promise<Plane> {
  const port = await side.transparent();
  return {
    side,
    close: () => side.close(),
    open: (deflate) =>
      new Promise((resolve, reject) => {
        const socket = connectTls({ port, host: "127.0.0.1", servername: HOST, ca: side.caPem });
        const extensions = DEFLATES[deflate];
        socket.setNoDelay();
        socket.write(opening(extensions ? `Sec-WebSocket-Extensions: ${extensions}\r\n` : ""));
        let head = "";
        socket.on("error", reject);
        socket.on("data", function heard(bytes: Buffer) {
          head += bytes.toString("latin1");
          const end = head.indexOf("\r\n\r\n") + 4;
          if (end < 4) return;
          socket.off("data", heard);
          if (head.startsWith("HTTP/1.1 101 ")) resolve(wire(socket, Buffer.from(head.slice(end), "latin1")));
          else reject(new Error(head));
        });
      }),
  };
}

async function overHttp2(side: Sidecar): Promise<Plane> {
  const socket = connectTls({
    port: await side.transparent(),
    host: "127.0.0.1",
    servername: HOST,
    ca: side.caPem,
    ALPNProtocols: ["h2"],
  });
  const session: ClientHttp2Session = connectH2(`https://${HOST}`, { createConnection: () => socket });
  session.on("error", () => {});
  await new Promise((resolve) => session.once("remoteSettings", resolve));
  return {
    side,
    close() {
      session.destroy();
      side.close();
    },
    open: (deflate) =>
      new Promise((resolve, reject) => {
        const extensions = DEFLATES[deflate];
        const stream = session.request(
          {
            ":method": "CONNECT",
            ":protocol": "websocket",
            ":scheme": "https",
            ":path": "/chat",
            ":authority": HOST,
            "sec-websocket-version": "13",
            ...(extensions ? { "sec-websocket-extensions": extensions } : {}),
          },
          { endStream: false },
        );
        stream.on("error", () => {});
        stream.on("close", () => reject(new Error("no answer")));
        stream.on("response", (headers) => {
          if (headers[":status"] === 200) resolve(wire(stream, Buffer.alloc(0)));
          else reject(new Error(JSON.stringify(headers)));
        });
      }),
  };
}

let cells = 0;
afterAll(() => console.log(`${cells} cells of spelling x framing x compression x version of WebSocket`));

describe.each([
  ["WebSocket over HTTP/1.1", overHttp1, 0],
  ["WebSocket over HTTP/2", overHttp2, 1],
] as const)("%s", (_version, over, odd) => {
  let upstream: Origin;
  let shared: Plane;

  const plane = (secrets: Record<string, string>, patterns?: PatternSet) =>
    over(
      new Sidecar({
        origin: upstream,
        routes: [route()],
        bottleSecrets: secrets,
        ...(patterns ? { patterns } : {}),
      }),
    );

  beforeAll(async () => {
    upstream = await origin();
    shared = await plane(Object.fromEntries(CASES.map(({ secret, value }) => [secret, value])));
  });
  afterAll(() => {
    shared.close();
    upstream.close();
  });

  async function sent({ side, open }: Plane, deflate: Deflate, writes: readonly Buffer[], one: Case) {
    side.events.length = 0;
    const client = await open(deflate);
    for (const bytes of writes) client.write(bytes);
    const answer = (await client.ended).toString("latin1");
    client.destroy();
    const [event] = await side.journal(1);
    const finding = event?.findings?.find(({ action }) => action === "block");
    const arrived = readAll(upstream.frames(), deflate);
    return {
      found: answer.includes("\x03\xf0dlp.known_secret") && finding?.name === one.secret,
      split: finding?.encoding?.startsWith("split over requests") === true,
      said: `${JSON.stringify(answer.slice(-40))} ${JSON.stringify(finding)}`,
      arrived: SEARCHED(arrived, one.value),
      first: arrived.includes(HARMLESS),
    };
  }

  const combinations = Object.keys(CUTS).flatMap((cut, i) =>
    Object.keys(DEFLATES).map((deflate, j) => [cut, deflate as Deflate, i + j] as const),
  );

  // Which version of HTTP carries the frames has no part in how they are read: each half of the spellings, in turn.
  test.each(combinations)("no spelling of a secret leaves %s, %s", async (cut, deflate, turn) => {
    const failed: string[] = [];
    for (const [number, one] of CASES.entries()) {
      if ((number + turn) % 2 !== odd) continue;
      if (cut.startsWith("half") && one.name in NESTED) continue;
      cells++;
      const write = () => {
        const writer = new Writer(deflate, (number >> 1) % 2 === 0);
        return [
          writer.message(Buffer.from(HARMLESS)),
          ...(CUTS[cut]?.(writer, `say ${one.spelled} .`) ?? []),
        ];
      };
      let result = await sent(shared, deflate, write(), one);
      if (!result.found && result.split) {
        // connections before it have said enough of another one
        const alone = await plane({ [one.secret]: one.value }, new PatternSet([]));
        result = await sent(alone, deflate, write(), one);
        alone.close();
      }
      if (!result.found) failed.push(`${one.name}: ${result.said}`);
      if (result.arrived) failed.push(`${one.name}: arrived`);
      if (!result.first) failed.push(`${one.name}: the message before it did not arrive`);
    }
    expect(failed).toEqual([]);
  });
});
