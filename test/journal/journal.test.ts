import { createHash } from "node:crypto";
import {
  appendFileSync,
  closeSync,
  copyFileSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import * as fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Fault } from "../../src/base/fault.ts";
import { chainNext, chainStart, parseObject, recordLine } from "../../src/journal/chain.ts";
import { headBytes } from "../../src/journal/head.ts";
import { MAX_LINE, MAX_MESSAGE } from "../../src/journal/limits.ts";
import { openJournal } from "../../src/journal/open.ts";
import { readJournal } from "../../src/journal/read.ts";
import type { JournalEvent, JournalRecord } from "../../src/journal/record.ts";
import { verifyJournal } from "../../src/journal/verify.ts";
import { JournalWriter } from "../../src/journal/writer.ts";
import { type Fixture, journalFolder, pathsIn, request, write, writeRequests } from "./fixture.ts";

const ID = "dev-1";
let fixture: Fixture;
beforeEach(() => {
  fixture = journalFolder(ID);
});
afterEach(() => fixture.remove());

const lines = (): string[] => readFileSync(fixture.paths.lines, "utf8").split("\n").slice(0, -1);
const parsed = (text: string): Readonly<Record<string, unknown>> => parseObject(text) ?? {};
const verify = (id = ID) => verifyJournal(fixture.paths, id);
const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");

