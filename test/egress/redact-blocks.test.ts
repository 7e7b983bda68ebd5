import { gzipSync } from "node:zlib";
import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { DEFAULT_INSPECTION } from "../../src/policy/route.ts";
import { REDACTION_COUNT } from "../../src/sidecar/egress/inspect/limits.ts";
import { answering, HOST, ok, rawOrigin, refusalCode, route, sidecar } from "./harness.ts";
import { CODINGS, cut, Redacting } from "./redacting.ts";
import { SEARCHED, VALUE } from "./spellings.ts";

const LABEL = "[redacted DEPLOY_KEY]";
const JSON_TYPE = { "content-type": "application/json" };
const part = (text: string, head = "") =>
  `--B\r\nContent-Disposition: form-data; name="f"${head}\r\n\r\n${text}\r\n`;
const FORM = { "content-type": "multipart/form-data; boundary=B" };
const base64 = (text: string) => Buffer.from(text).toString("base64");

let redacting: Redacting;
beforeAll(async () => {
  redacting = await Redacting.start();
});
afterAll(() => redacting.stop());

describe("a find that can't be taken out is blocked", () => {
  const note = JSON.stringify({ note: VALUE });
  test.each<[string, Record<string, string>, string | Buffer]>([
    ["the digest is stated", { ...JSON_TYPE, "content-digest": "sha-256=:AAAA:" }, note],
    ["the MD5 is stated", { ...JSON_TYPE, "content-md5": "AAAA" }, note],
    ["the payload is signed", { ...JSON_TYPE, "x-amz-content-sha256": "0".repeat(64) }, note],
    ["it is a range", { ...JSON_TYPE, "content-range": "bytes 0-40/100" }, note],
    [
      "it goes over the end of a JSON string",
      JSON_TYPE,
      JSON.stringify({ [VALUE.slice(0, 9)]: VALUE.slice(9) }),
    ],
    [
      "it goes over the end of a JSON string that ends in a backslash",
      JSON_TYPE,
      VALUE.replace(/^(.{15,}?)([1-9]).*$/, '{"$1\\\\": $2}'),
    ],
    ["it is numbers of JSON", JSON_TYPE, JSON.stringify({ bytes: [...Buffer.from(VALUE)] })],
    ["it goes over two parts", FORM, `${part(VALUE.slice(0, 9))}${part(VALUE.slice(9))}--B--\r\n`],
    [
      "it goes over a name and its part",
      FORM,
      `${part(VALUE.slice(9), `; x="${VALUE.slice(0, 9)}"`)}--B--\r\n`,
    ],
    [
      "it goes over two encoded parts",
      FORM,
      `${part(base64(VALUE.slice(0, 9)), "\r\nContent-Transfer-Encoding: base64")}${part(base64(VALUE.slice(9)), "\r\nContent-Transfer-Encoding: base64")}--B--\r\n`,
    ],
    [
      "it is in the boundary",
      { "content-type": `multipart/form-data; boundary=${VALUE}` },
      `--${VALUE}\r\n\r\nx\r\n--${VALUE}--\r\n`,
    ],
    ["it is compressed inside base64", JSON_TYPE, JSON.stringify({ a: gzipSync(VALUE).toString("base64") })],
  ])("%s", async (_, fields, body) => {
    for (const coding of ["identity", "gzip"] as const)
      for (const stated of [true, false]) {
        redacting.arrived.length = 0;
        redacting.side.events.length = 0;
        const [encode] = CODINGS[coding] ?? [(data: Buffer) => data];
        const coded = coding === "identity" ? fields : { ...fields, "content-encoding": coding };
        const sent = {
          protocol: "http/1.1",
          fields: coded,
          body: [encode(Buffer.from(body))],
          stated,
        } as const;
        const { status, verdict } = await redacting.send(sent);
        expect({ status, verdict: verdict?.replace("body_unreadable", "known_secret") }).toEqual({
          status: 403,
          verdict: "dlp.known_secret",
        });
        expect(redacting.arrived).toEqual([]);
      }
  });
});

