import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readAdvertisement } from "../../src/sidecar/git-gate/wire/advertisement.ts";
import {
  FLUSH,
  type Packet,
  PacketReader,
  packet,
  WireError,
} from "../../src/sidecar/git-gate/wire/pkt-line.ts";
import { PROBE, readPushRequest } from "../../src/sidecar/git-gate/wire/push-request.ts";
import { encodeReport, readReport } from "../../src/sidecar/git-gate/wire/report.ts";
import { band, bandOne } from "../../src/sidecar/git-gate/wire/side-band.ts";

const A = "a".repeat(40);
const B = "b".repeat(40);
const ZERO = "0".repeat(40);

async function* inPieces(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

const reader = (bytes: Buffer | string, size = 7) =>
  new PacketReader(inPieces(typeof bytes === "string" ? Buffer.from(bytes, "latin1") : bytes, size));

async function all(from: PacketReader): Promise<Packet[]> {
  const packets: Packet[] = [];
  for (let next = await from.next(); next !== undefined; next = await from.next()) packets.push(next);
  return packets;
}

const lines = (...texts: string[]) => Buffer.concat([...texts.map((text) => packet(text)), FLUSH]);

describe("packets", () => {
  test("come out as they went in, however their bytes arrive, and what is behind them is left", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 8 }),
        fc.uint8Array({ maxLength: 50 }),
        fc.integer({ min: 1, max: 40 }),
        async (payloads, rest, size) => {
          const sent = payloads.map((payload) => Buffer.from(payload));
          const from = reader(Buffer.concat([...sent.map(packet), FLUSH, Buffer.from(rest)]), size);
          const read: Packet[] = [];
          for (let next = await from.next(); next !== "flush"; next = await from.next())
            read.push(next ?? "flush");
          expect(read).toEqual(sent);
          const left: Buffer[] = [];
          for await (const bytes of from.rest()) left.push(bytes);
          expect(Buffer.concat(left)).toEqual(Buffer.from(rest));
        },
      ),
      { seed: 7, numRuns: 100 },
    );
  });

  test.each([
    ["a length that is no number", "00zzabc"],
    ["a length below its own", "0003"],
    ["a length over git's bound", "fff8"],
    ["an end inside a length", "00"],
    ["an end inside a packet", "0009ab"],
  ])("%s is an error", async (_, text) => {
    await expect(all(reader(text))).rejects.toThrow(WireError);
  });
});

describe("an upstream's refs", () => {
  test("are read with its capabilities, its default branch and what tags stand for", async () => {
    const said = await readAdvertisement(
      reader(
        lines(
          `${A} HEAD\0side-band-64k symref=HEAD:refs/heads/trunk agent=git/2\n`,
          `${A} refs/heads/trunk\n`,
          `${B} refs/tags/v1\n`,
          `${A} refs/tags/v1^{}\n`,
        ),
      ),
    );
    expect([...said.refs.keys()]).toEqual(["HEAD", "refs/heads/trunk", "refs/tags/v1"]);
    expect(said.peeled.get("refs/tags/v1")).toBe(A);
    expect(said).toMatchObject({ head: "refs/heads/trunk", format: "sha1" });
  });

  test("of an empty one are none", async () => {
    const said = await readAdvertisement(reader(lines(`${ZERO} capabilities^{}\0object-format=sha256\n`)));
    expect(said.refs.size).toBe(0);
    expect(said.format).toBe("sha256");
  });

  test.each([
    ["an error", lines("ERR access denied\n"), "access denied"],
    ["a shallow repository", lines(`${A} refs/heads/x\0`, `shallow ${A}`), "shallow"],
    ["a line without a name", lines(A), "names none"],
    ["an end before the flush", packet(`${A} refs/heads/x\n`), "before its refs did"],
  ])("that are %s are refused", async (_, bytes, message) => {
    await expect(readAdvertisement(reader(bytes))).rejects.toThrow(message);
  });
});

describe("a push's commands", () => {
  test("are read with its options, and the pack is left", async () => {
    const head = Buffer.concat([
      lines(
        `${ZERO} ${A} refs/heads/x\0 report-status-v2 side-band-64k atomic push-options`,
        `${A} ${B} refs/heads/y`,
      ),
      lines("ci.skip"),
      Buffer.from("PACK"),
    ]);
    const from = reader(head);
    expect(await readPushRequest(from)).toEqual({
      updates: [
        { ref: "refs/heads/x", old: ZERO, new: A },
        { ref: "refs/heads/y", old: A, new: B },
      ],
      shallow: [],
      atomic: true,
      sideBand: true,
      report: 2,
      options: ["ci.skip"],
    });
    const rest: Buffer[] = [];
    for await (const bytes of from.rest()) rest.push(bytes);
    expect(Buffer.concat(rest).toString()).toBe("PACK");
  });

  test("are none in what git sends to ask whether it may push", async () => {
    expect(await readPushRequest(reader(FLUSH))).toBe(PROBE);
  });

  test.each([
    ["a push certificate", lines("push-cert\0 report-status\n")],
    ["ids of two lengths", lines(`${ZERO} ${"a".repeat(64)} refs/heads/x\0`)],
    ["a command without a ref", lines(`${ZERO} ${A}\0 report-status`)],
    [
      "an option that breaks its line",
      Buffer.concat([lines(`${ZERO} ${A} refs/heads/x\0push-options`), lines("a\nb\n")]),
    ],
    ["a shallow line that is no id", lines("shallow x")],
    ["an end before the flush", packet(`${ZERO} ${A} refs/heads/x\0`)],
    [
      "5000 of them",
      lines(
        `${ZERO} ${A} refs/heads/x\0`,
        ...Array.from({ length: 5000 }, (_, i) => `${ZERO} ${A} refs/heads/${i}`),
      ),
    ],
  ])("that hold %s are refused", async (_, bytes) => {
    await expect(readPushRequest(reader(bytes, 1000))).rejects.toThrow(WireError);
  });
});

describe("a report", () => {
  test("says of each ref what became of it, in band 1, and can be read again", async () => {
    const results = [
      { ref: "refs/heads/x", refused: undefined },
      { ref: "refs/heads/y", refused: "hook declined" },
    ];
    const from = reader(encodeReport(2, true, undefined, results));
    const inner = new PacketReader(bandOne(from, () => {}));
    expect(await readReport(inner)).toEqual({ unpack: undefined, results });
  });

  test("of a signed commit names its new id to who can read that", () => {
    const results = [{ ref: "refs/heads/x", refused: undefined, signed: B }];
    expect(encodeReport(2, false, undefined, results).toString()).toContain(`option new-oid ${B}`);
    expect(encodeReport(1, false, undefined, results).toString()).not.toContain("option");
  });

  test("that breaks off, or comes in no band, is an error", async () => {
    await expect(readReport(reader(""))).rejects.toThrow(WireError);
    const said: string[] = [];
    const bytes = Buffer.concat([band(2, Buffer.from("hello")), band(3, Buffer.from("out of disk"))]);
    const read = async () => {
      for await (const _ of bandOne(reader(bytes), (text) => said.push(text.toString())));
    };
    await expect(read()).rejects.toThrow("out of disk");
    expect(said).toEqual(["hello"]);
  });
});
