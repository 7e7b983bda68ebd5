import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type SshUpstream, startSshUpstream } from "../support/ssh-upstream.ts";
import { FORGE, type Gate, repoConfig, startGate } from "./harness.ts";
import { HOSTILE_REQUESTS } from "./hostile-requests.ts";
import { HOSTILE_PACKS, HOSTILE_TREES } from "./hostile-trees.ts";
import { blob, commit, pack, tree } from "./raw-pack.ts";
import { NO_ID, pushBody, type RawAnswer, RawPusher } from "./raw-push.ts";
import type { Upstream } from "./secret-packs.ts";

/** As open as an entry can be: what is refused is refused for what it is. */
const OPEN = { allow: ["refs/heads/**", "refs/tags/**"], force: true, delete: true, tags: true, hold: [] };

const ends: (() => void)[] = [];
let upstream: SshUpstream;
let gate: Gate;
let pusher: RawPusher;
let state: Upstream;
let before: string;

beforeAll(async () => {
  upstream = await startSshUpstream();
  await upstream.createRepo("widgets");
  gate = await startGate({
    repos: [
      repoConfig({
        name: "widgets",
        url: upstream.url("widgets", FORGE),
        hostKey: upstream.hostKey,
        push: OPEN,
      }),
    ],
    ssh: upstream,
    host: { atEnd: (end) => ends.push(end) },
  });
  pusher = new RawPusher(gate.url("widgets"), gate.proxyPort);
  const [head = "", root = "", readme = ""] = (
    await upstream.git("widgets", ["rev-parse", "main", "main^{tree}", "main:README.md"])
  ).split("\n");
  state = { head, tree: root, readme, text: "widgets\n" };
  before = await upstream.git("widgets", ["for-each-ref"]);
});
afterAll(async () => {
  for (const end of ends) end();
  await upstream.close();
});

let earlier = 0;
beforeEach(() => {
  earlier = gate.events.length;
});

async function nothingChanged(): Promise<void> {
  expect(upstream.receivePacks()).toBe(0);
  expect(await upstream.git("widgets", ["for-each-ref"])).toBe(before);
}

/** Events of a push, since this test began. */
function pushes() {
  return gate.events.slice(earlier).filter(({ event }) => event === "push");
}

function notTaken(answer: RawAnswer): void {
  expect(answer.report.filter((line) => line.startsWith("ok "))).toEqual([]);
}

describe("a push of objects that no upstream should see", () => {
  it.each(HOSTILE_TREES.map((one) => [one.name, one] as const))("%s: is refused", async (_, { make }) => {
    const answer = await pusher.push(make(state));
    expect(answer.remote).toContain("git.object_invalid");
    notTaken(answer);
    await nothingChanged();
    expect(pushes()).toMatchObject([{ verdict: "block", code: "git.object_invalid" }]);
  });

  it.each(HOSTILE_PACKS.map((one) => [one.name, one] as const))("%s: is refused", async (_, { make }) => {
    const answer = await pusher.push(make(state));
    expect(answer.remote).toMatch(/git\.object_invalid|git\.too_large/);
    notTaken(answer);
    await nothingChanged();
    expect(pushes()).toMatchObject([{ verdict: "block" }]);
  });
});

describe("a request that git would not send", () => {
  it.each(HOSTILE_REQUESTS.map((one) => [one.name, one] as const))(
    "%s: changes nothing, and the next push is served",
    async (_, { body, headers, cut }) => {
      const root = tree([["100644", "README.md", state.readme]]);
      const top = commit({ tree: root.id, parents: [state.head] });
      const commands = [{ old: NO_ID, new: top.id, ref: "refs/heads/x" }];
      const good = pushBody({ commands, pack: pack([root, top]) });
      const answer = await pusher.post(body(state.head, good), headers, cut).catch((error: unknown) => error);
      if (answer instanceof Error)
        expect(cut === true || /ECONNRESET|EPIPE|hang up/.test(String(answer))).toBe(true);
      else notTaken(answer as RawAnswer);
      expect((await pusher.refs()).get("refs/heads/main")).toBe(state.head);
      await nothingChanged();
    },
  );

  it("says why it is refused, with its code", async () => {
    const answer = await pusher.post(Buffer.from("zzzz"));
    expect(answer.status).toBe(400);
    expect(answer.body.toString("utf8")).toContain("git.protocol_error");
    const [event] = pushes();
    expect(event).toMatchObject({ verdict: "block", code: "git.protocol_error" });
    expect(answer.body.toString("utf8")).toContain(String(event?.id));
  });
});

describe("what is too much", () => {
  it("is refused when a pack says that it has four thousand million objects", async () => {
    const commands = [{ old: state.head, new: "ab".repeat(20), ref: "refs/heads/main" }];
    const answer = await pusher.push({ commands, pack: pack([blob("x\n")], { count: 0xffff_ffff }) });
    expect(answer.remote).toContain("git.too_large");
    notTaken(answer);
    await nothingChanged();
  });
});
