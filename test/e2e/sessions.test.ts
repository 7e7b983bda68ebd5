import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { BottleHome } from "../support/bottle.ts";
import { STARTERS } from "../support/program.ts";

const DEV = `
agent_provider: {template: command}
supervise: false
env:
  PLAIN: "it is $HOME"
  COPIED: "\${HOST_TOKEN}"
  PUBLIC: {from: HOST_SETTING, secret: false}
git-gate: {user: {name: Bottle Bot, email: bot@example.com}}
`;
const AGENT = `
agent_provider:
  template: command
  settings: {command: [sh, -c, 'echo "$WHO"; cat ~/.bot-bottle/system-prompt.md']}
supervise: false
env: {WHO: the agent's bottle}
`;
const TOKEN = "host-token-0123456789abcdef";
const STRAY = "host-stray-0123456789abcdef";

describe.each(STARTERS)("a session started by %s", (starter) => {
  let home: BottleHome;
  beforeAll(() => {
    home = new BottleHome({
      starter,
      bottles: { dev: DEV, agent: AGENT, who: "env: {WHO: another bottle}" },
      agents: { both: "---\nbottle: agent\n---\nFrom the home folder." },
      env: { HOST_TOKEN: TOKEN, HOST_SETTING: "blue-ish setting", STRAY },
    });
  });
  afterAll(() => home?.dispose());

  it("loses nothing of what a program that ends at once has printed", async () => {
    // more than a pipe holds, then the end
    const script = "seq 1 30000; seq 1 30000 >&2; exit 5";
    const { code, stdout, stderr } = await home.run(["sh", "-c", script]);
    const expected = `${Array.from({ length: 30_000 }, (_, index) => index + 1).join("\n")}\n`;
    expect({ code, whole: stdout === expected }).toEqual({ code: 5, whole: true });
    expect(stderr).toContain(expected);
    for (let round = 0; round < 3; round += 1) {
      expect((await home.run(["echo", "said"])).stdout).toBe("said\n");
    }
  });

  it("hands a long input through unchanged, to its end", async () => {
    const input = "0123456789abcde\n".repeat(200_000);
    const { code, stdout } = await home.run(["sha256sum"], { input });
    expect({ code, stdout }).toEqual({
      code: 0,
      stdout: `${createHash("sha256").update(input).digest("hex")}  -\n`,
    });
  });

  it("goes on to its own end when nobody reads its output any more", async () => {
    const script = "seq 1 100000; echo finished > /workspace/note; exit 4";
    const call = home.begin(["run", "--bottle", "dev", "--yes", "--", "sh", "-c", script]);
    call.child.stdout?.once("data", () => call.child.stdout?.destroy());
    const { code, id = "", records } = await call.exited;
    expect({ code, last: records.at(-1) }).toMatchObject({ code: 4, last: { event: "stopped", code: 4 } });
    expect(readFileSync(join(home.home, "state", id, "workspace/note"), "utf8")).toBe("finished\n");
    expect((await home.cli(["logs", id])).stdout).toContain("\n99999\n");
  });

  it("sets literals as they stand, copies host variables by name, and brings nothing else of the host", async () => {
    const { code, stdout, records } = await home.run(["env"]);
    expect(code).toBe(0);
    const lines = stdout.split("\n");
    expect(lines).toContain("PLAIN=it is $HOME");
    expect(lines).toContain(`COPIED=${TOKEN}`);
    expect(lines).toContain("PUBLIC=blue-ish setting");
    expect(stdout).not.toContain(STRAY);
    expect(stdout).not.toContain(home.folder);
    expect(JSON.stringify(records)).not.toContain(TOKEN);
  });

  it("writes no value of a copied variable to its plan, its metadata or its journal", async () => {
    const plan = await home.cli(["run", "--bottle", "dev", "--dry-run", "--format", "json", "--", "true"]);
    expect({ code: plan.code, held: plan.stdout.includes(TOKEN) }).toEqual({ code: 0, held: false });
    const bottle = await home.launch();
    const metadata = readFileSync(join(home.home, "state", bottle.id, "metadata.json"), "utf8");
    expect({ held: metadata.includes(TOKEN), named: metadata.includes("HOST_TOKEN") }).toEqual({
      held: false,
      named: true,
    });
    await bottle.stop();
  });

  it("commits under the identity of the manifest", async () => {
    const script =
      "cd /workspace && git init -q . && git commit -q --allow-empty -m first && git log -1 --format='%an <%ae> %cn'";
    const { stdout } = await home.run(["sh", "-c", script]);
    expect(stdout).toBe("Bottle Bot <bot@example.com> Bottle Bot\n");
  });

  describe("in a repository that brings agents of its own", () => {
    let cwd: string;
    beforeAll(() => {
      cwd = home.workspace(
        {
          ".bot-bottle/agents/stranger.md": "---\nbottle: agent\n---\nFrom the repository.\n",
          ".bot-bottle/agents/both.md": "---\nbottle: agent\n---\nFrom the repository.\n",
          ".bot-bottle/bottles/agent.md": "---\nenv: {WHO: the repository's bottle}\n---\n",
        },
        "cloned",
      );
    });
    const start = (agent: string, ...flags: readonly string[]) =>
      home.cli(["start", agent, "--headless", "--prompt", "x", "--yes", ...flags], { cwd });

    it("lets such an agent not choose its bottle: --yes is no answer to that", async () => {
      const { code, stdout, stderr, id } = await start("stranger");
      expect({ code, stdout, id }).toEqual({ code: 2, stdout: "", id: undefined });
      expect(stderr).toMatch(/stranger comes from this repository and only suggests the bottle agent/);
      expect(stderr).toMatch(/→ .*--bottle agent/);
    });

    it("runs it in the bottle that the operator names", async () => {
      const { code, stdout } = await start("stranger", "--bottle", "agent");
      expect({ code, stdout }).toEqual({ code: 0, stdout: "the agent's bottle\nFrom the repository." });
    });

    it("prefers the operator's agent of the same name, and reads no bottle there, with a warning each", async () => {
      const { code, stdout, stderr } = await start("both");
      expect({ code, stdout }).toEqual({ code: 0, stdout: "the agent's bottle\nFrom the home folder." });
      expect(stderr).toMatch(/both/);
      expect(stderr).toMatch(/\.bot-bottle\/bottles/);
    });

    it("merges several bottles, the last one winning", async () => {
      const { stdout } = await start("both", "--bottle", "agent", "--bottle", "who");
      expect(stdout).toBe("another bottle\nFrom the home folder.");
    });
  });

  it("can be resumed after a failure, with its home and its workspace as they were left", async () => {
    const workspace = home.workspace({ "seen.txt": "as copied\n" }, "resumed");
    const script =
      'cat ~/count /workspace/seen.txt 2>/dev/null; echo x >> ~/count; echo changed > /workspace/seen.txt; test "$(wc -l < ~/count)" -ge 2';
    const first = await home.run(["sh", "-c", script], { flags: ["--workspace", workspace] });
    expect({ code: first.code, stdout: first.stdout }).toEqual({ code: 1, stdout: "as copied\n" });
    const id = first.id ?? "";
    expect(first.stderr).toContain(`bot-bottle resume ${id}`);
    home.write("resumed/seen.txt", "changed outside meanwhile\n");
    const again = await home.cli(["resume", id, "--yes"]);
    expect({ code: again.code, stdout: again.stdout }).toEqual({ code: 0, stdout: "x\nchanged\n" });
    const events = home.journal(id).map(({ event }) => event);
    expect(events.filter((event) => event === "stopped")).toHaveLength(2);
    expect((await home.cli(["audit", "verify", id])).code).toBe(0);
  });

  it("is stopped from another process: the program may end in its own way, and the journal says why", async () => {
    const script = "trap 'echo tidied; exit 6' TERM; echo ready; while :; do sleep 0.05; done";
    const bottle = await home.launch(["sh", "-c", script]);
    while (!bottle.stdout().includes("ready")) await new Promise((resolve) => setTimeout(resolve, 20));
    expect((await home.cli(["stop", bottle.id])).code).toBe(0);
    const { code, stdout } = await bottle.exited;
    expect({ code, stdout }).toEqual({ code: 6, stdout: "ready\ntidied\n" });
    expect(home.journal(bottle.id).at(-1)).toMatchObject({
      event: "stopped",
      code: 6,
      reason: "bot-bottle stop",
    });
    expect((await home.cli(["logs", bottle.id])).stdout).toMatch(/^ready\n(.*\n)?tidied\n$/);
    const again = await home.cli(["stop", bottle.id]);
    expect({ code: again.code, stderr: again.stderr }).toEqual({
      code: 0,
      stderr: `${bottle.id} is not running\n`,
    });
  });

  it("prints nothing of an agent's that could act on the operator's terminal, whatever shows it", async () => {
    const act = "\u001b]52;c;ZXZpbA==\u0007\u001b]0;evil title\u0007\u009b31m";
    const workspace = home.workspace({ plain: "x\n" }, "acting");
    const script =
      'printf %s "$0"; printf %s "$0" > /workspace/plain; echo x > "/workspace/$0"; curl -s "http://x.example.com/$0"; exit 3';
    const flags = ["--workspace", workspace, "--label", act];
    const { id = "" } = await home.run(["sh", "-c", script, act], { flags });
    await home.cli(["exec", id, "--", act]);
    for (const args of [
      ["list"],
      ["list", "--format", "json"],
      ["logs", id],
      ["diff", id],
      ["diff", id, "--stat"],
      ["apply", id, "--dry-run"],
      ["audit", "show", id],
      ["audit", "show", id, "--json"],
    ]) {
      const shown = await home.cli(args);
      expect([args, (shown.stdout + shown.stderr).match(/(?![\n\t])\p{Cc}/gu)]).toEqual([args, null]);
      expect(shown.code).toBe(0);
    }
  });

  it("leaves nothing after a success but its journal", async () => {
    const { id = "", code } = await home.run(["true"]);
    expect(code).toBe(0);
    expect(existsSync(join(home.home, "state", id))).toBe(false);
    expect(existsSync(join(home.home, "run", `${id}.sock`))).toBe(false);
    expect((await home.cli(["audit", "show", id])).stdout).toContain("stopped");
  });
});
