import { createSocket, type Socket as UdpSocket } from "node:dgram";
import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import { decode, encode, type RecordType } from "dns-packet";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { DnsEvent } from "../../src/journal/record.ts";
import { EVENT_BURST, MAX_CONNECTIONS, MAX_QUERIES_PER_CONNECTION } from "../../src/sidecar/dns/limits.ts";
import { type DnsServer, serveDns } from "../../src/sidecar/dns/server.ts";

let udp: UdpSocket;
let tcp: Server;
let dns: DnsServer;
let events: DnsEvent[];
let client: UdpSocket;
const streams: Socket[] = [];

beforeEach(async () => {
  udp = createSocket("udp4");
  tcp = createServer();
  events = [];
  dns = serveDns({ udp, tcp, onEvent: (event) => events.push(event) });
  udp.bind(0, "127.0.0.1");
  tcp.listen(0, "127.0.0.1");
  client = createSocket("udp4");
  client.bind(0, "127.0.0.1");
  await Promise.all([once(udp, "listening"), once(tcp, "listening"), once(client, "listening")]);
});

afterEach(async () => {
  client.close();
  for (const stream of streams.splice(0)) stream.destroy();
  const closed = once(tcp, "close");
  dns.close();
  await closed;
});

const query = (name: string, type: RecordType = "A", id = 1): Buffer =>
  encode({ type: "query", id, questions: [{ name, type }] });

async function askUdp(message: Buffer): Promise<Buffer> {
  const answer = once(client, "message");
  client.send(message, udp.address().port, "127.0.0.1");
  const [reply]: unknown[] = await answer;
  if (!Buffer.isBuffer(reply)) throw new Error("no message");
  return reply;
}

async function open(): Promise<Socket> {
  const address = tcp.address();
  if (address === null || typeof address === "string") throw new Error("not listening");
  const stream = connect(address.port, "127.0.0.1");
  streams.push(stream);
  stream.on("error", () => {});
  await once(stream, "connect");
  return stream;
}

const framed = (message: Buffer): Buffer => {
  const size = Buffer.alloc(2);
  size.writeUInt16BE(message.length);
  return Buffer.concat([size, message]);
};

/** Reads `count` messages, or as many as come before the end. */
async function readFramed(stream: Socket, count: number): Promise<Buffer[]> {
  const found: Buffer[] = [];
  let held = Buffer.alloc(0);
  for await (const chunk of stream) {
    held = Buffer.concat([held, chunk]);
    while (held.length >= 2 && held.length >= 2 + held.readUInt16BE(0)) {
      found.push(held.subarray(2, 2 + held.readUInt16BE(0)));
      held = held.subarray(2 + held.readUInt16BE(0));
    }
    if (found.length >= count) break;
  }
  return found;
}

