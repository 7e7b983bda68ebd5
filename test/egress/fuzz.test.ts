import { readdirSync, readFileSync } from "node:fs";
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from "node:zlib";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { BodyFault } from "../../src/sidecar/egress/inspect/body-fault.ts";
import { statedCodings } from "../../src/sidecar/egress/inspect/content-codings.ts";
import { ContentDecoder } from "../../src/sidecar/egress/inspect/content-decoder.ts";
import { GrpcReader } from "../../src/sidecar/egress/inspect/grpc-reader.ts";
import { MultipartReader } from "../../src/sidecar/egress/inspect/multipart-reader.ts";
import { createTransferDecoder } from "../../src/sidecar/egress/inspect/transfer-decoder.ts";
import { runs } from "../support/runs.ts";

/** What a reader makes of bytes that come in pieces; a fault is a part of it, any other error fails the test. */
type Read = (pieces: readonly Buffer[]) => string | Promise<string>;

function outcome(said: string[], read: () => void): string {
  try {
    read();
  } catch (error) {
    if (!(error instanceof BodyFault)) throw error;
    said.push(`<${error.code}: ${error.message}>`);
  }
  return said.join("");
}

const multipart: Read = (pieces) => {
  const said: string[] = [];
  let told = 0;
  let came = 0;
  const tell = (bytes: Buffer, at: number, exact: boolean) => {
    if (!exact) return;
    // every byte of the body, once, in order, where it is said to be
    if (at !== told || !bytes.equals(Buffer.concat(pieces).subarray(at, at + bytes.length)))
      throw new Error(`told of ${at}, and before that up to ${told}`);
    told += bytes.length;
  };
  return outcome(said, () => {
    const reader = new MultipartReader("B", {
      frame: tell,
      partStart: () => said.push("["),
      partData: (bytes, at, exact) => {
        tell(bytes, at, exact);
        said.push(bytes.toString("latin1"));
      },
      partEnd: () => said.push("]"),
    });
    for (const piece of pieces) {
      reader.write(piece, came, true);
      came += piece.length;
      if (Math.min(reader.open, came) < told) throw new Error(`open at ${reader.open}, told up to ${told}`);
    }
    reader.end();
    if (told !== came) throw new Error(`told up to ${told} of ${came}`);
  });
};

const grpc: Read = (pieces) => {
  const said: string[] = [];
  return outcome(said, () => {
    const reader = new GrpcReader(true, {
      messageStart: (compressed, length, prefix) =>
        said.push(`[${compressed} ${length} ${prefix.toString("hex")} `),
      messageData: (bytes) => said.push(bytes.toString("latin1")),
      messageEnd: () => said.push("]"),
    });
    for (const piece of pieces) reader.write(piece);
    reader.end();
  });
};

function transfer(encoding: string): Read {
  return (pieces) => {
    const said: string[] = [];
    return outcome(said, () => {
      const decoder = createTransferDecoder(encoding);
      const emit = (bytes: Buffer) => said.push(bytes.toString("latin1"));
      for (const piece of pieces) decoder?.write(piece, emit);
      decoder?.end(emit);
    });
  };
}

/** What came before a fault depends on how much a decoder is given at once: only the fault counts then. */
function coded(encoding: string): Read {
  return (pieces) =>
    new Promise((resolve, reject) => {
      const said: Buffer[] = [];
      const codings = statedCodings(["content-encoding", encoding]);
      if (codings instanceof BodyFault) return reject(codings);
      const decoder = new ContentDecoder(codings, {
        decoded: (bytes) => said.push(Buffer.from(bytes)),
        failed: ({ code }) => resolve(`<${code}>`),
      });
      const next = (at: number): void => {
        const piece = pieces[at];
        if (piece) decoder.write(piece, () => next(at + 1));
        else decoder.end(() => resolve(Buffer.concat(said).toString("latin1")));
      };
      return next(0);
    });
}

function cut(bytes: Buffer, sizes: readonly number[]): Buffer[] {
  const pieces: Buffer[] = [];
  for (let at = 0, i = 0; at < bytes.length; at += sizes[i % sizes.length] ?? 1, i++)
    pieces.push(bytes.subarray(at, at + (sizes[i % sizes.length] ?? 1)));
  return pieces;
}

/** Bytes that are nearly what a reader wants: its words in any order, cut, doubled, with anything between. */
function near(words: readonly (string | Buffer)[]): fc.Arbitrary<Buffer> {
  const word = fc.constantFrom(...words).map((text) => Buffer.from(text as string, "latin1"));
  const piece = fc.oneof(
    { weight: 6, arbitrary: word },
    { weight: 1, arbitrary: fc.tuple(word, fc.nat(12)).map(([bytes, end]) => bytes.subarray(0, end)) },
    { weight: 2, arbitrary: fc.uint8Array({ maxLength: 12 }).map((bytes) => Buffer.from(bytes)) },
  );
  return fc.array(piece, { maxLength: 30 }).map((pieces) => Buffer.concat(pieces));
}

