import { readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { afterEach, describe, expect, it } from "vitest";
import { type Evidence, judgeAllowed, judgeAttack } from "../../src/cli/demo/judge.ts";
import type { Outcome } from "../../src/cli/demo/outcome.ts";
import { rowsOf } from "../../src/cli/demo/rows.ts";
import { BottleHome } from "../support/bottle.ts";
import { STARTERS } from "../support/program.ts";

const demoFolders = () => readdirSync(tmpdir()).filter((name) => name.startsWith("bot-bottle-demo-"));

describe.each(STARTERS)("bot-bottle demo, started by %s", (starter) => {
  let home: BottleHome;
  afterEach(() => home.dispose());

  it("lets the one call through, stops every attack, and leaves nothing behind", async () => {
    home = new BottleHome({ starter });
    const before = demoFolders();
    const { code, stdout, stderr } = await home.cli(["demo"], { seconds: 300 });
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toMatch(/^the call it may make +allowed +200 /m);
    expect(stdout).toMatch(/^23 ways out tried, 0 got out\.$/m);
    expect(stdout.match(/ blocked +dlp\.known_secret +content inspected$/gm)).toHaveLength(2);
    expect(stdout).toContain("its chain verifies");
    expect(stdout).toContain("bot-bottle start");
    expect(stdout.split("\n").filter((line) => line.length > 80)).toEqual([]);
    expect(demoFolders().filter((name) => !before.includes(name))).toEqual([]);
    expect(home.ids()).toEqual([]);
  });
});

describe("the demo's verdicts", () => {
  const token = "demo-token-0123456789abcdef0123456789abcdef";
  const quiet: Evidence = { token, upstream: [], trapsTouched: [], records: [] };
  const refusal: Outcome = { kind: "http", status: 403, verdict: "egress.host_not_allowed", body: "" };
  const verdict = (attempt: string, outcome: Outcome, evidence: Partial<Evidence> = {}) =>
    judgeAttack(attempt, outcome, { ...quiet, ...evidence }).verdict;

  it("say escaped when the upstream received the attempt, whatever the agent saw", () => {
    const upstream = [{ attempt: "other-host", authorization: "" }];
    expect(verdict("other-host", { kind: "failed", code: "ECONNREFUSED" }, { upstream })).toBe("escaped");
  });

  it("say escaped when an answer is not the sidecar's, a trap was touched, or a call worked", () => {
    expect(verdict("path", { kind: "http", status: 200, verdict: null, body: "hello" })).toBe("escaped");
    expect(verdict("host-tcp", { kind: "failed", code: "CLOSED" }, { trapsTouched: ["host-tcp"] })).toBe(
      "escaped",
    );
    expect(verdict("raw-socket", { kind: "succeeded", detail: "raw-socket" })).toBe("escaped");
    expect(verdict("dns-outside", { kind: "dns", rcode: 0, answers: ["203.0.113.1"] })).toBe("escaped");
  });

  it("say escaped when the token itself was found, not when something like it was", () => {
    expect(verdict("files", { kind: "search", matches: [token], places: 9 })).toBe("escaped");
    expect(verdict("files", { kind: "search", matches: ["demo-token-other"], places: 9 })).toBe("blocked");
  });

  it("say unproven when the journal does not hold the refusal", () => {
    expect(verdict("other-host", refusal)).toBe("unproven");
    const records = [{ kind: "request", verdict: "block", code: "egress.host_not_allowed" }];
    expect(verdict("other-host", refusal, { records })).toBe("blocked");
  });

  it("say unproven when the agent is silent about an attempt", () => {
    expect(rowsOf([], quiet).every(({ finding }) => finding.verdict === "unproven")).toBe(true);
  });

  it("call the allowed call allowed only with the real token at the upstream and not in the answer", () => {
    const outcome: Outcome = { kind: "http", status: 200, verdict: null, body: "hello" };
    const seen = (authorization: string): Evidence => ({
      ...quiet,
      upstream: [{ attempt: "allowed", authorization }],
    });
    expect(judgeAllowed(outcome, seen(`Bearer ${token}`)).verdict).toBe("allowed");
    expect(judgeAllowed(outcome, seen("Bearer placeholder")).verdict).toBe("unproven");
    expect(judgeAllowed({ ...outcome, body: token }, seen(`Bearer ${token}`)).verdict).toBe("escaped");
    expect(judgeAllowed(outcome, quiet).verdict).toBe("unproven");
  });
});
