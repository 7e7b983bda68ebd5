import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { BottleHome, type Result } from "../support/bottle.ts";
import { type Origin, startOrigin } from "../support/https-origin.ts";
import { TestCa } from "../support/pki.ts";
import { STARTERS } from "../support/program.ts";

const ca = new TestCa();
const DEV = `
agent_provider: {template: command}
supervise: false
env: {GREETING: hello}
egress:
  routes:
    - host: api.example.com
`;
const SCRIPT = `
agent_provider:
  template: command
  settings: {command: [sh, -c, "cat ~/.bot-bottle/system-prompt.md; echo; echo got: $1", sh]}
supervise: false
`;

describe.each(STARTERS)("the commands, started by %s", (starter) => {
  let home: BottleHome;
  let origin: Origin;
  beforeAll(async () => {
    origin = await startOrigin({ credentials: ca.leaf(["api.example.com"]) });
    home = new BottleHome({
      starter,
      bottles: { dev: DEV, script: SCRIPT },
      agents: { worker: "---\nbottle: script\n---\nYou work.\n" },
      ca: ca.cert,
      resolve: { "api.example.com:443": origin.address },
    });
  });
  afterAll(async () => {
    await home?.dispose();
    await origin?.close();
  });

  const state = () => {
    const folder = join(home.home, "state");
    return existsSync(folder) ? readdirSync(folder) : [];
  };

  it("run hands the command's output, input and exit code through and removes the state of a success", async () => {
    const good = await home.run(["sh", "-c", "cat; echo $GREETING; echo aside >&2"], {
      input: "from stdin\n",
    });
    expect([good.code, good.stdout, good.stderr]).toEqual([
      0,
      "from stdin\nhello\n",
      expect.stringContaining("aside"),
    ]);
    expect(good.id).toMatch(/^run-[0-9a-z]{5}$/);
    expect(state()).not.toContain(good.id);
    expect(good.records.map(({ event }) => event)).toEqual(
      expect.arrayContaining(["created", "agent_started", "agent_exited", "stopped"]),
    );
  });

  it("run keeps the state of a failure and prints the line that goes on", async () => {
    const bad = await home.run(["sh", "-c", "echo kept > note; exit 7"], {
      flags: ["--workspace", home.workspace({})],
    });
    expect([bad.code, bad.stderr]).toEqual([7, expect.stringContaining(`bot-bottle resume ${bad.id}`)]);
    expect(state()).toContain(bad.id);
    const again = await home.cli(["resume", bad.id ?? "", "--yes"]);
    expect(again.code).toBe(7);
    expect(readFileSync(join(home.home, "state", bad.id ?? "", "workspace/note"), "utf8")).toBe("kept\n");
  });

  it.each([
    ["no-such-program-here", 127],
    ["/workspace", 126],
  ])("run %s ends with %d, as a shell says it", async (program, code) => {
    expect((await home.run([program])).code).toBe(code);
  });

  it("run says 128 and the signal when the program was killed", async () => {
    expect((await home.run(["sh", "-c", "kill -TERM $$"])).code).toBe(143);
  });

  it("start runs an agent with its system prompt and the prompt given", async () => {
    const { code, stdout, id } = await home.cli([
      "start",
      "worker",
      "--headless",
      "--prompt",
      "do it",
      "--yes",
    ]);
    expect([code, stdout]).toEqual([0, "You work.\ngot: do it\n"]);
    expect(id).toMatch(/^worker-[0-9a-z]{5}$/);
  });

  it("start --dry-run prints the plan as JSON and starts nothing", async () => {
    const { code, stdout, id } = await home.cli(["start", "worker", "--dry-run", "--format", "json"]);
    const plan = JSON.parse(stdout);
    expect([code, id, plan.agent, plan.bottles]).toEqual([0, undefined, "worker", ["script"]]);
  });

  it("exec, list and stop act on a running bottle", async () => {
    const bottle = await home.launch();
    const listed = JSON.parse((await home.cli(["list", "--format", "json"])).stdout);
    expect(listed).toContainEqual(expect.objectContaining({ id: bottle.id, phase: "running" }));
    const exec = await bottle.exec(["sh", "-c", "echo $BOT_BOTTLE; exit 3"]);
    expect([exec.code, exec.stdout]).toEqual([3, `${bottle.id}\n`]);
    // the beginning of an ID is enough
    expect((await home.cli(["exec", bottle.id.slice(0, 8), "--", "true"])).code).toBe(0);
    expect((await home.cli(["stop", bottle.id])).code).toBe(0);
    await bottle.exited;
    const after = JSON.parse((await home.cli(["list", "--format", "json"])).stdout);
    expect(after.find(({ id }: { id: string }) => id === bottle.id)?.phase ?? "removed").not.toBe("running");
    expect((await bottle.exec(["true"])).code).toBe(2);
  });

  describe("reviewing", () => {
    let run: Result;
    let workspace: string;
    beforeAll(async () => {
      workspace = home.workspace({ "old.txt": "old\n", "gone.txt": "gone\n" }, "reviewed");
      run = await home.run(
        ["sh", "-c", "echo new > old.txt; rm gone.txt; echo fresh > fresh.txt; echo printed by the agent"],
        { flags: ["--workspace", workspace] },
      );
    });

    it("a run with changes keeps its state and prints the lines that review them", () => {
      expect(run.code).toBe(0);
      expect(run.stderr).toContain(`bot-bottle diff ${run.id}`);
      expect(run.stderr).toContain(`bot-bottle apply ${run.id}`);
      expect(readFileSync(join(workspace, "old.txt"), "utf8")).toBe("old\n");
    });

    it("logs shows what the agent printed", async () => {
      expect((await home.cli(["logs", run.id ?? ""])).stdout).toContain("printed by the agent");
    });

    it("diff shows the changes, apply writes them once", async () => {
      const diff = await home.cli(["diff", run.id ?? ""]);
      expect(diff.stdout).toMatch(/-old\n\+new/);
      expect(diff.stdout).toContain("+fresh");
      const refused = await home.cli(["apply", run.id ?? ""]);
      expect([refused.code, refused.stderr]).toEqual([2, expect.stringContaining("--yes")]);
      expect((await home.cli(["apply", run.id ?? "", "--yes"])).code).toBe(0);
      expect(readFileSync(join(workspace, "old.txt"), "utf8")).toBe("new\n");
      expect(existsSync(join(workspace, "gone.txt"))).toBe(false);
      const again = await home.cli(["apply", run.id ?? "", "--yes"]);
      expect(again.stderr).toContain("nothing to apply");
    });
  });

  it("audit show tells the verdicts to people and to programs, and verify sees a changed byte", async () => {
    const { id = "" } = await home.run([
      "sh",
      "-c",
      "curl -s https://api.example.com/fine; curl -s https://other.example.com/not",
    ]);
    const shown = await home.cli(["audit", "show", id]);
    expect(shown.stdout).toMatch(/api\.example\.com/);
    expect(shown.stdout).toMatch(/egress\.host_not_allowed/);
    const blocked = await home.cli(["audit", "show", id, "--json", "--verdict", "block"]);
    expect(
      blocked.stdout
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line).host),
    ).toEqual(["other.example.com"]);
    expect((await home.cli(["audit", "verify", id])).code).toBe(0);
    const path = `home/journal/${id}.jsonl`;
    home.write(path, readFileSync(join(home.folder, path), "utf8").replace("/not", "/nay"));
    const verify = await home.cli(["audit", "verify", id]);
    expect([verify.code, verify.stdout]).toEqual([1, expect.stringContaining("FAILED")]);
  });

  it("validate and info read the manifests and say what they allow", async () => {
    const validate = await home.cli(["validate"]);
    expect([validate.code, validate.stdout]).toEqual([0, "ok: 2 bottles, 1 agent\n"]);
    const info = await home.cli(["info", "dev"]);
    expect([info.code, info.stdout]).toEqual([0, expect.stringContaining("api.example.com")]);
    expect((await home.cli(["info", "worker"])).code).toBe(0);
  });

  it("doctor finds everything there", async () => {
    const { code, stdout } = await home.cli(["doctor", "--format", "json"]);
    const report = JSON.parse(stdout);
    expect([code, report.ok, report.checks.filter((check: { ok: boolean }) => !check.ok)]).toEqual([
      0,
      true,
      [],
    ]);
  });

  it("cleanup removes what is stale and nothing else, --all everything but the journals", async () => {
    const failed = await home.run(["false"]);
    expect((await home.cli(["cleanup"])).code).toBe(0);
    expect(state()).toContain(failed.id);
    const refused = await home.cli(["cleanup", "--all"]);
    expect(refused.code).toBe(2);
    const all = await home.cli(["cleanup", "--all", "--yes", "--format", "json"]);
    expect(JSON.parse(all.stdout).removed).toContain(failed.id);
    expect(state()).toEqual([]);
    expect(home.ids()).toContain(failed.id);
  });

  it.each([
    "start",
    "run",
    "exec",
    "resume",
    "stop",
    "list",
    "logs",
    "diff",
    "apply",
    "audit",
    "cleanup",
    "validate",
    "info",
    "doctor",
    "demo",
  ])("%s --help shows an example", async (command) => {
    const { code, stdout } = await home.cli([command, "--help"]);
    expect([code, stdout]).toEqual([0, expect.stringMatching(/Examples?:\n +bot-bottle /)]);
  });
});
