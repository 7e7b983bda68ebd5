import { expect, it } from "vitest";
import { Alarms } from "../../src/sidecar/alarms.ts";
import { ProposalStore } from "../../src/sidecar/supervise/proposals.ts";
import { ask, filed } from "./asks.ts";

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
