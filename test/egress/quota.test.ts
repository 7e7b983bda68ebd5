import { expect, test } from "vitest";
import { answering, HOST, ok, rawOrigin, refusalCode, route, sidecar } from "./harness.ts";

const H = `Host: ${HOST}\r\n`;

test("a request over the route's quota is refused with its code, and is not sent", async () => {
  const origin = await rawOrigin({ serve: answering(() => ok()) });
  const side = sidecar({ origin, routes: [route({ limits: { requests: { per: "life", hard: 1 } } })] });
  const client = await side.tls();
  await client.send(`GET /1 HTTP/1.1\r\n${H}\r\n`).until(/hello/);
  const answer = await client.send(`GET /2 HTTP/1.1\r\n${H}\r\n`).until(/403[\s\S]*\r\n\r\n/);
  expect(refusalCode(answer)).toBe("egress.quota_exceeded");
  expect(origin.received()).not.toContain("/2");
});

test("bytes over the bottle's quota don't go out, and what was sent is no whole message", async () => {
  const origin = await rawOrigin({ serve: answering(() => ok()) });
  const side = sidecar({ origin, quotas: { bytesOut: { per: "hour", hard: 1000 } } });
  const client = await side.tls();
  client.send(`POST / HTTP/1.1\r\n${H}Content-Length: 5000\r\n\r\n${"a".repeat(900)}`);
  client.send("b".repeat(4100));
  expect(refusalCode(await client.until(/\r\n\r\n/))).toBe("egress.quota_exceeded");
  expect(origin.received()).not.toContain("bbb");
  expect((await side.journal(1))[0]).toMatchObject({ verdict: "block", code: "egress.quota_exceeded" });
});

test("a soft quota warns in the journal and lets pass", async () => {
  const origin = await rawOrigin({ serve: answering(() => ok()) });
  const side = sidecar({ origin, quotas: { hosts: { per: "life", soft: 0 } } });
  const client = await side.tls();
  await client.send(`GET / HTTP/1.1\r\n${H}\r\n`).until(/hello/);
  expect(side.quotaEvents.map(({ event }) => event)).toContain("quota_warning");
});

test("the bytes of a head count, and a head that is over the quota does not go out", async () => {
  const origin = await rawOrigin({ serve: answering(() => ok()) });
  const side = sidecar({ origin, quotas: { bytesOut: { per: "hour", hard: 600 } } });
  const client = await side.tls();
  await client.send(`GET /1 HTTP/1.1\r\n${H}X-Pad: ${"a".repeat(400)}\r\n\r\n`).until(/hello/);
  const answer = await client
    .send(`GET /2?${"b".repeat(200)} HTTP/1.1\r\n${H}\r\n`)
    .until(/403[\s\S]*\r\n\r\n/);
  expect(refusalCode(answer)).toBe("egress.quota_exceeded");
  expect(origin.received()).not.toContain("/2");
});

test("the bytes of trailers count, and without them the message is not whole", async () => {
  const whole: string[] = [];
  const origin = await rawOrigin({
    serve: answering((head) => {
      whole.push(head);
      return ok();
    }),
  });
  const side = sidecar({ origin, quotas: { bytesOut: { per: "life", hard: 400 } } });
  const client = await side.tls();
  client.send(`POST / HTTP/1.1\r\n${H}Trailer: x-t\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n`);
  client.send(`0\r\nX-T: ${"t".repeat(400)}\r\n\r\n`);
  expect(refusalCode(await client.until(/\r\n\r\n/))).toBe("egress.quota_exceeded");
  expect(whole).toEqual([]);
  expect(origin.received()).not.toContain("ttt");
});