const PART_WORDS =
  '--B|\r\n--B|\r\n--B\r\n|\r\n--B--|--B\r\n|\r\n|\r\n\r\n|\n|Content-Type: text/plain|Content-Type: multipart/mixed; boundary=C|Content-Transfer-Encoding: base64|Content-Transfer-Encoding: quoted-printable|\r\n--C\r\n|\r\n--C--|SGVsbG8=|=3D=\r\n|  |\t|: |;|name="f"|--|a'.split(
    "|",
  );
const MESSAGES = ["hello", ""].flatMap((text) =>
  [0, 1, 0x80, 0x81, 2].map((flag) => {
    const prefix = Buffer.from([flag, 0, 0, 0, text.length]);
    return Buffer.concat([prefix, Buffer.from(text)]);
  }),
);
const sample = Buffer.from("some text, some text, and some more of it. ".repeat(9));

/** Valid data, with a few bytes changed, cut off, or with something behind it. */
function spoilt(valid: readonly Buffer[]): fc.Arbitrary<Buffer> {
  const change = fc.tuple(fc.nat(400), fc.nat(255));
  return fc
    .tuple(fc.constantFrom(...valid), fc.array(change, { maxLength: 3 }), fc.nat(500), near(["x", "\0"]))
    .map(([bytes, changes, end, behind]) => {
      const copy = Buffer.from(bytes);
      for (const [at, byte] of changes) if (at < copy.length) copy[at] = byte;
      return end < copy.length ? copy.subarray(0, end) : Buffer.concat([copy, behind.subarray(0, end % 4)]);
    });
}

const READERS: Record<string, { read: Read; bytes: fc.Arbitrary<Buffer>; seeds: string; usual: number }> = {
  "multipart bodies": { read: multipart, bytes: near(PART_WORDS), seeds: "multipart", usual: 1500 },
  "gRPC messages": { read: grpc, bytes: near(MESSAGES), seeds: "grpc", usual: 1500 },
  "parts in base64": {
    read: transfer("base64"),
    bytes: near(["SGVsbG8=", "SGVs", "=", "==", "\r\n", " ", "_-", "A", "+/"]),
    seeds: "base64",
    usual: 700,
  },
  "parts in quoted-printable": {
    read: transfer("quoted-printable"),
    bytes: near(["=3D", "=", "=\r\n", "=\n", "= \t\r\n", "=4", "\r\n", "abc", "=      \r\n", "==41"]),
    seeds: "quoted-printable",
    usual: 1500,
  },
  "gzip bodies": {
    read: coded("gzip"),
    bytes: spoilt([gzipSync(sample), gzipSync("")]),
    seeds: "coded",
    usual: 150,
  },
  "deflate bodies": {
    read: coded("deflate"),
    bytes: spoilt([deflateSync(sample), deflateRawSync(sample), deflateRawSync("")]),
    seeds: "coded",
    usual: 150,
  },
  "br bodies": { read: coded("br"), bytes: spoilt([brotliCompressSync(sample)]), seeds: "coded", usual: 150 },
  "zstd bodies": {
    read: coded("zstd"),
    bytes: spoilt([zstdCompressSync(sample)]),
    seeds: "coded",
    usual: 150,
  },
  "bodies in gzip, then zstd": {
    read: coded("gzip, zstd"),
    bytes: spoilt([zstdCompressSync(gzipSync(sample))]),
    seeds: "coded",
    usual: 100,
  },
};

const SEEDS = new URL("./seeds/", import.meta.url);

describe.each(Object.entries(READERS))("%s", (_, { read, bytes, seeds, usual }) => {
  test("are read alike however they are cut, and fail with nothing but a fault", async () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(bytes, sizes, async (whole, cuts) => {
        expect(await read(cut(whole, cuts))).toBe(await read([whole]));
      }),
      runs(usual),
    );
  });

  test.each(readdirSync(new URL(`${seeds}/`, SEEDS)))("the seed %s is read as it was", async (name) => {
    const whole = Buffer.from(
      readFileSync(new URL(`${seeds}/${name}`, SEEDS), "latin1").replace(/\s/g, ""),
      "hex",
    );
    for (const size of [1, 2, 3, 7, 64]) expect(await read(cut(whole, [size]))).toBe(await read([whole]));
  });
});
