import { mkdtempSync, rmSync, statSync } from "node:fs";
import { createConnection, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { askControl, askProposals, type ControlHandlers, serveControl } from "../../src/launch/control.ts";
import { CONTROL_MESSAGE_BYTES } from "../../src/launch/limits.ts";
import { PROPOSALS_OPEN } from "../../src/sidecar/supervise/limits.ts";
import { answerOperator } from "../../src/sidecar/supervise/operator-request.ts";
import type { ProposalStore } from "../../src/sidecar/supervise/proposals.ts";
import { ask, filed, fullAsk, storeWithClock } from "../supervise/asks.ts";

let folder = "";
let path = "";
let closing: (() => void)[] = [];
const stops: string[] = [];
const recorded: unknown[] = [];
let store: ProposalStore | undefined;
const handlers: ControlHandlers = {
  stop: (why) => stops.push(why),
  record: async (event) => {
    recorded.push(event);
    return event.event !== "refused";
  },
  supervise: async (request) => store && answerOperator(store, request),
};

beforeEach(async () => {
  store = storeWithClock().store;
  folder = mkdtempSync(join(tmpdir(), "control-"));
  path = join(folder, "c.sock");
  const { close } = await serveControl(path, handlers);
  closing = [close];
});

afterEach(() => {
  for (const close of closing) close();
  rmSync(folder, { recursive: true, force: true });
  stops.length = 0;
  recorded.length = 0;
});

function send(text: string): Promise<string> {
  return new Promise((resolve) => {
    let answer = "";
    const socket = createConnection(path, () => socket.write(text));
    socket.on("data", (chunk) => {
      answer += chunk;
    });
    socket.on("error", () => {});
    socket.on("close", () => resolve(answer));
  });
}

describe("a bottle's control socket", () => {
  test("is its owner's alone", () => {
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  test("passes a stop on, with its reason", async () => {
    expect(await askControl(path, { op: "stop", why: "bot-bottle stop" })).toEqual({ ok: true });
    expect(stops).toEqual(["bot-bottle stop"]);
  });

  test("says whether an event came into the journal", async () => {
    expect(await askControl(path, { op: "record", event: { event: "exec", command: "ls" } })).toEqual({
      ok: true,
    });
    expect(await askControl(path, { op: "record", event: { event: "refused" } })).toEqual({ ok: false });
    expect(recorded).toEqual([{ event: "exec", command: "ls" }, { event: "refused" }]);
  });

  test.each([
    ["no JSON", "stop\n"],
    ["an unknown operation", '{"op":"grant"}\n'],
    ["a stop without a reason", '{"op":"stop"}\n'],
    ["an event whose fields are no texts", '{"op":"record","event":{"event":"x","n":1}}\n'],
    ["an approval without a digest", '{"op":"approve","id":"p1"}\n'],
    ["an approval with a reason", '{"op":"approve","id":"p1","digest":"d","reason":"x"}\n'],
    ["a rejection of more than the bound", `{"op":"reject","id":"${"x".repeat(400)}","digest":"d"}\n`],
    ["more than the bound", "x".repeat(CONTROL_MESSAGE_BYTES + 2)],
  ])("closes a connection that sends %s, and does nothing", async (_, text) => {
    expect(await send(text)).toBe("");
    expect(stops).toEqual([]);
    expect(recorded).toEqual([]);
  });

  test("lists what waits for the operator, and has it decided", async () => {
    const first = filed(store?.file("push", ask(1)));
    const second = filed(store?.file("gitleaks-allow", ask(2)));
    expect(await askProposals(path, { op: "list" })).toEqual({ ok: true, proposals: [first, second] });
    const approved = { ...first, state: "approved" };
    const { id, digest } = first;
    expect(await askProposals(path, { op: "approve", id, digest })).toEqual({
      ok: true,
      proposals: [approved],
    });
    const rejection = { op: "reject", id: second.id, digest: second.digest, reason: "no" } as const;
    expect(await askProposals(path, rejection)).toMatchObject({
      proposals: [{ state: "rejected", reason: "no" }],
    });
    expect(await askProposals(path, { op: "list" })).toEqual({ ok: true, proposals: [] });
    expect(store?.take(ask(1))).toMatchObject({ id });
  });

  test("says why a decision was not taken", async () => {
    const [first, second] = [filed(store?.file("push", ask(1))), filed(store?.file("push", ask(2)))];
    expect(await askProposals(path, { op: "approve", id: first.id, digest: second.digest })).toEqual({
      ok: false,
      why: "it is not what was shown",
    });
    store = undefined;
    expect(await askProposals(path, { op: "list" })).toEqual({
      ok: false,
      why: "its sidecar does not answer",
    });
  });

  test("lists as much as an agent can have asked for", async () => {
    for (let n = 1; n <= PROPOSALS_OPEN; n++) filed(store?.file("push", fullAsk(n)));
    const answer = await askProposals(path, { op: "list" });
    expect(answer?.ok === true && answer.proposals.length).toBe(PROPOSALS_OPEN);
  });

  test.each([
    ["no JSON", "hm\n"],
    ["no answer", "[]\n"],
    ["a proposal without a digest", '{"ok":true,"proposals":[{"id":"p1"}]}\n'],
    ["nothing", ""],
  ])("is not believed when it answers with %s", async (_, text) => {
    const other = join(folder, "other.sock");
    const server = createServer((socket) => {
      socket.on("error", () => {});
      socket.once("data", () => socket.end(text));
    });
    await new Promise<void>((resolve) => {
      server.listen(other, resolve);
    });
    closing.push(() => server.close());
    expect(await askProposals(other, { op: "list" })).toBeUndefined();
  });

  test("tells a caller that nobody answers", async () => {
    expect(await askControl(join(folder, "none.sock"), { op: "stop", why: "x" })).toBeUndefined();
  });

  test("refuses a path the kernel has no room for, and says what to do", async () => {
    await expect(serveControl(join(folder, "x".repeat(120)), handlers)).rejects.toThrow(/control socket/);
  });
});
