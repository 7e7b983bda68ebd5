import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseObject } from "../../src/journal/chain.ts";
import { problemJson, refusalLines } from "../../src/policy/refusal.ts";
import { CODES, type Code, refuse } from "../../src/policy/verdict.ts";

const body = (answer: { body: Buffer }): Readonly<Record<string, unknown>> =>
  parseObject(answer.body.toString()) ?? {};

describe("problemJson", () => {
  it("says what was refused, why, and how to ask", () => {
    const refusal = refuse("egress.host_not_allowed", "No route lists a.example.", "default deny, 3 routes", {
      needed: "egress:\n  routes:\n    - host: a.example",
    });
    const answer = problemJson(refusal, { id: "r-1" });
    expect(answer.status).toBe(403);
    expect(answer.headers).toEqual({
      "content-type": "application/problem+json",
      "content-length": String(answer.body.length),
      "cache-control": "no-store",
      "x-bot-bottle-verdict": "egress.host_not_allowed",
    });
    expect(body(answer)).toEqual({
      type: "urn:bot-bottle:refusal:egress.host_not_allowed",
      title: "no route lists this host",
      status: 403,
      code: "egress.host_not_allowed",
      detail: "No route lists a.example.",
      rule: "default deny, 3 routes",
      needed: "egress:\n  routes:\n    - host: a.example",
      ask: "Ask the operator to add what `needed` says to the bottle's manifest.",
      retryable: false,
      id: "r-1",
    });
  });

  it("tells whose push is held to push again, not to have the manifest changed", () => {
    const refusal = refuse("git.held", "Pending as p1.", "r", { needed: "an approval", retryable: true });
    expect(refusalLines(refusal, "p1").at(-1)).toBe(
      "Push the same again once the operator has approved it. (refusal p1)",
    );
  });

  it("answers 403 to every code but a broken message and a failed upstream", () => {
    const others: Partial<Record<Code, number>> = {
      "egress.protocol_error": 400,
      "egress.upstream_unreachable": 502,
      "egress.upstream_tls_invalid": 502,
      "git.protocol_error": 400,
      "git.upstream_failed": 502,
    };
    for (const code of Object.keys(CODES).filter((text): text is Code => text in CODES)) {
      expect(problemJson(refuse(code, "", ""), { id: "" }).status).toBe(others[code] ?? 403);
    }
  });

  it("is bounded and printable whatever the texts hold", () => {
    const text = fc.oneof(
      fc.string({ unit: "binary", maxLength: 3000 }),
      fc.constant("\u001b]0;x\u0007\u202e".repeat(2000)),
    );
    fc.assert(
      fc.property(text, text, text, text, (detail, rule, needed, id) => {
        const answer = problemJson(refuse("egress.ip_literal", detail, rule, { needed }), { id });
        expect(answer.body.length).toBeLessThan(100_000);
        const problem = body(answer);
        for (const name of ["detail", "rule", "id", "needed"]) {
          expect(String(problem[name]).replaceAll("\n", "")).not.toMatch(/\p{Cc}|[\u202a-\u202e]/u);
          expect(name === "needed" || !String(problem[name]).includes("\n")).toBe(true);
        }
      }),
    );
  });
});
