import { expect, test } from "vitest";
import { gathered } from "../../src/sidecar/egress/inspect/gathered-reading.ts";
import { GATHERED_BYTES } from "../../src/sidecar/egress/inspect/limits.ts";

const RECORD = Buffer.alloc(16 * 1024, "a");
const turn = () => new Promise((resolve) => setImmediate(resolve));

function gathering({ flush = true, fails = false } = {}) {
  const events: (string | number)[] = [];
  const reading = {
    data: ({ length }: Buffer) => {
      if (fails) throw new Error("ours");
      events.push(length);
    },
    end: () => void events.push("end"),
    roomy: () => true,
    close: () => void events.push("close"),
  };
  const outlet = { requestFlush: () => flush, crashed: () => void events.push("crashed") };
  const client = { pauseRequest: () => void events.push("pause") };
  return { events, body: gathered(reading, "stream", outlet, client) };
}

test("what comes in one turn is read as one, and before the next", async () => {
  const { events, body } = gathering();
  for (const piece of [RECORD, RECORD, RECORD.subarray(1)]) body.data(piece);
  expect(events).toEqual([]);
  await turn();
  expect(events).toEqual([3 * RECORD.length - 1]);
});

test("a small piece is read at once, and never before one that came earlier", async () => {
  const { events, body } = gathering();
  body.data(Buffer.from("x"));
  expect(events).toEqual([1]);
  body.data(RECORD);
  body.data(Buffer.from("x"));
  await turn();
  expect(events).toEqual([1, RECORD.length + 1]);
});

test("no more is gathered than its bound and a piece, and the end reads the rest first", async () => {
  const { events, body } = gathering();
  for (let size = 0; size <= GATHERED_BYTES; size += RECORD.length) body.data(RECORD);
  expect(events).toEqual([GATHERED_BYTES]);
  body.end([]);
  await turn();
  expect(events).toEqual([GATHERED_BYTES, RECORD.length, "end"]);
});

test("nothing is read after it was closed", async () => {
  const { events, body } = gathering();
  body.data(RECORD);
  body.close();
  await turn();
  expect(events).toEqual(["close"]);
});

test("stops the client when the upstream is backed up, and an error of ours ends the exchange, not the sidecar", async () => {
  const full = gathering({ flush: false });
  full.body.data(RECORD);
  const broken = gathering({ fails: true });
  broken.body.data(RECORD);
  await turn();
  expect([full.events, broken.events]).toEqual([[RECORD.length, "pause"], ["crashed"]]);
});
