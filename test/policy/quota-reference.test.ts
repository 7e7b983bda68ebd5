import * as fc from "fast-check";
import { expect, test } from "vitest";
import type { RequestFacts } from "../../src/policy/facts.ts";
import { headBytes } from "../../src/policy/head-bytes.ts";
import { QUOTA_BUCKETS } from "../../src/policy/limits.ts";
import { type QuotaEvent, Quotas, type Spent } from "../../src/policy/quota.ts";
import type { Quota, RouteSpec } from "../../src/policy/route.ts";

/** Quotas beside the plainest way to count: a list of everything, added up each time. */

const FACTS: RequestFacts = {
  way: "transparent",
  scheme: "https",
  authority: "a.test",
  port: 443,
  sni: undefined,
  connectHost: undefined,
  method: "GET",
  target: "/",
  headers: [],
};
const HEAD = headBytes(FACTS);
const ROUTE: RouteSpec = {
  host: "*.test",
  ports: [443],
  matches: [],
  encodedSlash: "block",
  git: { fetch: false, apiWrite: false },
  source: "dev.md:2",
};
const WINDOW_MS = { minute: 60_000, hour: 3_600_000, life: Number.POSITIVE_INFINITY } as const;

type Kind = "requests" | "bytesOut" | "hosts";
interface Step {
  readonly wait: number;
  /** undefined: a request to `host`; else as many bytes behind a head */
  readonly bytes: number | undefined;
  readonly host: number;
}

const steps = fc.array(
  fc.record<Step>({
    wait: fc.oneof(fc.integer({ min: 0, max: 2_000 }), fc.integer({ min: 0, max: 4_000_000 })),
    bytes: fc.option(fc.integer({ min: 1, max: 200 }), { nil: undefined }),
    host: fc.integer({ min: 0, max: 6 }),
  }),
  { maxLength: 60 },
);
const quota = fc.record({
  kind: fc.constantFrom<Kind>("requests", "bytesOut", "hosts"),
  per: fc.constantFrom<Quota["per"]>("minute", "hour", "life"),
  hard: fc.integer({ min: 0, max: 8 }),
});

/** Everything that was let go: when, how much, and to whom. */
type Let = { readonly at: number; readonly amount: number; readonly host: number }[];

function counted(kind: Kind, let_: Let, from: number): number {
  const inside = let_.filter(({ at }) => at > from);
  if (kind !== "hosts") return inside.reduce((sum, { amount }) => sum + amount, 0);
  return new Set(inside.map(({ host }) => host)).size;
}

function amountOf(kind: Kind, { bytes }: Step): number {
  if (kind === "bytesOut") return bytes ?? HEAD;
  return bytes === undefined ? 1 : 0;
}

test("a hard limit is never passed, and what keeps clear of it is never refused", () => {
  fc.assert(
    fc.property(quota, steps, ({ kind, per, hard: few }, list) => {
      const hard = kind === "bytesOut" ? few * 100 : few;
      const of = new Quotas({ [kind]: { per, hard } }, [], () => {});
      const gone: Let = [];
      let now = 0;
      for (const step of list) {
        now += step.wait;
        const { host, bytes } = step;
        const amount = amountOf(kind, step);
        const refusal =
          bytes === undefined ? of.admit(ROUTE, `${host}.test`, FACTS, now) : of.send(ROUTE, bytes, now);
        const after: Let = [...gone, { at: now, amount, host }];
        if (kind === "hosts" && bytes !== undefined) expect(refusal).toBeUndefined();
        else if (refusal === undefined) {
          gone.push({ at: now, amount, host });
          expect(counted(kind, gone, now - WINDOW_MS[per])).toBeLessThanOrEqual(hard);
        } else if (amount > 0) {
          // It counts by parts of the window: no more than one part longer than the window.
          const longest = WINDOW_MS[per] * (1 + 1 / QUOTA_BUCKETS);
          expect(counted(kind, after, now - longest)).toBeGreaterThan(hard);
        }
      }
    }),
    { seed: 11, numRuns: 400 },
  );
});

test("a soft limit is told when it is passed and once a window, and refuses nothing", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 5 }), steps, (soft, list) => {
      const told: number[] = [];
      let now = 0;
      const of = new Quotas({ requests: { per: "minute", soft } }, [], () => void told.push(now));
      const gone: Let = [];
      for (const step of list) {
        now += step.wait;
        if (step.bytes !== undefined) continue;
        expect(of.admit(ROUTE, "a.test", FACTS, now)).toBeUndefined();
        gone.push({ at: now, amount: 1, host: 0 });
        const heard = told.filter((at) => at > now - WINDOW_MS.minute).length;
        if (counted("requests", gone, now - WINDOW_MS.minute) > soft) expect(heard).toBe(1);
        expect(heard).toBeLessThanOrEqual(1);
      }
    }),
    { seed: 12, numRuns: 200 },
  );
});

/** What the journal says was spent, as a resume reads it. */
function spentOf(events: readonly QuotaEvent[]): Spent[] {
  const last = new Map<string, Spent>();
  for (const event of events) {
    if (event.event !== "quota_spent") continue;
    const { scope, quota: kind, count, host } = event;
    last.set(`${kind} ${host ?? ""}`, { scope, quota: kind, count, ...(host === undefined ? {} : { host }) });
  }
  return [...last.values()];
}

test("a whole life's limit holds over any number of resumes, after a crash too", () => {
  const lives = fc.array(fc.record({ list: steps, crash: fc.boolean() }), { minLength: 1, maxLength: 4 });
  fc.assert(
    fc.property(quota, lives, ({ kind, hard: few }, runs) => {
      const hard = kind === "bytesOut" ? few * 100 : few;
      const events: QuotaEvent[] = [];
      const gone: Let = [];
      let crashed = false;
      for (const { list, crash } of runs) {
        const life = { [kind]: { per: "life", hard } } as const;
        const of = new Quotas(life, spentOf(events), (event) => void events.push(event));
        for (const step of list) {
          const { host, bytes } = step;
          const amount = amountOf(kind, step);
          const refusal =
            bytes === undefined ? of.admit(ROUTE, `${host}.test`, FACTS, 0) : of.send(ROUTE, bytes, 0);
          const after: Let = [...gone, { at: 0, amount, host }];
          if (kind === "hosts" && bytes !== undefined) continue;
          if (refusal === undefined) gone.push({ at: 0, amount, host });
          else if (!crashed && amount > 0) expect(counted(kind, after, -1)).toBeGreaterThan(hard);
        }
        if (crash) crashed = true;
        else of.close();
        expect(counted(kind, gone, -1)).toBeLessThanOrEqual(hard);
      }
    }),
    { seed: 13, numRuns: 300 },
  );
});
