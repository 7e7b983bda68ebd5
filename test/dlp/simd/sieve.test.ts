import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BASE32_LOWER, BASE32_UPPER } from "../../../src/dlp/decode/base32.ts";
import { VALUES } from "../../../src/dlp/decode/base64-values.ts";
import { LIST } from "../../../src/dlp/decode/byte-lists.ts";
import { EncodedRuns } from "../../../src/dlp/decode/encoded-runs.ts";
import { PAIRS } from "../../../src/dlp/decode/leads.ts";
import { RUN_CHARS, TEXT_BYTES } from "../../../src/dlp/decode/limits.ts";
import { MAGIC_PAIRS } from "../../../src/dlp/decode/telling.ts";
import { type Sieved, SLICE_BYTES, sieve } from "../../../src/dlp/simd/sieve.ts";

const MAGICS = new Set(MAGIC_PAIRS);

/** Indexes for which it holds, one by one. */
function indexes(length: number, holds: (i: number) => boolean): number[] {
  return Array.from({ length: Math.max(0, length) }, (_, i) => i).filter(holds);
}

/** What the sieve is to say, but for runs, looked at byte by byte. */
function plainly(bytes: Uint8Array): Omit<Record<keyof Sieved, number[]>, "runs"> {
  const { length } = bytes;
  const pairAt = (i: number) => ((bytes[i] ?? 0) << 8) | (bytes[i + 1] ?? 0);
  const isOf = (table: Uint8Array, from: number) =>
    from >= 0 && bytes.subarray(from, from + 16).every((byte) => table[byte] !== 0);
  // of less than sixteen at the end the sieve says nothing that matters: what is open there is looked at anyway
  const blocks = indexes(length >> 4, () => true).map((block) => 16 * block);
  const lists: number[] = [];
  let numbers = false;
  for (const at of blocks) {
    const isNumber = bytes.subarray(at, at + 16).some((byte) => LIST[byte] === 2);
    numbers = isOf(LIST, at) && (numbers || isNumber);
    if (numbers && isOf(LIST, at - 16)) lists.push(at);
  }
  return {
    leads: indexes(length - 1, (i) => PAIRS[pairAt(i)] !== 0),
    magics: indexes(length - 1, (i) => MAGICS.has(pairAt(i))),
    uppers: blocks.filter((at) => isOf(BASE32_UPPER, at)),
    lowers: blocks.filter((at) => isOf(BASE32_LOWER, at)),
    lists,
  };
}

function expectPlain(bytes: Uint8Array): void {
  // what another text left behind this one is no matter
  sieve(new Uint8Array(256).fill(0x30));
  const said = sieve(bytes);
  const whole = (bytes.length >> 4) << 4;
  const { leads, magics, uppers, lowers, lists } = plainly(bytes);
  expect([...said.leads]).toEqual(leads);
  expect([...said.magics]).toEqual(magics);
  for (const [of, expected] of [
    [said.uppers, uppers],
    [said.lowers, lowers],
    [said.lists, lists],
  ] as const)
    expect([...of].filter((at) => at < whole)).toEqual(expected);
}

describe("the sieve", () => {
  it("says of every two bytes what the tables say", () => {
    for (let first = 0; first < 256; first++) {
      const bytes = new Uint8Array(512);
      for (let second = 0; second < 256; second++) bytes.set([first, second], 2 * second);
      const said = sieve(bytes);
      const { leads, magics } = plainly(bytes);
      expect([...said.leads]).toEqual(leads);
      expect([...said.magics]).toEqual(magics);
    }
  });

  it("says it at every place of a block, and of a slice that isn't full", () => {
    const pairs = [
      ...MAGIC_PAIRS.map((pair) => [pair >> 8, pair & 255]),
      [0x25, 0x41],
      [0xf3, 0xa0],
      [0, 0x41],
    ];
    for (const length of [2, 15, 16, 17, 63, 64, 65, 66, 127, 128, 129])
      for (let at = 0; at + 1 < length; at++) {
        const bytes = new Uint8Array(length).fill(0x7e);
        bytes.set(pairs[at % pairs.length] ?? [], at);
        expectPlain(bytes);
      }
  });

  it("says what a loop over all bytes says, of texts in which classes change often", () => {
    const parts = fc.oneof(
      fc.string({ unit: fc.constantFrom(..."ABCDEFZ234567"), maxLength: 50, size: "max" }),
      fc.string({ unit: fc.constantFrom(..."abcdefz234567"), maxLength: 50, size: "max" }),
      fc.string({ unit: fc.constantFrom(..."0123456789, "), maxLength: 60, size: "max" }),
      fc.nat(60).map((count) => " ".repeat(count)),
      fc.string({
        unit: fc.constantFrom("x", "\u009c", "\u001f", "\u008b", "P", "K", "%", "\\", "n"),
        maxLength: 9,
      }),
      fc.string({ unit: "binary", maxLength: 9, size: "max" }),
    );
    fc.assert(
      fc.property(fc.array(parts, { maxLength: 12, size: "max" }), (texts) =>
        expectPlain(Buffer.from(texts.join(""), "latin1")),
      ),
      { seed: 33, numRuns: 100 },
    );
  });

  it("says of the last bytes of a full slice what it says of the first", () => {
    const bytes = new Uint8Array(SLICE_BYTES).fill(0x7e);
    bytes.set(Buffer.from("x\u009c", "latin1"), SLICE_BYTES - 2);
    bytes.set(Buffer.from("%41", "latin1"), SLICE_BYTES - 6);
    bytes.set(Buffer.from("MFRGGZDFMZTWQ2LK"), SLICE_BYTES - 32);
    bytes.set(Buffer.from("x\u009c%41", "latin1"));
    expectPlain(bytes);
  });

  it("tells a run that ends with the slice, whatever it says: it may go on", () => {
    for (const count of [RUN_CHARS, 17, 63, 64, 65, 511, 512, 513, 5000]) {
      const bytes = new Uint8Array(SLICE_BYTES).fill(0x7e);
      bytes.fill(0x41, SLICE_BYTES - count);
      expect([...sieve(bytes).runs]).toEqual([SLICE_BYTES - count]);
    }
  });

  it("has room for as many answers as a slice can have", () => {
    for (const text of ["%4", "x\u009c", "A", "a", "1 ", "MFRGGZDFMZTWQ2LK ", "\u00c3\u00a9"]) {
      const bytes = Buffer.from(text.repeat(SLICE_BYTES), "latin1").subarray(0, SLICE_BYTES);
      expectPlain(bytes);
    }
  });
});

