import { describe, expect, test } from "vitest";
import type { RequestFacts } from "../../src/policy/facts.ts";
import { headBytes } from "../../src/policy/head-bytes.ts";
import { HOST_METER_COUNT } from "../../src/policy/limits.ts";
import { type BottleQuotas, type QuotaEvent, Quotas, type Spent } from "../../src/policy/quota.ts";
import type { RouteSpec } from "../../src/policy/route.ts";
import { compilePolicy } from "../../src/policy/routes.ts";

const spec = (limits?: RouteSpec["limits"], host = "a.example.com"): RouteSpec => ({
  host,
  ports: [443],
  matches: [],
  encodedSlash: "block",
  git: { fetch: false, apiWrite: false },
  source: "dev.md:2",
  ...(limits && { limits }),
});

/** Its head: 16 bytes of its own, and what HTTP/1.1 writes around them. */
const FACTS: RequestFacts = {
  way: "transparent",
  scheme: "https",
  authority: "a.test",
  port: 443,
  sni: undefined,
  connectHost: undefined,
  method: "GET",
  target: "/",
  headers: ["x-a", "b"],
};
const HEAD = Buffer.byteLength("GET / HTTP/1.1\r\nHost: a.test\r\nx-a: b\r\n\r\n");

function quotas(bottle: BottleQuotas = {}, spent: readonly Spent[] = []) {
  const events: QuotaEvent[] = [];
  return { of: new Quotas(bottle, spent, (event) => events.push(event)), events };
}

describe("a hard limit", () => {
  test("of requests a minute refuses the next one, says when it is possible again, and then allows it", () => {
    const { of } = quotas();
    const route = spec({ requests: { per: "minute", hard: 2 } });
    expect([of.admit(route, "a", FACTS, 0), of.admit(route, "a", FACTS, 1000)]).toEqual([
      undefined,
      undefined,
    ]);
    const refusal = of.admit(route, "a", FACTS, 2000);
    expect(refusal).toMatchObject({ code: "egress.quota_exceeded", retryable: true });
    expect(refusal?.detail).toMatch(/try again in (?:59|60|6[01]) s/);
    expect(of.admit(route, "a", FACTS, 63_000)).toBeUndefined();
  });

  test("of a life never ends, and says which number would have to be higher", () => {
    const { of } = quotas({ requests: { per: "life", hard: 1 } });
    expect(of.admit(spec(), "a", FACTS, 0)).toBeUndefined();
    const refusal = of.admit(spec(), "a", FACTS, 1e12);
    expect(refusal).toMatchObject({ code: "egress.quota_exceeded", retryable: false });
    expect(refusal?.needed).toContain("limits.requests");
  });

  test("of bytes refuses the bytes that would pass it, and counts none of them", () => {
    const { of } = quotas();
    const route = spec({ bytesOut: { per: "hour", hard: 100 } });
    expect(of.send(route, 60, 0)).toBeUndefined();
    expect(of.send(route, 60, 0)).toMatchObject({ code: "egress.quota_exceeded" });
    expect(of.send(route, 40, 0)).toBeUndefined();
    expect(of.admit(route, "a", FACTS, 0)).toMatchObject({ code: "egress.quota_exceeded" });
  });

  test("of bytes counts heads, Host once", () => {
    expect(headBytes(FACTS)).toBe(HEAD);
    expect(headBytes({ ...FACTS, headers: ["Host", "a.test", "x-a", "b"] })).toBe(HEAD);
    const { of } = quotas({ bytesOut: { per: "life", hard: 2 * HEAD + 1 } });
    expect(of.admit(spec(), "a", FACTS, 0)).toBeUndefined();
    expect(of.send(spec(), 2, 0)).toBeUndefined();
    expect(of.admit(spec(), "a", FACTS, 0)).toMatchObject({ code: "egress.quota_exceeded" });
    expect(of.send(spec(), HEAD - 1, 0)).toBeUndefined();
    expect(of.send(spec(), 1, 0)).toMatchObject({ code: "egress.quota_exceeded" });
  });

  test("of hosts counts different ones", () => {
    const { of } = quotas({ hosts: { per: "life", hard: 2 } });
    expect([
      of.admit(spec(), "a", FACTS, 0),
      of.admit(spec(), "b", FACTS, 0),
      of.admit(spec(), "a", FACTS, 0),
    ]).toEqual([undefined, undefined, undefined]);
    expect(of.admit(spec(), "c", FACTS, 0)).toMatchObject({ code: "egress.quota_exceeded" });
  });

  test("of one route leaves another's alone", () => {
    const { of } = quotas();
    const limits = { requests: { per: "life", hard: 1 } } as const;
    expect(of.admit(spec(limits), "a", FACTS, 0)).toBeUndefined();
    expect(of.admit(spec(limits, "b.example.com"), "b", FACTS, 0)).toBeUndefined();
  });
});

test("a soft limit lets pass and tells once a window", () => {
  const { of, events } = quotas({ requests: { per: "minute", soft: 1 } });
  for (const now of [0, 1, 2, 3]) expect(of.admit(spec(), "a", FACTS, now)).toBeUndefined();
  expect(events).toEqual([
    { event: "quota_warning", scope: "bottle", quota: "requests", per: "minute", count: 2, soft: 1 },
  ]);
});

test("what a life has spent survives: told ahead, exact at an orderly end, counted on after a resume", () => {
  const first = quotas({ bytesOut: { per: "life", hard: 1000 } });
  expect(first.of.send(spec(), 300, 0)).toBeUndefined();
  const ahead = first.events.at(-1);
  expect(ahead?.count).toBeGreaterThanOrEqual(300);
  first.of.close();
  const last = first.events.at(-1);
  expect(last).toEqual({ event: "quota_spent", scope: "bottle", quota: "bytes_out", count: 300 });
  const spent: Spent[] = [{ scope: "bottle", quota: "bytes_out", count: 300 }];
  const second = quotas({ bytesOut: { per: "life", hard: 1000 } }, spent);
  expect(second.of.send(spec(), 701, 0)).toMatchObject({ code: "egress.quota_exceeded" });
  expect(second.of.send(spec(), 700, 0)).toBeUndefined();
});

test("hosts beyond those that can be told apart are refused, also where the limit only warns", () => {
  const { of } = quotas({ hosts: { per: "life", soft: 1 } });
  for (let i = 0; i < HOST_METER_COUNT; i++) expect(of.admit(spec(), `h${i}`, FACTS, 0)).toBeUndefined();
  expect(of.admit(spec(), "one-more", FACTS, 0)).toMatchObject({ code: "egress.quota_exceeded" });
  expect(of.admit(spec(), "h0", FACTS, 0)).toBeUndefined();
});

test("without quotas nothing is counted", () => {
  const policy = compilePolicy({ routes: [spec()], gitHosts: [] });
  const { of, events } = quotas();
  for (const { spec: one } of policy.exact.values()) expect(of.admit(one, "a", FACTS, 0)).toBeUndefined();
  of.close();
  expect(events).toEqual([]);
});
