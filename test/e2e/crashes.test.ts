import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { BottleHome, type Call } from "../support/bottle.ts";
import { type Origin, startOrigin } from "../support/https-origin.ts";
import { TestCa } from "../support/pki.ts";
import { begun, family, type Process, survivors } from "../support/processes.ts";
import { STARTERS } from "../support/program.ts";

const ca = new TestCa();
const BOTTLE = `
agent_provider: {template: command}
supervise: false
egress:
  routes:
    - host: api.example.com
`;
/** Keeps the sidecar busy, so that it is killed in the middle of its work. */
const BUSY = "while :; do curl -s -m 2 -o /dev/null https://api.example.com/x; done";

describe.each(STARTERS)("a bottle started by %s", (starter) => {
  let home: BottleHome;
  let origin: Origin;
  const setUp = async () => {
    origin = await startOrigin({ credentials: ca.leaf(["api.example.com"]) });
    home = new BottleHome({
      starter,
      bottles: { dev: BOTTLE },
      ca: ca.cert,
      resolve: { "api.example.com:443": origin.address },
    });
  };
  afterEach(async () => {
    await home?.dispose();
    await origin?.close();
  });

  /** Nothing runs any more, cleanup leaves no state, the journal is a valid chain. */
  const isCleared = async (processes: readonly Process[]) => {
    expect((await survivors(processes)).map(({ command }) => command)).toEqual([]);
    const cleanup = await home.cli(["cleanup", "--all", "--yes"]);
    expect([cleanup.code, cleanup.stderr]).toEqual([0, expect.any(String)]);
    for (const folder of ["state", "run"]) {
      const path = join(home.home, folder);
      expect([folder, existsSync(path) ? readdirSync(path) : []]).toEqual([folder, []]);
    }
    const verify = await home.cli(["audit", "verify"]);
    expect([verify.code, verify.stdout]).toEqual([0, expect.any(String)]);
  };

  it.each([0, 20, 60, 120, 200, 300, 450, 700])(
    "whose launcher is killed %d ms after its start leaves nothing that cleanup does not find",
    async (delay) => {
      await setUp();
      const call: Call = home.begin(["run", "--bottle", "dev", "--yes", "--", "sh", "-c", BUSY]);
      await new Promise((resolve) => setTimeout(resolve, delay));
      const processes = family(call.pid);
      call.child.kill("SIGKILL");
      await call.exited.catch(() => undefined);
      await isCleared(processes);
    },
  );

  it("ends with its launcher while it works", async () => {
    await setUp();
    const bottle = await home.launch(["sh", "-c", BUSY]);
    const processes = family(bottle.pid);
    bottle.child.kill("SIGKILL");
    await bottle.exited.catch(() => undefined);
    expect((await survivors(processes)).map(({ command }) => command)).toEqual([]);
    const listed = JSON.parse((await home.cli(["list", "--format", "json"])).stdout);
    expect(listed).toContainEqual(expect.objectContaining({ id: bottle.id, phase: "stale" }));
    await isCleared(processes);
  });

  it("loses its network, and ends, with its sidecar", async () => {
    await setUp();
    const bottle = await home.launch(["sh", "-c", BUSY]);
    const { pid } = await begun(bottle.pid, /sidecar\.c?js/);
    const processes = family(bottle.pid);
    process.kill(pid, "SIGKILL");
    const result = await bottle.exited;
    expect([result.code, result.stderr]).toEqual([expect.any(Number), expect.stringMatching(/sidecar/)]);
    expect(result.code).not.toBe(0);
    expect(home.journal(bottle.id).at(-1)).toMatchObject({
      event: "stopped",
      reason: expect.stringMatching(/^its sidecar is gone/),
    });
    await isCleared(processes);
  });

  it("ends in order when its agent is killed from outside", async () => {
    await setUp();
    const bottle = await home.launch(["sleep", "600"]);
    const { pid } = await begun(bottle.pid, /^sleep 600|^\S*\/sleep 600/);
    const processes = family(bottle.pid);
    process.kill(pid, "SIGKILL");
    const result = await bottle.exited;
    expect(result.code).toBe(137);
    expect(home.journal(bottle.id)).toContainEqual(expect.objectContaining({ event: "agent_exited" }));
    await isCleared(processes);
  });

  it.each(["SIGTERM", "SIGINT", "SIGHUP"] as const)(
    "is cleared up by a launcher that gets %s",
    async (signal) => {
      await setUp();
      const bottle = await home.launch(["sh", "-c", BUSY]);
      const processes = family(bottle.pid);
      bottle.child.kill(signal);
      // the first Ctrl-C is the agent's, the second the launcher's
      const again = setTimeout(() => signal === "SIGINT" && bottle.child.kill(signal), 1_000);
      const result = await bottle.exited;
      clearTimeout(again);
      expect(result.code).not.toBe(0);
      await isCleared(processes);
    },
  );

  it("has its exec end with it", async () => {
    await setUp();
    const bottle = await home.launch();
    const exec = home.begin(["exec", bottle.id, "--", "sleep", "600"]);
    await begun(exec.pid, /sleep 600$/);
    const processes = [...family(bottle.pid), ...family(exec.pid)];
    bottle.child.kill("SIGKILL");
    await Promise.allSettled([bottle.exited, exec.exited]);
    await isCleared(processes);
  });

  it("outlives an exec that is killed", async () => {
    await setUp();
    const bottle = await home.launch();
    const exec = home.begin(["exec", bottle.id, "--", "sleep", "601"]);
    await begun(exec.pid, /sleep 601$/);
    const processes = family(exec.pid);
    exec.child.kill("SIGKILL");
    await exec.exited.catch(() => undefined);
    expect((await survivors(processes)).map(({ command }) => command)).toEqual([]);
    expect((await bottle.exec(["true"])).code).toBe(0);
  });
});