describe("over UDP", () => {
  it("answers, and counts A questions without recording them", async () => {
    expect(decode(await askUdp(query("api.example.com"))).answers).toMatchObject([{ data: "198.18.0.1" }]);
    expect(decode(await askUdp(query("api.example.com", "AAAA"))).answers).toEqual([]);
    expect(dns.counts).toEqual({ messages: 2, addresses: 1 });
    expect(events).toEqual([]);
  });

  it("goes on after garbage and over-long messages", async () => {
    client.send(Buffer.from("x"), udp.address().port, "127.0.0.1");
    client.send(Buffer.alloc(9000), udp.address().port, "127.0.0.1");
    expect(decode(await askUdp(query("a.example"))).answers).toHaveLength(1);
  });

  it("records questions that carry data, with the resolver they were sent to", async () => {
    await askUdp(query("c2VjcmV0.evil.example", "TXT"));
    await askUdp(query("_x._tcp.evil.example", "SRV"));
    await askUdp(query("evil.example", "NULL"));
    await askUdp(query("1.0.0.127.in-addr.arpa", "PTR"));
    expect(events).toEqual([
      { kind: "dns", name: "c2VjcmV0.evil.example", type: "TXT", server: "127.0.0.1", answer: "nodata" },
      { kind: "dns", name: "_x._tcp.evil.example", type: "SRV", server: "127.0.0.1", answer: "nodata" },
      { kind: "dns", name: "evil.example", type: "NULL", server: "127.0.0.1", answer: "nodata" },
    ]);
  });

  it("records over-long names, and messages that are no query", async () => {
    const long = `${"a".repeat(60)}.${"b".repeat(60)}.evil.example`;
    await askUdp(query(long));
    await askUdp(Buffer.concat([query("a.example"), Buffer.from("secret")]));
    expect(events).toMatchObject([
      { name: long, type: "A", answer: "synthetic" },
      { name: "a.example", answer: "refused" },
    ]);
  });

  it("can't be made to flood the journal: what is over the burst is counted", async () => {
    const questions = EVENT_BURST * 10;
    for (let i = 0; i < questions; i++) await askUdp(query(`${i}.evil.example`, "TXT"));
    // a slow machine may earn a few more while the questions run
    expect(events.length).toBeLessThan(questions);
    const left = events.reduce((sum, event) => sum + (event.left_out ?? 0), 0);
    expect(events.length + left).toBeLessThanOrEqual(questions);
    expect(dns.counts.messages).toBe(questions);
  });

  it("prints no control character of a name", async () => {
    await askUdp(query("\u001b]0;x\u0007.evil.example", "TXT"));
    expect(events[0]?.name).toMatch(/^[\x20-\x7e]+$/);
  });
});

describe("over TCP", () => {
  it("answers queries in order, however they are cut and joined", async () => {
    const stream = await open();
    const bytes = Buffer.concat([1, 2, 3].map((id) => framed(query(`${id}.example`, "A", id))));
    stream.write(bytes.subarray(0, 1));
    await new Promise((resolve) => setImmediate(resolve));
    stream.write(bytes.subarray(1, 40));
    await new Promise((resolve) => setImmediate(resolve));
    stream.write(bytes.subarray(40));
    const replies = await readFramed(stream, 3);
    expect(replies.map((message) => decode(message).id)).toEqual([1, 2, 3]);
  });

  it("closes a connection that announces too long a message", async () => {
    const stream = await open();
    stream.write(Buffer.from([0xff, 0xff]));
    expect(await readFramed(stream, 1)).toEqual([]);
  });

  it("closes a connection after its share of queries", async () => {
    const stream = await open();
    const many = Array.from({ length: MAX_QUERIES_PER_CONNECTION + 50 }, () => framed(query("a.example")));
    stream.write(Buffer.concat(many));
    expect(await readFramed(stream, Number.POSITIVE_INFINITY)).toHaveLength(MAX_QUERIES_PER_CONNECTION);
    expect(dns.counts.messages).toBe(MAX_QUERIES_PER_CONNECTION);
  });

  it("takes no more connections than its limit, and goes on when some end", async () => {
    const held = await Promise.all(Array.from({ length: MAX_CONNECTIONS }, open));
    const extra = await open();
    extra.write(framed(query("a.example")));
    expect(await readFramed(extra, 1).catch(() => [])).toEqual([]);
    for (const stream of held.slice(0, 8)) {
      const closed = once(stream, "close");
      stream.end();
      stream.resume();
      await closed;
    }
    const later = await open();
    later.write(framed(query("a.example")));
    expect(await readFramed(later, 1)).toHaveLength(1);
  });

  it("ends every connection when it is closed", async () => {
    const [stream, other] = [await open(), await open()];
    stream.write(framed(query("a.example")));
    await once(stream, "readable");
    const ends = [once(stream.resume(), "close"), once(other.resume(), "close")];
    dns.close();
    await Promise.all(ends);
    expect([stream.destroyed, other.destroyed]).toEqual([true, true]);
    udp = createSocket("udp4");
    tcp = createServer().listen(0, "127.0.0.1");
    dns = serveDns({ udp, tcp, onEvent: () => {} });
  });
});
