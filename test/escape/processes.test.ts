import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { BottleHome } from "../support/bottle.ts";
import { alive, family, survivors } from "../support/processes.ts";
import { STARTERS } from "../support/program.ts";
import { brief, outcome, type Probed, probeBottle, probeOutside, WAYS } from "./probe-bottle.ts";

const BOTTLE = `
agent_provider: {template: command}
supervise: false
limits: {memory: 768M, pids: 100, open_files: 512, disk: 256M}
`;
const OUTSIDE = `${process.pid},${process.ppid}`;

describe("on a machine without a bottle", () => {
  it("the same probes see, signal and use up what they like: the tests can fail", async () => {
    const seen = await probeOutside(undefined, "processes.ts", [OUTSIDE], ["unshare", "-Urm"]);
    for (const name of [
      "signal-outside",
      "kill-outside",
      "pidfd-outside",
      "proc-outside",
      "many-files",
      "fork-bomb",
    ]) {
      expect([name, brief(outcome(seen, name))]).toEqual([name, "done"]);
    }
  });
});

describe.each(STARTERS)("a bottle started by %s", (starter) => {
  let probed: Probed;
  beforeAll(async () => {
    probed = await probeBottle({
      starter,
      script: "processes.ts",
      args: [OUTSIDE],
      bottles: { dev: BOTTLE },
    });
  });
  afterAll(() => probed?.home.dispose());

  describe.each(WAYS)("attacked as %s", (way) => {
    it.each([
      "signal-outside",
      "kill-outside",
      "ptrace-outside",
      "read-outside",
      "pidfd-outside",
      "proc-outside",
      "root-of-init",
      "foreign-descriptors",
    ])("gets nowhere by %s", (name) => {
      expect(brief(outcome(probed[way], name))).toBe("failed NONE");
    });

    it("sees no process but those of the bottle", () => {
      const one = outcome(probed[way], "visible");
      const commands = one.kind === "done" ? one.detail : "";
      expect(commands).toContain("processes.ts");
      expect(commands).not.toMatch(
        /sidecar\.js|start\.js|stage\.js|staged-job|vitest|bin\/bot-bottle|BOT_BOTTLE/,
      );
    });

    it.each(["fill-tmp", "fill-shm", "fill-run"])("runs into the size of the file system: %s", (name) => {
      expect(brief(outcome(probed[way], name))).toMatch(/^failed (ENOSPC|EACCES|EROFS)$/);
    });

    it.each(["many-files", "fork-bomb", "much-memory"])("runs into the bottle's limit: %s", (name) => {
      expect(brief(outcome(probed[way], name))).toMatch(/^failed /);
    });
  });
});

describe.each(STARTERS)("a bottle started by %s in which everything is killed", (starter) => {
  let home: BottleHome;
  afterEach(() => home.dispose());

  it.each([
    ["through exec", ["sh", "-c", "kill -9 -1; sleep 1; kill -9 1"]],
    ["pid 1 first", ["sh", "-c", "kill -9 1; kill -9 -1"]],
    ["everything stopped, then killed", ["sh", "-c", "kill -STOP -1; kill -9 -1"]],
  ])("ends in order, leaves nothing running and a journal that verifies: %s", async (_how, command) => {
    home = new BottleHome({ starter, bottles: { dev: BOTTLE } });
    const bottle = await home.launch();
    const processes = family(bottle.pid);
    await bottle.exec(command).catch(() => undefined);
    // pid 1 of a namespace can't be killed from inside: the bottle may then still run
    if (home.phase(bottle.id) === "running" && alive(processes).length > 0) await bottle.stop();
    await bottle.exited;
    expect(await survivors(processes)).toEqual([]);
    const verify = await home.cli(["audit", "verify", bottle.id]);
    expect([verify.code, verify.stderr]).toEqual([0, expect.any(String)]);
    expect(home.journal(bottle.id)).toContainEqual(
      expect.objectContaining({ kind: "lifecycle", event: "agent_exited" }),
    );
  });
});