test.each(["identity", "gzip"])(
  "%s: a secret is taken out of a body a thousand times, and more often than may be it is blocked",
  async (coding) => {
    const [encode, decode] = CODINGS[coding] ?? [(data: Buffer) => data, (data: Buffer) => data];
    const fields = { ...JSON_TYPE, ...(coding === "identity" ? {} : { "content-encoding": coding }) };
    const send = (count: number) => {
      redacting.arrived.length = 0;
      const body = [encode(Buffer.from(JSON.stringify(new Array(count).fill(VALUE))))];
      return redacting.send({ protocol: "http/1.1", fields, body, stated: true });
    };
    expect(await send(1000)).toEqual({ status: 200, verdict: undefined });
    const arrived = redacting.arrived[0]?.body ?? Buffer.alloc(0);
    expect(JSON.parse(decode(arrived).toString())).toEqual(new Array(1000).fill(LABEL));
    expect(await send(REDACTION_COUNT + 1)).toEqual({ status: 403, verdict: "dlp.known_secret" });
    expect(redacting.arrived).toEqual([]);
  },
);

test("what is left of a secret in a secret is taken out too, or blocked", async () => {
  for (const at of [1, 4, 9, 13, 20]) {
    const nested = `${VALUE.slice(0, at)}${VALUE}${VALUE.slice(at)}`;
    for (const [coding, [encode, decode]] of Object.entries(CODINGS)) {
      redacting.arrived.length = 0;
      const fields = {
        "content-type": "text/plain",
        ...(coding === "identity" ? {} : { "content-encoding": coding.replace(" (raw)", "") }),
      };
      await redacting.send({ protocol: "h2", fields, body: [encode(Buffer.from(nested))], stated: true });
      for (const { body } of redacting.arrived) expect(SEARCHED(decode(body).toString("latin1"))).toBe(false);
    }
  }
});

test("a body too long to be held keeps its length, and what is found is overwritten", async () => {
  const filler = "some text of no interest. ".repeat(170_000);
  const body = Buffer.from(`${filler}${VALUE}${filler}`);
  redacting.arrived.length = 0;
  const answer = await redacting.send({
    protocol: "http/1.1",
    fields: { "content-type": "text/plain" },
    body: cut(body, 1 << 20),
    stated: true,
  });
  expect(answer.status).toBe(200);
  const arrived = redacting.arrived[0]?.body ?? Buffer.alloc(0);
  expect(arrived.toString()).toBe(`${filler}${LABEL.padEnd(VALUE.length, "*")}${filler}`);
});

test("of a coded body too long to be held a find is blocked", async () => {
  const noise = Buffer.from(
    Array.from({ length: 9 << 20 }, (_, i) => ((i * 2_654_435_761 + (i >> 3) * 40_503) >>> 13) & 255),
  );
  const body = gzipSync(Buffer.concat([noise, Buffer.from(` ${VALUE} `)]), { level: 0 });
  redacting.arrived.length = 0;
  const fields = { "content-type": "text/plain", "content-encoding": "gzip" };
  const { verdict } = await redacting.send({
    protocol: "h2",
    fields,
    body: cut(body, 1 << 20),
    stated: false,
  });
  expect(verdict).toBe("dlp.known_secret");
  expect(redacting.arrived).toEqual([]);
});

test("a client that waits for 100 gets it, and the body goes redacted", async () => {
  const origin = await rawOrigin({ serve: answering(() => ok()) });
  const side = sidecar({
    origin,
    routes: [route({ dlp: { ...DEFAULT_INSPECTION, onMatch: "redact" } })],
    bottleSecrets: { DEPLOY_KEY: VALUE },
  });
  const client = await side.tls();
  const type = "Content-Type: text/plain\r\n";
  client.send(
    `POST / HTTP/1.1\r\nHost: ${HOST}\r\n${type}Expect: 100-continue\r\nContent-Length: ${VALUE.length}\r\n\r\n`,
  );
  await client.until(/100 Continue\r\n\r\n/);
  await client.send(VALUE).until(/hello/);
  expect(origin.received()).toContain(`Content-Length: ${LABEL.length}\r\n`);
  expect(origin.received().endsWith(LABEL)).toBe(true);
  expect(origin.received()).not.toMatch(/expect/i);
});

