import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { recordLine } from "../../src/journal/chain.ts";
import { formatRecord } from "../../src/journal/format.ts";
import type { JournalEvent, JournalRecord } from "../../src/journal/record.ts";
import { request } from "./fixture.ts";

const record = (event: JournalEvent): JournalRecord => ({
  seq: 1,
  at: "2026-11-24T04:00:00.000Z",
  prev: "",
  ...event,
});

describe("formatRecord", () => {
  it("puts time, verdict, request, outcome and rule of a request on one line", () => {
    expect(formatRecord(record(request("/v1/messages")))).toBe(
      "2026-11-24T04:00:00.000Z  allow  GET api.example.com:443/v1/messages  |  200, 120 B out, 4096 B in, 12 ms  |  route api.example.com (dev.md:12)",
    );
    const blocked = {
      ...request("/"),
      verdict: "block",
      code: "egress.ip_literal",
      status: 403,
      removed: ["authorization"],
      injected: "T",
      error: "gone",
    } as const;
    expect(formatRecord(record(blocked))).toContain("BLOCK  egress.ip_literal GET api.example.com:443/");
    expect(formatRecord(record(blocked))).toContain("put on T  |  took off authorization  |  error: gone");
  });

  it("shows questions and lifecycle events", () => {
    expect(
      formatRecord(
        record({
          kind: "dns",
          name: "a.example",
          type: "TXT",
          server: "8.8.8.8",
          answer: "nodata",
          left_out: 2,
        }),
      ),
    ).toContain("dns    TXT a.example at 8.8.8.8: nodata (and 2 not recorded before it)");
    expect(formatRecord(record({ kind: "lifecycle", event: "agent_exited", code: 0 }))).toContain(
      "agent_exited code=0",
    );
  });

  it("prints one line of bounded, printable text whatever the record holds", () => {
    const text = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.constantFrom("\u001b]52;c;x\u0007", "\n", "\u202e", "x".repeat(5000)),
    );
    fc.assert(
      fc.property(text, text, text, (a, b, c) => {
        for (const event of [
          { ...request(a), host: b, rule: c, error: a },
          { kind: "dns", name: a, type: b, server: c, answer: "nodata" },
          { kind: "lifecycle", event: a, detail: b, [c]: a },
        ] as JournalEvent[]) {
          const line = formatRecord(record(event));
          expect(line).not.toMatch(/\p{Cc}|[\u202a-\u202e]/u);
          expect(line.length).toBeLessThan(20_000);
        }
      }),
    );
  });
});

it("writes what was found in a request field by field", () => {
  const findings = [{ detector: "known_secrets", name: "KEY", surface: "body", action: "block" }] as const;
  const line = recordLine(1, 0, { ...request("/x"), findings }, "p");
  expect(JSON.parse(line)).toMatchObject({ findings });
});
