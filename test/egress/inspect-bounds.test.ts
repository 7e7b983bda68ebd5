import { randomBytes } from "node:crypto";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { DEFAULT_INSPECTION } from "../../src/policy/route.ts";
import {
  CODING_COUNT,
  EDITED_PART_BYTES,
  GRPC_DECODED_BYTES,
  GRPC_MESSAGE_BYTES,
} from "../../src/sidecar/egress/inspect/limits.ts";
import { type Carrier, http1Carrier, type Message, type Upstream, upstream } from "./carriers.ts";
import { route, Sidecar } from "./harness.ts";
import { VALUE } from "./spellings.ts";

/** Each bound from both sides: what is as large as may be arrives, what is more is refused with its code. */

let origin: Upstream;
const sides: Sidecar[] = [];
const carriers: Carrier[] = [];

async function carrier(onMatch: "block" | "redact"): Promise<Carrier> {
  const side = new Sidecar({
    origin,
    routes: [route({ dlp: { ...DEFAULT_INSPECTION, onMatch } })],
    bottleSecrets: { DEPLOY_KEY: VALUE },
  });
  const made = await http1Carrier(side);
  sides.push(side);
  carriers.push(made);
  return made;
}

beforeAll(async () => {
  origin = await upstream();
});
afterAll(() => {
  for (const one of carriers) one.close();
  for (const side of sides) side.close();
  origin.close();
});

function coded(times: number): Message {
  let body = Buffer.from("nothing");
  for (let i = 0; i < times; i++) body = gzipSync(body);
  return { fields: { "content-encoding": Array(times).fill("gzip").join(", ") }, pieces: [body] };
}

/** One compressed message. `size`: what it becomes; `random`: of which no byte is saved. */
function grpc(size: number, random = false): Message {
  const bytes = gzipSync(random ? randomBytes(size) : Buffer.alloc(size, "and so on "), {
    level: random ? 0 : 6,
  });
  const prefix = Buffer.from([1, 0, 0, 0, 0]);
  prefix.writeUInt32BE(bytes.length, 1);
  const fields = { "content-type": "application/grpc", "grpc-encoding": "gzip" };
  return { fields, pieces: [Buffer.concat([prefix, bytes])] };
}

describe.each<[string, Message, Message]>([
  ["codings of one body", coded(CODING_COUNT), coded(CODING_COUNT + 1)],
  // a stored block of 64 KiB has five bytes of its own
  ["a compressed gRPC message", grpc(GRPC_MESSAGE_BYTES - 4096, true), grpc(GRPC_MESSAGE_BYTES, true)],
  ["what a gRPC message becomes", grpc(GRPC_DECODED_BYTES), grpc(GRPC_DECODED_BYTES + 1)],
])("%s", (_, most, more) => {
  test("as large as may be arrives as it was sent", async () => {
    const client = await carrier("block");
    origin.arrived.length = 0;
    expect(await client.send(most)).toMatchObject({ status: 200 });
    expect(origin.arrived[0]?.body.equals(Buffer.concat(most.pieces ?? []))).toBe(true);
  });

  test("more is dlp.body_too_large", async () => {
    const client = await carrier("block");
    expect((await client.send(more)).verdict).toBe("dlp.body_too_large");
  });
});

test("a secret is taken out of an encoded part that can be kept, and blocked in one that is longer", async () => {
  const client = await carrier("redact");
  const part = (size: number): Message => {
    const content = Buffer.from(`${VALUE} `.padEnd(size, "and so on ")).toString("base64");
    const body = `--B\r\nContent-Type: text/plain\r\nContent-Transfer-Encoding: base64\r\n\r\n${content}\r\n--B--\r\n`;
    return { fields: { "content-type": "multipart/form-data; boundary=B" }, pieces: [Buffer.from(body)] };
  };
  origin.arrived.length = 0;
  expect(await client.send(part(EDITED_PART_BYTES))).toMatchObject({ status: 200 });
  const [head, content = ""] = (origin.arrived[0]?.body.toString() ?? "").split("base64\r\n\r\n");
  expect(head).toContain("--B");
  expect(Buffer.from(content.split("\r\n--B")[0] ?? "", "base64").toString()).toMatch(
    /^\[redacted DEPLOY_KEY\] and so on /,
  );
  expect((await client.send(part(EDITED_PART_BYTES + 3))).verdict).toBe("dlp.known_secret");
});

test("a secret that ends a compressed gRPC message is found before the next message comes", async () => {
  const client = await carrier("block");
  // no token of any vendor's: what its shape is filled with counts up
  const token = ["gh", "p_", "0a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R"].join("");
  const message = (text: string) => {
    const bytes = gzipSync(text);
    const prefix = Buffer.from([1, 0, 0, 0, 0]);
    prefix.writeUInt32BE(bytes.length, 1);
    return Buffer.concat([prefix, bytes]);
  };
  const fields = { "content-type": "application/grpc", "grpc-encoding": "gzip" };
  // what follows would make another word of it
  const pieces = [message(`key ${token}`), message("aAbBcC and more")];
  expect((await client.send({ fields, pieces })).verdict).toBe("dlp.token_pattern");
});