test("a digest in the trailers blocks", async () => {
  const origin = await rawOrigin({ serve: answering(() => ok()) });
  const side = sidecar({
    origin,
    routes: [route({ dlp: { ...DEFAULT_INSPECTION, onMatch: "redact" } })],
    bottleSecrets: { DEPLOY_KEY: VALUE },
  });
  const client = await side.tls();
  const text = `say ${VALUE} .`;
  const head = `POST / HTTP/1.1\r\nHost: ${HOST}\r\nContent-Type: text/plain\r\nTE: trailers\r\nTransfer-Encoding: chunked\r\n\r\n`;
  client.send(`${head}${text.length.toString(16)}\r\n${text}\r\n0\r\nContent-Digest: sha-256=:AAAA:\r\n\r\n`);
  expect(refusalCode(await client.until(/\r\n\r\n/))).toBe("dlp.known_secret");
  expect(origin.received()).not.toContain("\r\n0\r\n");
});

test("with nothing to find every byte arrives, and with something all around it, whatever the coding and the pieces", async () => {
  const clean = fc
    .string({ unit: "grapheme-ascii", maxLength: 3000 })
    .map((text) => text.replaceAll("\\", "/"));
  await fc.assert(
    fc.asyncProperty(
      clean,
      clean,
      fc.boolean(),
      fc.constantFrom(...Object.keys(CODINGS)),
      fc.constantFrom("http/1.1", "h2"),
      fc.boolean(),
      fc.integer({ min: 1, max: 4000 }),
      async (before, after, secret, coding, protocol, stated, size) => {
        const [encode, decode] = CODINGS[coding] ?? [(data: Buffer) => data, (data: Buffer) => data];
        const text = (middle: string) => `${before} ${middle} ${after}`;
        const body = encode(Buffer.from(text(secret ? VALUE : "x")));
        const named = coding === "identity" ? {} : { "content-encoding": coding.replace(" (raw)", "") };
        const fields = { "content-type": "text/plain", ...named };
        redacting.arrived.length = 0;
        const answer = await redacting.send({ protocol, fields, body: cut(body, size), stated });
        expect(answer).toEqual({ status: 200, verdict: undefined });
        const arrived = redacting.arrived[0]?.body ?? Buffer.alloc(0);
        if (!secret) expect(arrived.equals(body)).toBe(true);
        expect(decode(arrived).toString()).toBe(text(secret ? LABEL : "x"));
      },
    ),
    { numRuns: 80, seed: 20_261_124 },
  );
});

test("a gRPC message arrives redacted while the stream goes on", async () => {
  const framed = (text: string) =>
    Buffer.from(`\0\0\0\0${String.fromCharCode(text.length)}${text}`, "latin1");
  const stream = await redacting.stream({ "content-type": "application/grpc", te: "trailers" });
  stream.on("error", () => {});
  const part = (length: number) =>
    new Promise<string>((resolve) => {
      redacting.onPart = (body) => {
        if (body.length >= length) resolve(body.toString("latin1"));
      };
    });
  let expected = "";
  for (const text of [`one ${VALUE}`, "two", `three ${VALUE} .`]) {
    const message = framed(text);
    expected += message.toString("latin1").replace(VALUE, LABEL.padEnd(VALUE.length, "*"));
    const arrived = part(expected.length);
    stream.write(message);
    expect(await arrived).toBe(expected);
  }
  redacting.onPart = undefined;
  stream.close();
});
