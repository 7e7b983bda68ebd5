import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Command } from "commander";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { processIo } from "../../src/cli/operator-io.ts";
import { buildProgram } from "../../src/cli/program.ts";
import { Operator } from "./fixture.ts";

const program = buildProgram("0", [], processIo(), () => undefined);
const docs = readFileSync(join(import.meta.dirname, "../../docs/commands.md"), "utf8");

/** Each command that does something, by its full name. */
function commands(of: Command, prefix = ""): [string, Command][] {
  return of.commands.flatMap((command): [string, Command][] => {
    const name = `${prefix}${command.name()}`;
    const below = commands(command, `${name} `);
    // one with flags of its own does something beside what those below it do
    return below.length === 0 || command.options.length > 0 ? [[name, command], ...below] : below;
  });
}

/** The part of docs/commands.md under a command's own heading. */
function section(name: string): string {
  return docs.split(/^#{2,3} /m).find((part) => part.startsWith(`${name}\n`)) ?? "";
}

describe("docs/commands.md", () => {
  it.each(commands(program))("has a section for %s, with its flags and an example", (name, command) => {
    const text = section(name);
    expect(text).toContain(`bot-bottle ${name}`);
    expect(text).toContain("```sh\nbot-bottle");
    const shared = name === "run" ? section("start") : "";
    for (const option of command.options) {
      expect(`${text}${shared}`).toContain(option.long);
    }
  });

  it("has no section for a command there is not", () => {
    const names = commands(program).map(([name]) => name);
    const documented = [...docs.matchAll(/^### (.*)$/gm)].map((match) => match[1]);
    expect(new Set(documented)).toEqual(new Set(names));
  });
});

describe("help", () => {
  it.each(commands(program))("of %s shows an example", (_, command) => {
    let text = "";
    command.configureOutput({ writeOut: (part) => (text += part) }).outputHelp();
    expect(text).toMatch(/Examples?:\n {2}bot-bottle /);
  });
});

describe("the command line", () => {
  let operator: Operator;
  beforeAll(() => {
    operator = new Operator();
    operator.file("home/bottles/dev.md", "---\nenv: {A: b}\n---\n");
    operator.file("home/agents/fixer.md", "---\nbottle: dev\n---\nYou fix.\n");
  });
  afterAll(() => operator[Symbol.dispose]());

  it("prints its version on stdout", () => {
    const { version } = JSON.parse(readFileSync(join(import.meta.dirname, "../../package.json"), "utf8"));
    expect(operator.run(["--version"])).toEqual({ code: 0, stdout: `${version}\n`, stderr: "" });
  });

  it.each([
    [["strat"], "Did you mean start?"],
    [["start", "--botle", "x"], "Did you mean --bottle?"],
    [["audit", "verfy"], "Did you mean verify?"],
    [["start", "fixer", "--backend", "docker"], "Allowed choices are linux"],
    [["start", "fixer", "--cwd", "--workspace", "x"], "cannot be used with"],
    [["start", "fixer", "--headless"], "--prompt"],
    [["start", "fixer", "--prompt", "x"], "--headless"],
    [["start"], "bot-bottle start AGENT"],
    [["run"], "run needs a command"],
    [["exec", "fixer-1"], "exec needs a command"],
    [["exec", "-t", "fixer-1", "--", "ls"], "leave --terminal out"],
    [["start", "fixr"], "fixer"],
    [["info", "fixr"], "did you mean fixer?"],
    [["logs", "../../etc"], "there is no bottle"],
    [["diff", ""], "there is no bottle"],
    [["cleanup", "--all"], "--dry-run"],
  ])("ends %j with 2 and says %s", (args, message) => {
    const { code, stdout, stderr } = operator.run(args);
    expect(stderr).toContain(message);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
  });

  it("keeps what stands after -- for the agent's program", () => {
    const { code, stderr } = operator.run(["start", "--", "fixer"]);
    expect(stderr).toContain("no agent was named; known: fixer");
    expect(code).toBe(2);
  });

  it("refuses a BOT_BOTTLE_HOME that is not absolute", () => {
    const { code, stderr } = operator.run(["list"], { BOT_BOTTLE_HOME: "here" });
    expect(stderr).toContain("BOT_BOTTLE_HOME is not an absolute path");
    expect(code).toBe(2);
  });

  it("prints JSON alone on stdout", () => {
    const { stdout } = operator.run(["list", "--format", "json"]);
    expect(JSON.parse(stdout)).toEqual([]);
    const info = operator.run(["info", "fixer", "--format", "json"]);
    expect(JSON.parse(info.stdout)).toMatchObject({ name: "fixer", bottles: ["dev"], provider: "claude" });
  });

  it("says in plain words what a bottle may do", () => {
    const { code, stdout } = operator.run(["info", "dev"]);
    expect(stdout).toContain("reaches: nothing");
    expect(stdout).toContain("limits: memory 4 GiB, 2048 processes");
    expect(code).toBe(0);
  });

  it("starts nothing with --dry-run and prints the plan", () => {
    const args = ["run", "--bottle", "dev", "--dry-run", "--format", "json", "--", "ls", "-la"];
    const { code, stdout } = operator.run(args);
    expect(JSON.parse(stdout)).toMatchObject({ bottles: ["dev"], command: ["/usr/bin/ls", "-la"] });
    expect(code).toBe(0);
    expect(JSON.parse(operator.run(["list", "--format", "json"]).stdout)).toEqual([]);
  });

  it("ends quietly when its reader has had enough", async () => {
    const child = operator.start(["start", "--help"]);
    child.stdout.destroy();
    let stderr = "";
    child.stderr.on("data", (part) => {
      stderr += part;
    });
    const code = await new Promise((resolve) => child.on("close", resolve));
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  });
});

describe("validate", () => {
  it("is silent about good manifests but for one line, and shows every error of bad ones", () => {
    using operator = new Operator();
    operator.file("home/bottles/dev.md", "---\nenv: {A: b}\n---\n");
    operator.file("home/agents/fixer.md", "---\nbottle: dev\n---\n");
    expect(operator.run(["validate"])).toEqual({ code: 0, stdout: "ok: 1 bottle, 1 agent\n", stderr: "" });
    expect(operator.run(["validate", "fixer"]).stdout).toBe("ok: 1 bottle, 1 agent\n");
    operator.file("home/bottles/bad.md", "---\negres: {}\n---\n");
    operator.file("home/agents/lost.md", "---\nbottle: nowhere\n---\n");
    const all = operator.run(["validate"]);
    expect(all.code).toBe(2);
    expect(all.stdout).toBe("");
    expect(all.stderr).toContain("egres");
    expect(all.stderr).toContain("nowhere");
    const named = operator.run(["validate", "bad", "lost", "dev"]);
    expect(named.stderr).toContain("egres");
    expect(named.stderr).toContain("nowhere");
    expect(operator.run(["validate", "dev"]).code).toBe(0);
  });

  it("reads a bottle's own rules from the home folder, whatever lies in the current one, and names their mistakes", () => {
    using operator = new Operator();
    operator.file("home/bottles/dev.md", "---\ndlp: {rules: rules.toml}\nsupervise: false\n---\n");
    operator.file("work/rules.toml", 'title = "of a repository"\n');
    const commands = [["validate"], ["validate", "dev"], ["run", "--bottle", "dev", "--dry-run", "--", "ls"]];
    for (const args of commands) {
      const { code, stdout, stderr } = operator.run(args);
      expect(stderr).toContain(`dlp.rules: ${operator.home}/rules.toml is no file`);
      expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    }
    operator.file("home/rules.toml", "[[rules]]\nid = \"x\"\nregex = '(unclosed'\n");
    for (const args of commands)
      expect(operator.run(args).stderr).toMatch(/dlp\.rules: .*home\/rules\.toml, line 1: /);
    operator.file("home/rules.toml", "[[rules]]\nid = \"x\"\nregex = 'acme-[0-9]{9}'\n");
    for (const args of commands) expect(operator.run(args).code).toBe(0);
    expect(operator.run(["info", "dev"]).stdout).toContain("token_patterns: also the rules of rules.toml");
  });

  it("says in one line each what is not enforced yet", () => {
    using operator = new Operator();
    operator.file("home/bottles/dev.md", "---\nsupervise: true\n---\n");
    const { code, stderr } = operator.run(["validate", "dev"]);
    expect(stderr).toMatch(/^supervise.*not enforced yet/m);
    expect(code).toBe(0);
  });
});

describe("doctor", () => {
  it("says of each prerequisite what was found, and how to mend what was not", () => {
    using operator = new Operator();
    const { code, stdout } = operator.run(["doctor", "--format", "json"]);
    const report = JSON.parse(stdout);
    expect(report.backend).toBe("linux");
    expect(code).toBe(report.ok ? 0 : 1);
    const bare = operator.run(["doctor"], { PATH: "/nonexistent:/bin" });
    expect(bare.stdout).toMatch(/✓ Node\.js/);
  });
});
