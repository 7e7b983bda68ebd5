import { describe, expect, it } from "vitest";
import { bottle } from "./bottle.ts";
import type { Program } from "./scenarios/run.ts";

const CASES: readonly (readonly [string, Program, number, RegExp])[] = [
  ["its own", { script: "exit 7" }, 7, /^$/],
  ["128 and the signal's number", { script: "kill -TERM $$" }, 143, /^$/],
  ["128 and 9 for a kill", { script: "kill -KILL $$" }, 137, /^$/],
  ["127 for a command that isn't there", { command: ["no-such-program", "x"] }, 127, /no-such-program/],
  ["126 for one that can't be run", { command: ["/etc/passwd"] }, 126, /\/etc\/passwd.*ermission denied/],
];

describe("an exit code is", () => {
  it.each(CASES)("%s", async (_, program, code, message) => {
    const terminal = { ...program, terminal: true };
    const { agent } = await bottle({ agent: program });
    expect({ code: agent.code, err: agent.err }).toEqual({ code, err: expect.stringMatching(message) });
    const onTerminal = await bottle({ agent: terminal });
    expect(onTerminal.agent.code).toBe(code);
    expect(onTerminal.agent.out).toMatch(message);
    const { execs } = await bottle({ agent: { script: "exec sleep 60" }, execs: [program, terminal] });
    expect(execs.map((exec) => exec.code)).toEqual([code, code]);
    expect(execs[0]?.err).toMatch(message);
    expect(execs[1]?.out).toMatch(message);
  });
});

describe("a program", () => {
  it("reads its standard input to the end, and keeps its two outputs apart", async () => {
    const program = { script: "cat; echo problem >&2", input: "line\n" };
    const { agent } = await bottle({ agent: program });
    expect(agent).toMatchObject({ out: "line\n", err: "problem\n", code: 0 });
    const { execs } = await bottle({ agent: { script: "exec sleep 60" }, execs: [program] });
    expect(execs[0]).toMatchObject({ out: "line\n", err: "problem\n", code: 0 });
  });

  it("gets its variables whole, and none acts on the programs outside", async () => {
    const env = {
      LINES_OF: "a b\n'c'=d",
      EMPTY: "",
      LD_PRELOAD: "/workspace/none.so",
      PERL5OPT: "-MNoSuchModule",
    };
    const program = { script: 'unset LD_PRELOAD; printf \'%s|%s|%s\' "$LINES_OF" "$EMPTY" "$PERL5OPT"', env };
    const { agent, execs } = await bottle({
      agent: { ...program, script: `${program.script}; exec sleep 60` },
      execs: [program],
    });
    expect(agent.out).toBe("a b\n'c'=d||-MNoSuchModule");
    expect(execs[0]?.out).toBe("a b\n'c'=d||-MNoSuchModule");
  });
});
