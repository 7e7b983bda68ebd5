import { connect as connectH2 } from "node:http2";
import { describe, expect, onTestFinished, test } from "vitest";
import {
  answering,
  HOST,
  ok,
  type RawOrigin,
  rawOrigin,
  refusalCode,
  type Sidecar,
  sidecar,
  tcp,
} from "./harness.ts";

/**
 * CR, LF and NUL in a header or path never get on (SPEC §4), whatever they come in by. As raw bytes CR and LF end a line
 * in HTTP/1.1: what looks like one in a value is a message that breaks the protocol, 400, in `http1-smuggling.test.ts`.
 */

async function started(): Promise<{ origin: RawOrigin; side: Sidecar }> {
  const origin = await rawOrigin({ serve: answering(() => ok()) });
  return { origin, side: sidecar({ origin }) };
}

type Send = (side: Sidecar, path: string, fields?: string) => Promise<string | undefined>;

const http1: Send = async (side, path, fields = "") => {
  const client = await side.tls();
  client.send(`GET ${path} HTTP/1.1\r\nHost: ${HOST}\r\n${fields}\r\n`);
  return refusalCode(await client.until(/\r\n\r\n/));
};

const WAYS: Record<string, Send> = {
  "http/1.1": http1,
  "a reverse proxy": async (side, path, fields = "") => {
    const client = await side.proxyClient();
    client.send(`GET /${HOST}${path} HTTP/1.1\r\nHost: sidecar\r\n${fields}\r\n`);
    return refusalCode(await client.until(/\r\n\r\n/));
  },
  "a forward proxy": async (side, path, fields = "") => {
    const client = await side.proxyClient();
    client.send(`GET https://${HOST}${path} HTTP/1.1\r\nHost: ${HOST}\r\n${fields}\r\n`);
    return refusalCode(await client.until(/\r\n\r\n/));
  },
  "a WebSocket": (side, path, fields = "") =>
    http1(
      side,
      path,
      `${fields}Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n`,
    ),
};

describe.for(Object.keys(WAYS))("by %s", (way) => {
  const send = WAYS[way] ?? http1;

  test.for(["/a%0d%0aX:%20y", "/a%0D", "/b%0a/c", "/n%00.txt", "/%0d%0A"])(
    "the path %s is refused with 403 dlp.crlf",
    async (path) => {
      const { origin, side } = await started();
      expect(await send(side, path)).toBe("dlp.crlf");
      expect((await side.journal(1))[0]).toMatchObject({ status: 403, code: "dlp.crlf", verdict: "block" });
      expect(origin.connections).toHaveLength(0);
    },
  );

  test("what is encoded twice is refused, too", async () => {
    const { origin, side } = await started();
    expect(await send(side, "/a%250d%250aX:%20y")).toBe("egress.path_ambiguous");
    expect(origin.connections).toHaveLength(0);
  });

  test("a NUL in a field is refused with 403 dlp.crlf", async () => {
    const { origin, side } = await started();
    expect(await send(side, "/", "X-A: a\0b\r\n")).toBe("dlp.crlf");
    expect((await side.journal(1))[0]).toMatchObject({ status: 403, code: "dlp.crlf" });
    expect(origin.connections).toHaveLength(0);
  });
});

test.for(["/a%0d%0aX:%20y", "/n%00.txt"])(
  "over HTTP/2 the path %s is refused with 403 dlp.crlf",
  async (path) => {
    const { origin, side } = await started();
    const socket = await side.handshake(await tcp(await side.transparent()), { alpn: ["h2"] });
    const session = connectH2(`https://${HOST}`, { createConnection: () => socket });
    onTestFinished(() => session.destroy());
    const stream = session.request({ ":path": path });
    const headers = await new Promise<Record<string, unknown>>((resolve) => stream.once("response", resolve));
    expect([headers[":status"], headers["x-bot-bottle-verdict"]]).toEqual([403, "dlp.crlf"]);
    expect(origin.connections).toHaveLength(0);
  },
);

/** A literal of RFC 7541 §6.2.2, which node's own client would not write. */
function literal(name: string, value: string): Buffer {
  const text = (latin1: string) =>
    Buffer.concat([Buffer.from([latin1.length]), Buffer.from(latin1, "latin1")]);
  return Buffer.concat([Buffer.from([0]), text(name), text(value)]);
}

function frame(type: number, flags: number, stream: number, payload: Buffer): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head.writeUInt8(type, 3);
  head.writeUInt8(flags, 4);
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

test.for([
  ["CR LF in a value", "x-a", "b\r\nx-b: c"],
  ["LF in a value", "x-a", "b\nc"],
  ["CR in a value", "x-a", "b\rc"],
  ["NUL in a value", "x-a", "b\0c"],
  ["LF in a name", "x-a\nx-b", "c"],
  ["CR LF in the path", ":path", "/a HTTP/1.1\r\nx: y"],
] as const)("%s of an HTTP/2 request's own bytes does not get on", async ([, name, value]) => {
  const { origin, side } = await started();
  const client = await side.tls({ alpn: ["h2"] });
  const path = name === ":path" ? [] : [literal(":path", "/")];
  const fields = [
    literal(":method", "GET"),
    literal(":scheme", "https"),
    literal(":authority", HOST),
    ...path,
    literal(name, value),
  ];
  client.send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
  client.send(frame(4, 0, 0, Buffer.alloc(0)));
  client.send(frame(1, 0x5, 1, Buffer.concat(fields)));
  client.send(frame(6, 0, 0, Buffer.from("answered")));
  // What is behind it on the connection is answered: it was not lost, or the connection has ended.
  await client.until(/answered/).catch(() => undefined);
  expect(origin.connections).toHaveLength(0);
});
