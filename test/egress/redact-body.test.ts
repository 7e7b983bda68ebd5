import { gunzipSync, gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { CODINGS, cut, Redacting } from "./redacting.ts";
import { ENCODINGS, NESTED, SEARCHED, VALUE } from "./spellings.ts";

const LABEL = "[redacted DEPLOY_KEY]";

function grpc(message: Buffer, compressed: boolean): Buffer {
  const prefix = Buffer.from([compressed ? 1 : 0, 0, 0, 0, 0]);
  prefix.writeUInt32BE(message.length, 1);
  return Buffer.concat([prefix, message]);
}

/** The messages of a gRPC body, their compression undone. */
function messages(body: Buffer): Buffer[] {
  const read: Buffer[] = [];
  for (let at = 0; at < body.length; ) {
    const length = body.readUInt32BE(at + 1);
    const message = body.subarray(at + 5, at + 5 + length);
    read.push(body[at] === 1 ? gunzipSync(message) : message);
    at += 5 + length;
  }
  return read;
}

const PLAIN = [(data: Buffer) => data, (data: Buffer) => data] as const;
const FORM = "multipart/form-data; boundary=B";
const part = (fields: string, text: string) =>
  `--B\r\nContent-Disposition: form-data; name="f"${fields}\r\n\r\n${text}\r\n`;

interface Surface {
  readonly type: string;
  readonly more?: Record<string, string>;
  /** a body that holds it */
  readonly make: (s: string) => Buffer;
  /** what arrived, read as its receiver would, has a label where it was, and all else as it was */
  readonly check: (body: Buffer) => void;
}

const fixed = LABEL.padEnd(VALUE.length, "*");

const SURFACES: Record<string, Surface> = {
  text: {
    type: "text/plain",
    make: (s) => Buffer.from(`say ${s} .\n`),
    check: (body) => expect(body.toString()).toBe(`say ${LABEL} .\n`),
  },
  JSON: {
    type: "application/json",
    make: (s) => Buffer.from(JSON.stringify({ a: ["x", `C:\\${s}"y`], n: 1 })),
    check: (body) => expect(JSON.parse(body.toString())).toEqual({ a: ["x", `C:\\${LABEL}"y`], n: 1 }),
  },
  NDJSON: {
    type: "application/x-ndjson",
    make: (s) => Buffer.from(`{"a":1}\n{"b":"${s}"}\n{"c":2}\n`),
    check: (body) => expect(body.toString()).toBe(`{"a":1}\n{"b":"${LABEL}"}\n{"c":2}\n`),
  },
  form: {
    type: "application/x-www-form-urlencoded",
    make: (s) => Buffer.from(`a=1&b=${encodeURIComponent(s)}&c=2`),
    check: (body) =>
      expect([...new URLSearchParams(body.toString())]).toEqual([
        ["a", "1"],
        ["b", LABEL],
        ["c", "2"],
      ]),
  },
  bytes: {
    type: "application/octet-stream",
    make: (s) => Buffer.from(`\u0000\u0001${s}\u0002`, "latin1"),
    check: (body) => expect(body.toString("latin1")).toBe(`\u0000\u0001${fixed}\u0002`),
  },
  "multipart part": {
    type: FORM,
    make: (s) => Buffer.from(`${part("", "first")}${part("", `x ${s} y`)}--B--\r\n`),
    check: (body) => expect(body.toString()).toBe(`${part("", "first")}${part("", `x ${LABEL} y`)}--B--\r\n`),
  },
  "multipart file name": {
    type: FORM,
    make: (s) => Buffer.from(`${part(`; filename="${s}.txt"`, "text")}--B--\r\n`),
    check: (body) => expect(body.toString()).toBe(`${part(`; filename="${LABEL}.txt"`, "text")}--B--\r\n`),
  },
  "multipart part in base64": {
    type: FORM,
    make: (s) =>
      Buffer.from(
        `${part("", "1")}${part("\r\nContent-Transfer-Encoding: base64", Buffer.from(`x ${s} y`).toString("base64"))}--B--\r\n`,
      ),
    check: (body) => {
      const [, , encoded = ""] = body.toString().split("\r\n\r\n");
      expect(Buffer.from(encoded.split("\r\n--B")[0] ?? "", "base64").toString()).toBe(`x ${LABEL} y`);
      expect(body.toString()).toMatch(/^--B[\s\S]*\r\n--B--\r\n$/);
    },
  },
  "multipart part in quoted-printable": {
    type: FORM,
    make: (s) =>
      Buffer.from(
        `${part("\r\nContent-Transfer-Encoding: quoted-printable", `caf=C3=A9 ${s.slice(0, 8)}=\r\n${s.slice(8)} z=3D1`)}${part("", "2")}--B--\r\n`,
      ),
    check: (body) => {
      const text = body.toString().split("\r\n\r\n")[1]?.split("\r\n--B")[0] ?? "";
      const undone = text
        .replaceAll("=\r\n", "")
        .replace(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
      expect(undone).toBe(`${Buffer.from("café").toString("latin1")} ${LABEL} z=1`);
      expect(body.toString().endsWith(`${part("", "2")}--B--\r\n`)).toBe(true);
    },
  },
  "gRPC message": {
    type: "application/grpc",
    make: (s) => Buffer.concat([grpc(Buffer.from("one"), false), grpc(Buffer.from(`\n${s}`), false)]),
    check: (body) => expect(messages(body).map(String)).toEqual(["one", `\n${fixed}`]),
  },
  "gzip gRPC message": {
    type: "application/grpc+proto",
    more: { "grpc-encoding": "gzip" },
    make: (s) =>
      Buffer.concat([
        grpc(gzipSync("one"), true),
        grpc(gzipSync(`\n${s}`), true),
        grpc(Buffer.from("three"), false),
      ]),
    check: (body) => expect(messages(body).map(String)).toEqual(["one", `\n${fixed}`, "three"]),
  },
  "gzip file": {
    type: "text/plain",
    make: (s) => gzipSync(`in a file: ${s}\n`),
    check: (body) => expect(gunzipSync(body).toString()).toBe(`in a file: ${LABEL}\n`),
  },
};

let redacting: Redacting;
beforeAll(async () => {
  redacting = await Redacting.start();
});
afterAll(() => redacting.stop());

const cells = Object.entries(SURFACES).flatMap(([surface, { type, more, make, check }]) =>
  Object.entries(surface === "gzip file" ? { identity: PLAIN } : CODINGS).flatMap(
    ([coding, [encode, decode]]) =>
      (["http/1.1", "h2"] as const).flatMap((protocol) =>
        [true, false].flatMap((stated) =>
          [1 << 20, 7].flatMap((size) => {
            const often = coding === "identity" || coding === "gzip";
            if (!often && (size === 7 || stated !== (protocol === "h2"))) return [];
            const name = `${surface}, ${coding}, ${protocol}, ${stated ? "stated length" : "streaming"}, ${size > 7 ? "whole" : "in pieces"}`;
            return [{ name, type, more, make, check, coding, encode, decode, protocol, stated, size }];
          }),
        ),
      ),
  ),
);

describe("outbound_on_match: redact, in a body", () => {
  test.each(cells)("a label arrives instead, and all else as it was: $name", async (cell) => {
    const { type, more, make, check, coding, encode, decode, protocol, stated, size } = cell;
    const text = make(VALUE);
    const body = cut(encode(text), size);
    const fields = {
      "content-type": type,
      ...more,
      ...(coding === "identity" ? {} : { "content-encoding": coding.replace(" (raw)", "") }),
    };
    redacting.arrived.length = 0;
    redacting.side.events.length = 0;
    expect(await redacting.send({ protocol, fields, body, stated })).toEqual({
      status: 200,
      verdict: undefined,
    });
    const [arrived] = redacting.arrived;
    if (!arrived) throw new Error("nothing arrived");
    expect(SEARCHED(arrived.body.toString("latin1"))).toBe(false);
    const undone = decode(arrived.body);
    expect(SEARCHED(undone.toString("latin1"))).toBe(false);
    check(undone);
    if (stated) expect(arrived.headers["content-length"]).toBe(String(arrived.body.length));
    const [event] = await redacting.side.journal(1);
    expect(event).toMatchObject({
      verdict: "redact",
      findings: expect.arrayContaining([
        expect.objectContaining({ name: "DEPLOY_KEY", surface: "body", action: "redact" }),
      ]),
    });
    expect(event?.findings?.every(({ action }) => action === "redact")).toBe(true);
  });

  const spellings = Object.entries(ENCODINGS).filter(([name]) => !/array of bytes/.test(name));
  test.each(spellings)("in whatever spelling: %s", async (_, spelled) => {
    for (const coding of ["identity", "gzip"]) {
      redacting.arrived.length = 0;
      const [encode, decode] = CODINGS[coding] ?? PLAIN;
      const fields = {
        "content-type": "application/json",
        ...(coding === "identity" ? {} : { "content-encoding": coding }),
      };
      const body = [encode(Buffer.from(`{"a":"say ${spelled} .","b":[1,2]}`))];
      const answer = await redacting.send({ protocol: "http/1.1", fields, body, stated: true });
      expect(answer).toEqual({ status: 200, verdict: undefined });
      const text = decode(redacting.arrived[0]?.body ?? Buffer.alloc(0)).toString();
      expect(SEARCHED(text)).toBe(false);
      const read: unknown = JSON.parse(text);
      expect(read).toMatchObject({ a: expect.stringContaining(LABEL), b: [1, 2] });
    }
  });

  test.each(Object.keys(NESTED))(
    "and where more than one encoding is around it, or it is blocked: %s",
    async (name) => {
      redacting.arrived.length = 0;
      const spelled = NESTED[name]?.(VALUE) ?? "";
      const fields = { "content-type": "application/json" };
      const body = [Buffer.from(JSON.stringify({ a: `say ${spelled} .`, b: 1 }))];
      const { status } = await redacting.send({ protocol: "http/1.1", fields, body, stated: true });
      expect(status).toBe(/gzip|zlib|zstd|deflate|zip|brotli/.test(name) ? 403 : 200);
      for (const { body: sent } of redacting.arrived) {
        expect(SEARCHED(sent.toString())).toBe(false);
        expect(JSON.parse(sent.toString())).toEqual({
          a: expect.stringMatching(/^say .*\[redacted DEPLOY_KEY\].* \.$/),
          b: 1,
        });
      }
    },
  );

  test.each([
    ["text", "text/plain", (s: string) => s],
    ["JSON", "application/json", (s: string) => JSON.stringify({ key: s })],
    ["a form", "application/x-www-form-urlencoded", (s: string) => `key=${encodeURIComponent(s)}`],
  ])("and in %s that is little else, again and again", async (_, type, make) => {
    for (const coding of ["identity", "gzip"])
      for (const protocol of ["http/1.1", "h2"] as const)
        for (const size of [7, 300]) {
          redacting.arrived.length = 0;
          const [encode, decode] = CODINGS[coding] ?? PLAIN;
          const named = coding === "identity" ? {} : { "content-encoding": coding };
          const fields = { "content-type": type, ...named };
          const body = cut(encode(Buffer.from(make(VALUE))), size);
          const answer = await redacting.send({ protocol, fields, body, stated: size === 300 });
          expect(answer, `${coding} ${size}`).toEqual({ status: 200, verdict: undefined });
          const text = decode(redacting.arrived[0]?.body ?? Buffer.alloc(0)).toString();
          expect(text).toContain("redacted");
          expect(SEARCHED(text)).toBe(false);
        }
  });
});
