import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { BottleHome, type Result, type RunningBottle } from "../support/bottle.ts";
import { ordinaryUser } from "../support/ordinary-user.ts";
import { STARTERS } from "../support/program.ts";
import { keyFor, type SshUpstream, startSshUpstream } from "../support/ssh-upstream.ts";

const FORGE = "forge.example.com";

/** Clones `$1` if it wasn't yet, and commits a workflow whose text is `$2`. */
const COMMIT = `set -e
cd ~
[ -d w ] || git clone -q "$1" w
cd w
mkdir -p .github/workflows
echo "$2" >.github/workflows/ci.yml
git add -A
git -c user.name=a -c user.email=a@example.com commit -q -m ci
git rev-parse HEAD`;

const PUSH = ["git", "-C", "/home/agent/w", "push", "origin", "main"];

describe.each(STARTERS)("a push that is held, in a bottle that %s started", (starter) => {
  let upstream: SshUpstream;
  let home: BottleHome;
  let bottle: RunningBottle;
  beforeAll(async () => {
    upstream = await startSshUpstream();
    await upstream.createRepo("w");
    const at = `${FORGE}:${upstream.port}`;
    home = new BottleHome({ starter, resolve: { [at]: `127.0.0.1:${upstream.port}` } });
    const ids = starter === "user" && process.getuid?.() === 0 ? ordinaryUser() : undefined;
    const entry = {
      url: upstream.url("w", FORGE),
      key: { provider: "static", path: keyFor(upstream, join(home.folder, "key"), ids) },
      host_key: upstream.hostKey,
    };
    home.writeBottle("dev", `git-gate: ${JSON.stringify({ repos: { widgets: entry } })}`);
    bottle = await home.launch();
  });
  afterAll(async () => {
    await home?.dispose();
    await upstream?.close();
  });

  /** Commits, pushes, and has the operator decide what they are then shown. */
  async function pushAndDecide(text: string, ...decision: string[]): Promise<{ id: string; pushed: Result }> {
    const id = (await bottle.exec(["sh", "-c", COMMIT, "sh", upstream.url("w", FORGE), text])).stdout.trim();
    const pushing = bottle.exec(PUSH);
    let ended = false;
    void pushing.finally(() => {
      ended = true;
    });
    let proposal: string | undefined;
    while (proposal === undefined && !ended) {
      const { stdout } = await home.cli(["supervise", "--once"]);
      if (stdout.includes(id)) proposal = /supervise approve (p\w+)/.exec(stdout)?.[1];
    }
    const [verb = "", ...flags] = decision;
    const decided = await home.cli(["supervise", verb, proposal ?? "none", ...flags]);
    expect(decided.stderr).toContain(`${proposal} ${verb}`);
    const pushed = await pushing;
    // on a slow machine the wait is over before the decision: then the agent does as it is told
    return {
      id,
      pushed: pushed.stderr.includes("push again after approval") ? await bottle.exec(PUSH) : pushed,
    };
  }

  it("goes through once when the operator approves it, and is in the journal", async () => {
    const { id, pushed } = await pushAndDecide("on: push", "approve");
    expect({ code: pushed.code, stderr: pushed.stderr }).toMatchObject({ code: 0 });
    expect(upstream.receivePacks()).toBe(1);
    expect(await upstream.git("w", ["rev-parse", "main"])).toBe(id);
    const events = home.journal(bottle.id).filter(({ kind }) => kind === "proposal");
    expect(events.map(({ event }) => event)).toEqual(["filed", "approved", "used"]);
    expect(events[0]).toMatchObject({
      asks: "push",
      repo: "widgets",
      refs: [{ ref: "refs/heads/main", new: id }],
    });
  });

  it("never reaches the upstream when the operator rejects it, and the agent reads why", async () => {
    const before = upstream.receivePacks();
    const reason = "not without a review";
    const { id, pushed } = await pushAndDecide("on: [push]", "reject", "--reason", reason);
    expect(pushed.code).toBe(1);
    expect(pushed.stderr).toContain(reason);
    expect((await bottle.exec(PUSH)).stderr).toContain(reason);
    expect(upstream.receivePacks()).toBe(before);
    expect(await upstream.git("w", ["rev-parse", "main"])).not.toBe(id);
  });

  it("is shown by `git`, with its mirror", async () => {
    const { stdout } = await home.cli(["git", "--json"]);
    const { mirrors, pushes } = JSON.parse(stdout);
    expect(mirrors).toMatchObject([{ upstream: upstream.url("w", FORGE) }]);
    expect(pushes.map(({ verdict }: { verdict: string }) => verdict)).toEqual(
      expect.arrayContaining(["allow", "hold"]),
    );
  });
});