describe("the writer", () => {
  it("chains each line to the one before, from the bottle's ID on", async () => {
    writeRequests(fixture.paths, ID, 3);
    const [first = "", second = "", third = ""] = lines();
    expect(JSON.parse(first)).toMatchObject({
      seq: 1,
      at: "2023-11-14T22:13:20.001Z",
      kind: "request",
      path: "/1",
    });
    expect(parsed(first).prev).toBe(sha256(`bot-bottle journal v1 ${ID}`));
    expect(JSON.parse(second)).toMatchObject({ seq: 2, prev: sha256(first) });
    expect(JSON.parse(third)).toMatchObject({ seq: 3, prev: sha256(second) });
    const head = readFileSync(fixture.paths.head, "utf8");
    expect(head).toHaveLength(512);
    expect(JSON.parse(head)).toEqual({
      v: 1,
      id: ID,
      count: 3,
      hash: sha256(third),
      bytes: statSync(fixture.paths.lines).size,
    });
    expect(await verify()).toEqual({ ok: true, count: 3, problems: [], tailAhead: 0, torn: false });
  });

  it("writes by itself on the next turn of the event loop", async () => {
    const fds = openJournal(fixture.paths);
    const writer = JournalWriter.onDescriptors(fds, ID, () => {});
    writer.append(request("/1"), 0);
    writer.append(request("/2"), 0);
    expect(lines()).toHaveLength(0);
    await new Promise((resolve) => setImmediate(resolve));
    expect(lines()).toHaveLength(2);
    expect(await verify()).toMatchObject({ ok: true, count: 2, tailAhead: 0 });
  });

  it("goes on with the chain of an existing pair", async () => {
    writeRequests(fixture.paths, ID, 2);
    writeRequests(fixture.paths, ID, 2);
    expect(lines().map((line) => parsed(line).seq)).toEqual([1, 2, 3, 4]);
    expect(await verify()).toMatchObject({ ok: true, count: 4 });
  });

  it("keeps both files to their owner, whatever mode they had", () => {
    writeFileSync(fixture.paths.head, "", { mode: 0o666 });
    writeRequests(fixture.paths, ID, 1);
    expect(statSync(fixture.paths.lines).mode & 0o777).toBe(0o600);
    expect(statSync(fixture.paths.head).mode & 0o777).toBe(0o600);
  });

  it.each(["lines", "head"] as const)(
    "opens no link, folder or file with a second name as its %s",
    (which) => {
      const other = join(fixture.folder, "other");
      writeFileSync(other, "");
      symlinkSync(other, fixture.paths[which]);
      expect(() => openJournal(fixture.paths)).toThrow(Fault);
      const linked = pathsIn(fixture.folder, "linked");
      linkSync(other, linked[which]);
      expect(() => openJournal(linked)).toThrow(Fault);
      const folder = pathsIn(fixture.folder, "folder");
      mkdirSync(folder[which]);
      expect(() => openJournal(folder)).toThrow(Fault);
    },
  );

  it("lets no event forge the chain's own fields", async () => {
    write(fixture.paths, ID, (writer) =>
      writer.append(
        { kind: "lifecycle", event: "x", seq: 99, prev: "forged", at: "never", __proto__x: 1 },
        0,
      ),
    );
    expect(JSON.parse(lines()[0] ?? "")).toMatchObject({ seq: 1, at: "1970-01-01T00:00:00.000Z" });
    expect(await verify()).toMatchObject({ ok: true });
  });

  it("writes one bounded ASCII line whatever an event holds", async () => {
    const text = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.constantFrom("\n", "\u2028", "\u0085", "\u202e", "\ud800", "\u0000".repeat(5000), "é".repeat(5000)),
    );
    const value = fc.oneof(
      text,
      fc.integer(),
      fc.boolean(),
      fc.constant(null),
      fc.array(text, { maxLength: 40 }),
    );
    await fc.assert(
      fc.asyncProperty(fc.dictionary(text, value, { maxKeys: 50 }), async (details) => {
        const before = lines0();
        write(fixture.paths, ID, (writer) => writer.append({ ...details, kind: "lifecycle", event: "x" }, 0));
        const after = readFileSync(fixture.paths.lines, "latin1");
        const added = after.slice(before);
        expect(added).toMatch(/^[\x20-\x7e]+\n$/);
        expect(added.length).toBeLessThanOrEqual(MAX_LINE);
      }),
      { numRuns: 100 },
    );
    expect(await verify()).toMatchObject({ ok: true, count: 100, torn: false });
  });
  const lines0 = (): number => {
    try {
      return statSync(fixture.paths.lines).size;
    } catch {
      return 0;
    }
  };

  it("keeps messages whole beside texts that are cut, and leaves out one that is too long", async () => {
    const message = { fields: ["X-A: é"], body: "x".repeat(MAX_MESSAGE - 100) };
    const long = "é".repeat(5000);
    const event = { ...request(long), method: long, rule: long, error: long, removed: Array(99).fill(long) };
    write(fixture.paths, ID, (writer) => {
      writer.append({ ...event, request: message, response: message }, 0);
      writer.append(
        { ...event, request: { ...message, body: "x".repeat(MAX_MESSAGE) }, response: message },
        0,
      );
    });
    const [both = "", one = ""] = lines();
    expect(parsed(both)).toMatchObject({ request: message, response: message });
    expect(parsed(one)).toMatchObject({ request: { omitted: "too long" }, response: message });
    expect(both.length).toBeLessThanOrEqual(MAX_LINE);
    expect(await verify()).toMatchObject({ ok: true, count: 2 });
  });

  it("cuts long hosts and paths", () => {
    write(fixture.paths, ID, (writer) => writer.append(request(`/${"a".repeat(100_000)}`), 0));
    expect(parsed(lines()[0] ?? "").path).toHaveLength(1025);
  });

  it("adopts the lines that a crash left after the head's place", async () => {
    writeRequests(fixture.paths, ID, 2);
    const head = readFileSync(fixture.paths.head);
    writeRequests(fixture.paths, ID, 3);
    writeFileSync(fixture.paths.head, head);
    expect(await verify()).toEqual({ ok: true, count: 5, problems: [], tailAhead: 3, torn: false });
    writeRequests(fixture.paths, ID, 1);
    expect(await verify()).toEqual({ ok: true, count: 6, problems: [], tailAhead: 0, torn: false });
  });

  it("takes off an unfinished last line and records that it did", async () => {
    writeRequests(fixture.paths, ID, 2);
    appendFileSync(fixture.paths.lines, '{"seq":3,"at"');
    expect(await verify()).toEqual({ ok: true, count: 2, problems: [], tailAhead: 0, torn: true });
    writeRequests(fixture.paths, ID, 1);
    expect(JSON.parse(lines()[2] ?? "")).toMatchObject({
      seq: 3,
      kind: "lifecycle",
      event: "journal_torn",
      bytes: 13,
      sha256: sha256('{"seq":3,"at"'),
    });
    expect(await verify()).toEqual({ ok: true, count: 4, problems: [], tailAhead: 0, torn: false });
  });

  it.each<[string, () => void]>([
    [
      "another bottle's",
      () => {
        const other = pathsIn(fixture.folder, "other");
        writeRequests(other, "other", 2);
        copyFileSync(other.lines, fixture.paths.lines);
        copyFileSync(other.head, fixture.paths.head);
      },
    ],
    ["behind its head", () => truncateSync(fixture.paths.lines, 100)],
    ["emptied", () => truncateSync(fixture.paths.lines, 0)],
    ["without its head", () => truncateSync(fixture.paths.head, 0)],
    [
      "changed in its last line",
      () =>
        writeFileSync(
          fixture.paths.lines,
          readFileSync(fixture.paths.lines, "latin1").replace('"/3"', '"/9"'),
        ),
    ],
    ["followed by a foreign line", () => appendFileSync(fixture.paths.lines, `${lines()[0]}\n`)],
    ["followed by an endless line", () => appendFileSync(fixture.paths.lines, "x".repeat(MAX_LINE + 2))],
  ])("does not go on with a journal that is %s", (_what, change) => {
    writeRequests(fixture.paths, ID, 3);
    change();
    expect(() => writeRequests(fixture.paths, ID, 1)).toThrow(Fault);
  });
});

