import { chmodSync, existsSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { spawn } from "@lydell/node-pty";
import { expect, it } from "vitest";
import { Operator, PROGRAM } from "./fixture.ts";

/** Runs the command line on a terminal of its own; `answer` is typed once `question` is seen. */
async function onTerminal(operator: Operator, args: string[], question: string, answer: string) {
  const terminal = spawn(PROGRAM, args, {
    cols: 100,
    rows: 30,
    cwd: operator.root,
    env: operator.env({ TERM: "xterm-256color" }),
  });
  let output = "";
  terminal.onData((part) => {
    output += part;
  });
  const ended = new Promise<number>((resolve) => terminal.onExit(({ exitCode }) => resolve(exitCode)));
  while (!output.includes(question)) await pause(20);
  // the prompt reads keys one turn after it is drawn
  await pause(100);
  terminal.write(answer);
  return { code: await ended, output };
}

it("asks on a terminal which agent to start, and ends with 130 at Ctrl-C", async () => {
  using operator = new Operator();
  operator.file("home/bottles/dev.md", "---\nenv: {A: b}\n---\n");
  operator.file("home/agents/fixer.md", "---\nbottle: dev\n---\n");
  operator.file("home/agents/other.md", "---\nbottle: dev\n---\n");
  const { code, output } = await onTerminal(operator, ["start"], "Which agent?", "\u0003");
  expect(output).toContain("fixer");
  expect(output).toContain("other");
  expect(code).toBe(130);
});

it("goes on with the agent that was picked", async () => {
  using operator = new Operator();
  operator.file("home/bottles/dev.md", "---\nagent_provider: {template: codex}\n---\n");
  operator.file("home/agents/fixer.md", "---\nbottle: dev\n---\n");
  const { code, output } = await onTerminal(operator, ["start"], "Which agent?", "\r");
  expect(output).toContain("this version can't run it");
  expect(code).toBe(2);
});

it("runs no program of the operator's PATH when it gives the terminal back, and undoes what an agent left on", async () => {
  using operator = new Operator();
  const trap = join(operator.root, "trapped");
  operator.file("bin/perl", `#!/bin/sh\ntouch ${trap}\n`);
  chmodSync(join(operator.root, "bin/perl"), 0o755);
  const hostile = "\\033[?1003h\\033[?2048h\\033[>4;2m\\033]0;owned\\007\\033]11;#000\\007\\033P";
  const terminal = spawn(PROGRAM, ["run", "--", "printf", hostile], {
    cols: 100,
    rows: 30,
    cwd: operator.root,
    env: operator.env({ TERM: "xterm-256color", PATH: `bin:${process.env.PATH}` }),
  });
  let output = "";
  terminal.onData((part) => {
    output += part;
  });
  const code = await new Promise<number>((resolve) => terminal.onExit(({ exitCode }) => resolve(exitCode)));
  expect(code).toBe(0);
  expect(existsSync(trap)).toBe(false);
  const after = output.slice(output.indexOf("\u001bP"));
  for (const undo of ["\u001b\\", "[?1003l", "[?2048l", "[>4m", "[23;0t", "]111"])
    expect(after).toContain(undo);
});

it("shows what a program without the terminal prints, and lets it ask the terminal nothing", async () => {
  using operator = new Operator();
  const hostile =
    "\\033[6n\\033]0;owned\\007\\033[?1003h\\033[31mred\\033[0m \\302\\2336n\\033]52;c;eA==\\033\\\\done";
  const script = `"$0" run -- printf '${hostile}' < /dev/null; "$0" run -- sh -c 'printf "${hostile}" >&2' < /dev/null`;
  const terminal = spawn("/bin/sh", ["-c", script, PROGRAM], {
    cols: 100,
    rows: 30,
    cwd: operator.root,
    env: operator.env({ TERM: "xterm-256color" }),
  });
  let output = "";
  terminal.onData((part) => {
    output += part;
  });
  await new Promise((resolve) => terminal.onExit(resolve));
  expect(output).toBe("\u001b[31mred\u001b[0m done\u001b[0m".repeat(2));
});