/** Where runs of base64 or hex begin that are long enough, and where they end. */
function runsOf(bytes: Uint8Array): { readonly start: number; readonly end: number }[] {
  const runs: { start: number; end: number }[] = [];
  for (let at = 0; at < bytes.length; at++) {
    const start = at;
    while (at < bytes.length && VALUES[bytes[at] ?? 0] !== 64) at++;
    if (at - start >= RUN_CHARS) runs.push({ start, end: at });
  }
  return runs;
}

describe("runs that the sieve passes over", () => {
  const unit = fc.constantFrom(..."ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_");
  const part = fc.oneof(
    fc.string({ unit, minLength: 10, maxLength: 90, size: "max" }),
    fc.string({ unit: fc.constantFrom(..."0123456789abcdef"), minLength: 12, maxLength: 70, size: "max" }),
    fc
      .string({ minLength: 8, maxLength: 60, size: "max" })
      .map((text) => Buffer.from(text).toString("base64")),
    fc.string({ minLength: 8, maxLength: 40, size: "max" }).map((text) => Buffer.from(text).toString("hex")),
    // as few bytes of text in a row as are read, and one less
    fc
      .tuple(fc.uint8Array({ minLength: 1, maxLength: 12 }), fc.constantFrom(TEXT_BYTES, TEXT_BYTES - 1))
      .map(([noise, count]) => {
        const around = Buffer.from(noise.map((byte) => byte | 0x80));
        return Buffer.concat([around, Buffer.alloc(count, "text"), around]).toString("base64");
      }),
    fc
      .uint8Array({ minLength: 400, maxLength: 700, size: "max" })
      .map((noise) => Buffer.from(noise).toString("base64")),
  );
  const between = fc.constantFrom(" ", "\n", "\r\n", "\\n", "\n  ", ".", '"', "; ", "=\n");

  it("say nothing to who decodes each, and those that are told begin where a run does", () => {
    let passed = 0;
    fc.assert(
      fc.property(
        fc.array(fc.tuple(part, between), { minLength: 1, maxLength: 8, size: "max" }),
        (pieces) => {
          const text = Buffer.from(pieces.flat().join(""), "latin1");
          const told = sieve(text).runs;
          const runs = runsOf(text);
          for (const start of told) expect(runs.map((run) => run.start)).toContain(start);
          // decoded from every run on, as a run goes on over line ends
          const wanted = new Set(
            decodedOf(
              text,
              Uint16Array.from(runs, ({ start }) => start),
            ),
          );
          const given = new Set(decodedOf(text, told));
          for (const one of wanted) if (!given.has(one)) expect.fail(`passed over: ${one}`);
          passed += runs.length - told.length;
        },
      ),
      { seed: 34, numRuns: 400 },
    );
    expect(passed).toBeGreaterThan(100);
  });

  /** What is read of the runs that begin at `runs`. */
  function decodedOf(text: Buffer, runs: Uint16Array): string[] {
    const decoded: string[] = [];
    const reader = new EncodedRuns((run) => {
      decoded.push(`${run.encoding} ${run.start} ${run.end} ${run.decoded.toString("hex")}`);
      return false;
    });
    reader.write(text, true, runs);
    return decoded;
  }
});
