import { setImmediate as nextTurn } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import {
  PROPOSAL_CHARS,
  PROPOSAL_LIFE_MS,
  PROPOSAL_REASONS,
  PROPOSAL_REF_BYTES,
  PROPOSAL_REFS,
  PROPOSALS_KEPT,
  PROPOSALS_OPEN,
} from "../../src/sidecar/supervise/limits.ts";
import { ask, filed, storeWithClock } from "./asks.ts";

describe("asking", () => {
  it("files a push once, however often it is made", () => {
    const { store, events } = storeWithClock();
    const first = filed(store.file("push", ask()));
    const { updates } = ask();
    const again = filed(store.file("push", ask(1, { updates: updates.toReversed() })));
    expect(again).toEqual(first);
    expect(store.open()).toEqual([first]);
    expect(events.map(({ event }) => event)).toEqual(["filed"]);
  });

  it.each([
    ["another object", ask(2)],
    ["another repository", ask(1, { repo: "other" })],
    ["another reason", ask(1, { held: [{ code: "dlp.token_pattern", text: ".gitmodules" }] })],
    ["a push option", ask(1, { options: ["merge_request.create"] })],
    ["fewer refs", ask(1, { updates: ask().updates.slice(1) })],
  ])("files a push with %s anew", (_, other) => {
    const { store } = storeWithClock();
    const first = filed(store.file("push", ask()));
    const second = filed(store.file("push", other));
    expect(second.id).not.toBe(first.id);
    expect(second.digest).not.toBe(first.digest);
  });

  it("never takes a ref whose name holds another's separator for that other", () => {
    const { store } = storeWithClock();
    const zero = "0".repeat(40);
    const one = filed(store.file("push", ask(1, { updates: [{ ref: "a b", old: zero, new: zero }] })));
    const two = filed(store.file("push", ask(1, { updates: [{ ref: "a", old: `b ${zero}`, new: zero }] })));
    expect(two.id).not.toBe(one.id);
  });

  it("is refused when the operator has as many open as may be, and possible again after a decision", () => {
    const { store } = storeWithClock();
    for (let n = 1; n <= PROPOSALS_OPEN; n++) filed(store.file("push", ask(n)));
    expect(store.file("push", ask(99))).toMatchObject({ retryable: true });
    expect(filed(store.file("push", ask(3))).push).toEqual(ask(3));
    const [first] = store.open();
    store.reject(first?.id ?? "", first?.digest ?? "", undefined);
    filed(store.file("push", ask(99)));
  });

  it("forgets the oldest that are over, then rejections, never an approval that can still be used", () => {
    const { store } = storeWithClock();
    for (let n = 1; n <= PROPOSALS_KEPT; n++) {
      const { id, digest } = filed(store.file("push", ask(n)));
      if (n === 7) store.reject(id, digest, undefined);
      else store.approve(id, digest);
    }
    filed(store.file("push", ask(1000)));
    expect(store.file("push", ask(1001))).toMatchObject({ retryable: true });
    expect(store.take(ask(1))).toBeDefined();
    filed(store.file("push", ask(1001)));
    expect(store.take(ask(PROPOSALS_KEPT))).toBeDefined();
  });

  it.each([
    [
      "refs",
      {
        updates: Array.from({ length: PROPOSAL_REFS + 1 }, (_, n) => ({ ref: `r${n}`, old: "0", new: "1" })),
      },
    ],
    ["a name", { updates: [{ ref: "ä".repeat(PROPOSAL_REF_BYTES / 2 + 1), old: "0", new: "1" }] }],
    [
      "reasons",
      {
        held: Array.from(
          { length: PROPOSAL_REASONS + 1 },
          (_, n) => ({ code: "dlp.token_pattern", text: `${n}` }) as const,
        ),
      },
    ],
    ["text", { options: ["x".repeat(PROPOSAL_CHARS)] }],
  ])("for more than can be shown is refused: %s", (_, fields) => {
    const { store } = storeWithClock();
    expect(store.file("push", ask(1, fields))).toMatchObject({ retryable: false });
    expect(store.open()).toEqual([]);
  });

  it("keeps only printable, bounded text of a reason", () => {
    const { store } = storeWithClock();
    const text = `\u001b[2J\u202e\n${"x".repeat(5000)}`;
    const { push } = filed(store.file("push", ask(1, { held: [{ code: "dlp.token_pattern", text }] })));
    expect(push.held[0]?.text).toMatch(/^\\u\{1b\}\[2J\\u\{202e\}\\u\{a\}x+…$/);
    expect(push.held[0]?.text.length).toBeLessThan(400);
  });
});

describe("an approval", () => {
  it("lets the same push through once", () => {
    const { store, events } = storeWithClock();
    const { id, digest } = filed(store.file("push", ask()));
    expect(store.take(ask())).toBeUndefined();
    expect(store.approve(id, digest)).toMatchObject({ proposal: { id, state: "approved" } });
    expect(store.take(ask(2))).toBeUndefined();
    expect(store.take(ask())).toMatchObject({ id, state: "used" });
    expect(store.take(ask())).toBeUndefined();
    expect(events.map(({ event }) => event)).toEqual(["filed", "approved", "used"]);
    expect(filed(store.file("push", ask())).id).not.toBe(id);
  });

  it("covers no reason that was not shown, but fewer of them", () => {
    const { store } = storeWithClock();
    const secret = { code: "dlp.token_pattern", text: "a.ts:3 gitleaks:allow" } as const;
    const { id, digest } = filed(store.file("push", ask(1, { held: [...ask().held, secret] })));
    store.approve(id, digest);
    expect(
      store.take(ask(1, { held: [...ask().held, secret, { code: "dlp.token_pattern", text: "x" }] })),
    ).toBeUndefined();
    expect(store.take(ask(1, { held: [secret] }))).toMatchObject({ id });
  });

  it("is usable again when the upstream took nothing, and only then", () => {
    const { store, events } = storeWithClock();
    const { id, digest } = filed(store.file("push", ask()));
    store.giveBack(id);
    expect(store.take(ask())).toBeUndefined();
    store.approve(id, digest);
    store.take(ask());
    store.giveBack(id);
    store.giveBack(id);
    expect(store.take(ask())).toMatchObject({ id });
    expect(events.map(({ event }) => event)).toEqual(["filed", "approved", "used", "returned", "used"]);
  });

  it("grows no younger by being used and given back", () => {
    const { store, clock } = storeWithClock();
    const { id, digest } = filed(store.file("push", ask()));
    store.approve(id, digest);
    for (let half = 0; half < 2; half += 1) {
      clock.now += PROPOSAL_LIFE_MS / 2 - 1;
      expect(store.take(ask())).toMatchObject({ id });
      store.giveBack(id);
    }
    clock.now += 2;
    expect(store.take(ask())).toBeUndefined();
    expect(store.find(id)).toMatchObject({ state: "expired" });
  });

  it("names what was shown: the digest of another proposal is refused", () => {
    const { store } = storeWithClock();
    const shown = filed(store.file("push", ask(1)));
    const other = filed(store.file("push", ask(2)));
    expect(store.approve(other.id, shown.digest)).toEqual({ refused: "it is not what was shown" });
    expect(store.approve("p00000000", shown.digest)).toEqual({ refused: "there is no such proposal" });
    expect(store.take(ask(2))).toBeUndefined();
  });

  it("can be taken back until it is used, and a rejection can", () => {
    const { store } = storeWithClock();
    const { id, digest } = filed(store.file("push", ask()));
    store.approve(id, digest);
    store.reject(id, digest, "no\u0007");
    expect(store.take(ask())).toBeUndefined();
    expect(filed(store.file("push", ask()))).toMatchObject({ id, state: "rejected", reason: "no\\u{7}" });
    const { proposal } = store.approve(id, digest) as { proposal: object };
    expect(proposal).not.toHaveProperty("reason");
    expect(store.take(ask())).toMatchObject({ id });
    expect(store.approve(id, digest)).toEqual({ refused: "it is used" });
    expect(store.reject(id, digest, undefined)).toEqual({ refused: "it is used" });
  });

  it("said twice is one", () => {
    const { store, events } = storeWithClock();
    const { id, digest } = filed(store.file("push", ask()));
    store.approve(id, digest);
    expect(store.approve(id, digest)).toMatchObject({ proposal: { state: "approved" } });
    expect(events.map(({ event }) => event)).toEqual(["filed", "approved"]);
  });

  it("ends, as an open proposal and a rejection do", () => {
    const { store, clock, events } = storeWithClock();
    const approved = filed(store.file("push", ask(1)));
    store.approve(approved.id, approved.digest);
    const rejected = filed(store.file("push", ask(2)));
    store.reject(rejected.id, rejected.digest, undefined);
    filed(store.file("push", ask(3)));
    clock.now += PROPOSAL_LIFE_MS - 1;
    expect(store.open()).toHaveLength(1);
    clock.now += 1;
    expect(store.take(ask(1))).toBeUndefined();
    expect(store.open()).toEqual([]);
    expect(store.approve(approved.id, approved.digest)).toEqual({ refused: "it is expired" });
    expect(events.filter(({ event }) => event === "expired")).toHaveLength(3);
    expect(filed(store.file("push", ask(2))).state).toBe("pending");
  });
});

describe("a wait", () => {
  it("ends with the decision, for each who waits", async () => {
    const { store } = storeWithClock();
    const { id, digest } = filed(store.file("push", ask()));
    const ended: string[] = [];
    for (const wait of [store.wait(id, 60_000), store.wait(id, 60_000)]) {
      void wait.then((state) => ended.push(state));
    }
    await nextTurn();
    expect(ended).toEqual([]);
    store.approve(id, digest);
    await nextTurn();
    expect(ended).toEqual(["approved", "approved"]);
    expect(await store.wait(id, 60_000)).toBe("approved");
  });

  it("ends undecided when its time is over or its caller has gone", async () => {
    const { store } = storeWithClock();
    const { id } = filed(store.file("push", ask()));
    expect(await store.wait(id, 1)).toBe("pending");
    const gone = new AbortController();
    const wait = store.wait(id, 60_000, gone.signal);
    let ended: string | undefined;
    void wait.then((state) => {
      ended = state;
    });
    gone.abort();
    await nextTurn();
    expect(ended).toBe("pending");
    expect(await store.wait(id, 60_000, gone.signal)).toBe("pending");
    expect(await store.wait("p00000000", 60_000)).toBe("expired");
  });

  it("ends with the proposal's own end", async () => {
    const { store, clock } = storeWithClock();
    const { id } = filed(store.file("push", ask()));
    let ended: string | undefined;
    void store.wait(id, 60_000).then((state) => {
      ended = state;
    });
    clock.now += PROPOSAL_LIFE_MS;
    expect(store.open()).toEqual([]);
    await nextTurn();
    expect(ended).toBe("expired");
  });
});

it("tells the journal what was asked and no more than it holds", () => {
  const { store, events } = storeWithClock();
  const held = Array.from({ length: 20 }, (_, n) => ({ code: "dlp.token_pattern", text: `f${n}` }) as const);
  const updates = Array.from({ length: 20 }, (_, n) => ({ ref: `refs/heads/${n}`, old: "0", new: "1" }));
  const { id, digest } = filed(store.file("push", ask(1, { held, updates })));
  const [event] = events;
  expect(event).toMatchObject({ kind: "proposal", asks: "push", id, digest, repo: "widgets" });
  expect(event?.refs).toHaveLength(16);
  expect(event).toMatchObject({ refs_left_out: 4, held_left_out: 4 });
  expect(event?.held[0]).toBe("dlp.token_pattern f0");
});