describe("a writer that cannot write", () => {
  it("says so once, and writes nothing more", () => {
    writeRequests(fixture.paths, ID, 1);
    const before = readFileSync(fixture.paths.lines);
    const fds = { lines: openSync(fixture.paths.lines, "r"), head: openSync(fixture.paths.head, "r+") };
    const failures: Error[] = [];
    const writer = JournalWriter.onDescriptors(fds, ID, (error) => failures.push(error));
    for (let i = 0; i < 3; i++) {
      writer.append(request("/"), 0);
      writer.flush();
    }
    closeSync(fds.lines);
    closeSync(fds.head);
    expect(failures).toMatchObject([{ code: "EBADF" }]);
    expect(readFileSync(fixture.paths.lines)).toEqual(before);
  });

  it("says why a journal that was cut is not gone on with", () => {
    writeRequests(fixture.paths, ID, 3);
    truncateSync(fixture.paths.lines, 100);
    expect(() => writeRequests(fixture.paths, ID, 1)).toThrow("it is shorter than its head says");
  });
});

describe("verifyJournal", () => {
  beforeEach(() => writeRequests(fixture.paths, ID, 5));

  it("finds any changed byte, in any line", async () => {
    const whole = readFileSync(fixture.paths.lines);
    await fc.assert(
      fc.asyncProperty(fc.nat(whole.length - 1), fc.integer({ min: 1, max: 255 }), async (at, flip) => {
        const changed = Buffer.from(whole);
        changed[at] = (changed[at] ?? 0) ^ flip;
        writeFileSync(fixture.paths.lines, changed);
        expect((await verify()).ok).toBe(false);
      }),
      { numRuns: 100 },
    );
  });

  it("finds a number that is left out in a chain that fits", async () => {
    const first = recordLine(1, 0, request("/1"), chainStart(ID));
    const second = recordLine(3, 0, request("/2"), chainNext(first));
    const text = `${first}\n${second}\n`;
    writeFileSync(fixture.paths.lines, text);
    writeFileSync(
      fixture.paths.head,
      headBytes({ id: ID, count: 2, hash: chainNext(second), bytes: text.length }),
    );
    expect((await verify()).problems).toEqual([{ line: 2, what: "has number 3 where 2 belongs" }]);
  });

  it("names the line after the one that was changed", async () => {
    writeFileSync(fixture.paths.lines, readFileSync(fixture.paths.lines, "latin1").replace('"/2"', '"/9"'));
    const { problems } = await verify();
    expect(problems).toEqual([{ line: 3, what: "does not follow from the line before it" }]);
  });

  it.each([0, 1, 2, 3, 4])("finds that line %i is gone", async (index) => {
    writeFileSync(fixture.paths.lines, `${lines().toSpliced(index, 1).join("\n")}\n`);
    expect(await verify()).toMatchObject({ ok: false, count: 4 });
  });

  it("finds lines in another order, doubled or put in", async () => {
    const [a = "", b = "", c = "", d = "", e = ""] = lines();
    for (const changed of [
      [b, a, c, d, e],
      [a, c, b, d, e],
      [a, a, b, c, d, e],
      [a, b, c, d, e, e],
      [a, b, "{}", c, d, e],
      [a, b, "", c, d, e],
    ]) {
      writeFileSync(fixture.paths.lines, `${changed.join("\n")}\n`);
      expect((await verify()).ok).toBe(false);
    }
  });

  it("finds a cut, at a line or inside one, and a file that is gone or empty", async () => {
    const whole = readFileSync(fixture.paths.lines);
    for (const size of [0, 1, whole.lastIndexOf("\n", -2) + 1, whole.length - 1]) {
      writeFileSync(fixture.paths.lines, whole.subarray(0, size));
      expect((await verify()).ok).toBe(false);
    }
    truncateSync(fixture.paths.head, 0);
    expect((await verify()).ok).toBe(false);
    expect((await verifyJournal(pathsIn(fixture.folder, "missing"), "missing")).ok).toBe(false);
  });

  it("finds that the journal, its head or both are another bottle's", async () => {
    const other = pathsIn(fixture.folder, "other");
    writeRequests(other, "other", 5);
    expect(await verifyJournal({ lines: other.lines, head: fixture.paths.head }, ID)).toMatchObject({
      ok: false,
    });
    expect(await verifyJournal({ lines: fixture.paths.lines, head: other.head }, ID)).toMatchObject({
      ok: false,
    });
    expect(await verifyJournal(other, ID)).toMatchObject({ ok: false });
  });

  it("finds a head that was changed", async () => {
    const head = parsed(readFileSync(fixture.paths.head, "utf8"));
    for (const change of [
      { count: 6 },
      { count: 4 },
      { hash: "0" },
      { v: 2 },
      { id: "x" },
      { count: -1 },
      { bytes: 1 },
    ]) {
      writeFileSync(fixture.paths.head, JSON.stringify({ ...head, ...change }));
      expect((await verify()).ok).toBe(false);
    }
  });

  it("lists a bounded number of problems and holds no endless line", async () => {
    writeFileSync(fixture.paths.lines, `${"x".repeat(3_000_000)}\n${"{}\n".repeat(1000)}`);
    const { ok, problems } = await verify();
    expect(ok).toBe(false);
    expect(problems.length).toBeLessThan(25);
    expect(problems[0]).toEqual({ line: 1, what: "is longer than 65536 bytes" });
  });
});

