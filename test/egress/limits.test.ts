import { connect, type Socket } from "node:net";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import {
  CONNECTION_COUNT,
  EXCHANGE_IDLE_MS,
  HANDSHAKE_MS,
  HEAD_MS,
  KEEP_ALIVE_MS,
  LINGER_MS,
} from "../../src/sidecar/egress/limits.ts";
import { answering, HOST, ok, rawOrigin, refusalCode, sidecar, tcp, Wire } from "./harness.ts";

const TICK = 1000;

// The sidecar's one clock is moved by hand; sockets go on in real time.
beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setInterval", "clearInterval", "performance"] });
});
afterEach(() => {
  vi.useRealTimers();
});

test("closes a connection that never says anything", async () => {
  const side = sidecar();
  const silent = new Wire(await tcp(await side.transparent()));
  await new Promise((resolve) => setTimeout(resolve, 20));
  vi.advanceTimersByTime(HANDSHAKE_MS - TICK);
  expect(silent.ended).toBe(false);
  vi.advanceTimersByTime(2 * TICK);
  await silent.end();
  expect(side.events[0]).toMatchObject({ protocol: "tcp", verdict: "block" });
});

test("closes a tunnel in which TLS never begins", async () => {
  const side = sidecar();
  const tunnel = new Wire(await side.tunnel(`${HOST}:443`));
  vi.advanceTimersByTime(HANDSHAKE_MS + TICK);
  await tunnel.end();
});

test("closes a connection whose head comes drop by drop (slowloris)", async () => {
  const client = await sidecar().tls();
  client.send("GET / HTTP/1.1\r\nHost: a");
  await new Promise((resolve) => setTimeout(resolve, 20));
  vi.advanceTimersByTime(HEAD_MS / 2);
  client.send("b");
  await new Promise((resolve) => setTimeout(resolve, 20));
  vi.advanceTimersByTime(HEAD_MS / 2 + TICK);
  expect(await client.end()).toBe("");
});

test("closes a kept connection whose next head does not end", async () => {
  const origin = await rawOrigin({ serve: answering(() => ok()) });
  const client = await sidecar({ origin }).tls();
  await client.send(`GET / HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`).until(/hello/);
  client.send("GET / HTTP");
  await new Promise((resolve) => setTimeout(resolve, 50));
  vi.advanceTimersByTime(HEAD_MS + TICK);
  await client.end();
});

test("closes an idle connection, later than one inside a head", async () => {
  const origin = await rawOrigin({ serve: answering(() => ok()) });
  const client = await sidecar({ origin }).tls();
  await client.send(`GET / HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`).until(/hello/);
  vi.advanceTimersByTime(KEEP_ALIVE_MS - TICK);
  await client.send(`GET / HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`).until(/hello[\s\S]*hello/);
  vi.advanceTimersByTime(KEEP_ALIVE_MS + TICK);
  await client.end();
});

test("answers 502 when the upstream says nothing for too long, and keeps a slow one that does", async () => {
  const origin = await rawOrigin({
    serve: (wire) => void wire.sendWhen(/slow/, "HTTP/1.1 103 Wait\r\n\r\n"),
  });
  const side = sidecar({ origin });
  const client = await side.tls();
  client.send(`GET /slow HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`);
  await client.until(/103/);
  vi.advanceTimersByTime(EXCHANGE_IDLE_MS - TICK);
  origin.connections[0]?.send("HTTP/1.1 103 Wait\r\n\r\n");
  await client.until(/103[\s\S]*103/);
  vi.advanceTimersByTime(EXCHANGE_IDLE_MS - TICK);
  expect(client.ended).toBe(false);
  vi.advanceTimersByTime(2 * TICK);
  expect(refusalCode(await client.until(/502/))).toBe("egress.upstream_unreachable");
  await origin.connections[0]?.end();
});

test("reads on for a moment after a closing answer, then ends", async () => {
  const client = await sidecar().tls({ servername: "evil.test" });
  client.socket.allowHalfOpen = true;
  client.send("GET / HTTP/1.1\r\nHost: evil.test\r\nConnection: close\r\n\r\n");
  await client.end();
  expect(client.text).toContain("host_not_allowed");
  vi.advanceTimersByTime(LINGER_MS + TICK);
  // Nobody reads at the other end any more.
  while (!client.closed) {
    client.send("x");
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
});

test("turns connections away once too many are open, and takes them again later", async () => {
  const side = sidecar();
  const port = await side.transparent();
  const sockets: Socket[] = [];
  while (sockets.length < CONNECTION_COUNT) {
    // No more at once than a listener's backlog holds.
    const batch = Array.from({ length: 256 }, () => connect(port, "127.0.0.1"));
    await Promise.all(batch.map((socket) => new Promise((resolve) => socket.once("connect", resolve))));
    sockets.push(...batch);
  }
  const extra = new Wire(await tcp(port));
  await extra.end();
  expect(side.events.at(-1)).toMatchObject({ code: "egress.limit_exceeded", verdict: "block" });
  for (const socket of sockets) socket.destroy();
  await new Promise((resolve) => setTimeout(resolve, 100));
  const client = await side.tls({ servername: "evil.test" });
  expect(
    refusalCode(await client.send("GET / HTTP/1.1\r\nHost: evil.test\r\nConnection: close\r\n\r\n").end()),
  ).toBe("egress.host_not_allowed");
});
