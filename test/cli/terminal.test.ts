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