describe("readJournal", () => {
  const records = async (count: number, follow = false): Promise<JournalRecord[]> => {
    const found: JournalRecord[] = [];
    for await (const { record } of readJournal(fixture.paths, { follow })) {
      if (record !== undefined) found.push(record);
      if (found.length === count) break;
    }
    return found;
  };

  it("gives the records in order", async () => {
    writeRequests(fixture.paths, ID, 3);
    expect((await records(9)).map((record) => record.seq)).toEqual([1, 2, 3]);
  });

  it("follows what is written later", async () => {
    writeRequests(fixture.paths, ID, 1);
    const reading = records(3, true);
    writeRequests(fixture.paths, ID, 2);
    expect((await reading).map((record) => record.seq)).toEqual([1, 2, 3]);
  });

  it("stops following when told, but reads what is there first", async () => {
    writeRequests(fixture.paths, ID, 1);
    const stop = new AbortController();
    let seen = 0;
    for await (const line of readJournal(fixture.paths, { follow: true, signal: stop.signal })) {
      seen = line.number;
      if (seen === 1) {
        writeRequests(fixture.paths, ID, 2);
        stop.abort();
      }
    }
    expect(seen).toBe(3);
  });

  it("shows a line that is no record without stopping at it", async () => {
    writeRequests(fixture.paths, ID, 1);
    appendFileSync(
      fixture.paths.lines,
      `garbage\n{"seq":1,"prev":"","at":"","kind":"other"}\n${lines()[0]}\n`,
    );
    const found: boolean[] = [];
    for await (const { record } of readJournal(fixture.paths)) found.push(record !== undefined);
    expect(found).toEqual([true, false, false, true]);
  });

  it("says that there is no such journal", async () => {
    await expect(readJournal(pathsIn(fixture.folder, "x")).next()).rejects.toThrow(Fault);
  });

  it("keeps every kind of event", async () => {
    const events: JournalEvent[] = [
      request("/a"),
      { kind: "dns", name: "a.example", type: "TXT", server: "8.8.8.8", answer: "nodata", left_out: 3 },
      { kind: "lifecycle", event: "agent_exited", code: 0, signal: null, ids: ["a"] },
    ];
    write(fixture.paths, ID, (writer) => {
      for (const event of events) writer.append(event, 0);
    });
    expect(await records(3)).toMatchObject(events);
  });
});
