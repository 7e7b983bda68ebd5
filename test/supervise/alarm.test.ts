import { expect, it } from "vitest";
import { Alarms } from "../../src/sidecar/alarms.ts";
import { ProposalStore } from "../../src/sidecar/supervise/proposals.ts";
import { ask, filed } from "./asks.ts";

it("the operator is told of a canary in a push, once a repository, and of no other push", () => {
  const lines: string[] = [];
  const alarms = new Alarms((line) => lines.push(line));
  const push = { kind: "git", event: "push", upstream: "u", verdict: "block", rule: "r", ms: 1 } as const;
  for (const code of ["dlp.known_secret", "dlp.canary", "dlp.canary"])
    alarms.git({ ...push, repo: "widgets", code });
  expect(lines).toEqual([
    "the canary was in a push to widgets, which was blocked: something collects credentials",
  ]);
});

it("the operator is told of each proposal once, with the line that shows it", () => {
  const lines: string[] = [];
  const alarms = new Alarms((line) => lines.push(line));
  const store = new ProposalStore({ now: () => 0, onEvent: (event) => alarms.proposal(event) });
  const push = filed(store.file("push", ask(1)));
  store.file("push", ask(1));
  store.approve(push.id, push.digest);
  store.take(ask(1));
  const marked = filed(store.file("gitleaks-allow", ask(2)));
  expect(lines).toEqual([
    `a proposal waits for you: a push to widgets: bot-bottle supervise --once (${push.id})`,
    `a proposal waits for you: findings marked gitleaks:allow in a push to widgets: bot-bottle supervise --once (${marked.id})`,
  ]);
});
