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

const push = {
  kind: "git",
  event: "push",
  repo: "widgets",
  upstream: "ssh://git@forge.example.com/team/widgets.git",
  refs: [{ ref: "refs/heads/main", old: "1".repeat(40), new: "2".repeat(40) }],
  verdict: "block",
  code: "dlp.known_secret",
  rule: "scan",
  objects: 7,
  bytes: 900,
  findings: [
    {
      detector: "known_secrets",
      name: "API_KEY",
      surface: "blob",
      path: "src/a.ts",
      line: 3,
      action: "block",
    },
  ],
  ms: 80,
  id: "r-1",
} as const;

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

  it("says of a push where it went, what it changed and what was found", () => {
    expect(formatRecord(record(push))).toBe(
      "2026-11-24T04:00:00.000Z  BLOCK  dlp.known_secret git push widgets (ssh://git@forge.example.com/team/widgets.git)  |  refs/heads/main 1111111..2222222  |  7 objects, 900 B, 80 ms  |  scan  |  found API_KEY in blob src/a.ts:3  |  r-1",
    );
  });

  it("counts the refs it doesn't list", () => {
    const refs = (fields: object) => formatRecord(record({ ...push, ...fields })).split("  |  ")[1];
    expect(refs({ refs: [], refs_left_out: 2 })).toBe("2 refs");
    expect(refs({ refs_left_out: 1 })).toBe("refs/heads/main 1111111..2222222, 1 ref more");
  });

  it("says of a proposal what was asked and what came of it", () => {
    const { repo, upstream, refs } = push;
    const asked = { kind: "proposal", id: "p1", asks: "push", repo, upstream, refs, digest: "d" } as const;
    const line = formatRecord(
      record({
        ...asked,
        event: "rejected",
        held: ["git.held .gitmodules"],
        held_left_out: 2,
        reason: "not today",
      }),
    );
    expect(line).toContain("asked  rejected p1 push widgets (ssh://git@forge.example.com/team/widgets.git)");
    expect(line).toContain("git.held .gitmodules, 2 more  |  reason: not today");
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
          { ...push, repo: a, upstream: b, refs: [{ ref: c, old: a, new: b }], error: c },
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

it("writes what was found field by field, numbers as numbers", () => {
  const findings = [
    { detector: "known_secrets", name: "KEY", surface: "blob", line: 3, action: "block" },
  ] as const;
  const line = recordLine(1, 0, { ...push, findings }, "p");
  expect(JSON.parse(line)).toMatchObject({ findings });
});
