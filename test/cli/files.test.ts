import { appendFileSync, closeSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Fault } from "../../src/base/fault.ts";
import { findBottle } from "../../src/cli/bottle-id.ts";
import { reportFailure } from "../../src/cli/failure.ts";
import { fileLines } from "../../src/cli/follow.ts";
import { processIo } from "../../src/cli/operator-io.ts";
import { table } from "../../src/cli/table.ts";
import { openJournal } from "../../src/journal/open.ts";
import { JournalWriter } from "../../src/journal/writer.ts";
import { copyWorkspace } from "../../src/workspace/copy.ts";
import { write } from "../journal/fixture.ts";
import { Operator } from "./fixture.ts";

let operator: Operator;
beforeEach(() => {
  operator = new Operator();
});
afterEach(() => operator[Symbol.dispose]());

describe("a bottle's ID", () => {
  it("may be given by a beginning that only one has", async () => {
    for (const id of ["fixer-aaaaa", "fixer-bbbbb", "run-ccccc"]) mkdirSync(join(operator.home, "state", id));
    const find = (given: string) => findBottle(join(operator.home, "state"), given);
    expect(await find("run")).toBe("run-ccccc");
    expect(await find("fixer-b")).toBe("fixer-bbbbb");
    await expect(find("fixer")).rejects.toThrow(/beginning of 2/);
    await expect(find("..")).rejects.toThrow(/no bottle/);
  });

  it("given whole is that one, though another begins with it", async () => {
    for (const id of ["a-aaaaa", "a-aaaaa-bbbbb"]) mkdirSync(join(operator.home, "state", id));
    expect(await findBottle(join(operator.home, "state"), "a-aaaaa")).toBe("a-aaaaa");
  });
});

describe("logs", () => {
  it("escapes what an agent printed, and leaves colours and cursor moves out", () => {
    operator.file(
      "home/state/a-aaaaa/agent.log",
      "\u001b[31mred\u001b[0m\r\n\tt\u001b]52;c;aGk=\u0007\n\u202eend",
    );
    const { code, stdout } = operator.run(["logs", "a"]);
    expect(stdout).toBe("red\n\tt\\u{1b}]52;c;aGk=\\u{7}\n\\u{202e}end\n");
    expect(code).toBe(0);
  });

  it("of a growing file are followed to what was written last", async () => {
    const file = operator.file("log", "one\n");
    const lines: string[] = [];
    let growing = true;
    const reading = (async () => {
      for await (const line of fileLines(file, async () => growing)) lines.push(line);
    })();
    while (lines.length < 1) await pause(5);
    appendFileSync(file, "two\nthr");
    while (lines.length < 2) await pause(5);
    appendFileSync(file, "ee");
    growing = false;
    await reading;
    expect(lines).toEqual(["one", "two", "three"]);
  });
});

describe("audit", () => {
  beforeEach(() => {
    const paths = {
      lines: join(operator.home, "journal/a-aaaaa.jsonl"),
      head: join(operator.home, "journal/a-aaaaa.head"),
    };
    const open = openJournal(paths);
    const writer = JournalWriter.onDescriptors(open, "a-aaaaa", (error) => {
      throw error;
    });
    writer.append({ kind: "lifecycle", event: "created" }, 0);
    const request = {
      way: "transparent",
      protocol: "h2",
      port: 443,
      dialled: "198.18.0.1",
      method: "GET",
    } as const;
    const sizes = { bytes_out: 1, bytes_in: 1, ms: 1 };
    const rest = { ...request, ...sizes, kind: "request", path: "/x" } as const;
    writer.append({ ...rest, host: "good.example", verdict: "allow", rule: "r", status: 200 }, 0);
    const code = "egress.host_not_allowed";
    writer.append({ ...rest, host: "bad.example", verdict: "block", code, rule: "r", status: 403 }, 0);
    writer.flush();
    closeSync(open.lines);
    closeSync(open.head);
  });

  it("show prints the records, all or those of one verdict", () => {
    const all = operator.run(["audit", "show", "a"]).stdout.trimEnd().split("\n");
    expect(all).toHaveLength(3);
    const blocked = operator.run(["audit", "show", "a", "--verdict", "block"]).stdout;
    expect(blocked).toContain("bad.example");
    expect(blocked).not.toContain("good.example");
  });

  it("show finds a push by its verdict as it does a request", () => {
    const paths = {
      lines: join(operator.home, "journal/b-aaaaa.jsonl"),
      head: join(operator.home, "journal/b-aaaaa.head"),
    };
    write(paths, "b-aaaaa", (writer) => {
      const push = { kind: "git", event: "push", repo: "w", upstream: "u", rule: "r", ms: 1 } as const;
      writer.append({ ...push, verdict: "allow" }, 0);
      writer.append({ ...push, verdict: "hold", code: "git.held", id: "p1" }, 0);
    });
    const { stdout } = operator.run(["audit", "show", "b", "--verdict", "hold"]);
    expect(stdout).toBe("1970-01-01T00:00:00.000Z  HOLD   git.held git push w (u)  |  1 ms  |  r  |  p1\n");
  });

  it("show --json prints the file's own lines", () => {
    const { stdout } = operator.run(["audit", "show", "a", "--json"]);
    expect(stdout).toBe(readFileSync(join(operator.home, "journal/a-aaaaa.jsonl"), "latin1"));
  });

  it("verify ends with 0 when nothing was changed and with 1 when a byte was", () => {
    expect(operator.run(["audit", "verify"])).toMatchObject({ code: 0, stdout: "ok  a-aaaaa  3 records\n" });
    const file = join(operator.home, "journal/a-aaaaa.jsonl");
    writeFileSync(file, readFileSync(file, "latin1").replace("bad.example", "bed.example"), "latin1");
    const { code, stdout } = operator.run(["audit", "verify", "a"]);
    expect(stdout).toMatch(/^FAILED {2}a-aaaaa/);
    expect(code).toBe(1);
  });
});

describe("diff and apply", () => {
  beforeEach(async () => {
    operator.file("source/a.txt", "one\n");
    operator.file("source/.envrc", "x\n");
    const state = join(operator.home, "state/a-aaaaa");
    mkdirSync(join(state, "workspace"), { recursive: true });
    await copyWorkspace({
      source: join(operator.root, "source"),
      target: join(state, "workspace"),
      base: join(state, "base.json"),
      include: [],
      exclude: [],
    });
    appendFileSync(join(state, "workspace/a.txt"), "two\n");
    appendFileSync(join(state, "workspace/.envrc"), "evil\n");
  });

  const source = (name: string) => readFileSync(join(operator.root, "source", name), "utf8");

  it("show the changes, as text, as names and as JSON", () => {
    expect(operator.run(["diff", "a"]).stdout).toContain("@@ -1 +1,2 @@\n one\n+two\n");
    expect(operator.run(["diff", "a", "--stat"]).stdout).toBe("M .envrc\nM a.txt\n");
    const { changes } = JSON.parse(operator.run(["diff", "a", "--format", "json"]).stdout);
    expect(changes).toHaveLength(2);
  });

  it("write nothing without a yes or with --dry-run", () => {
    const { code, stderr } = operator.run(["apply", "a"]);
    expect(stderr).toContain("add --yes");
    expect(code).toBe(2);
    expect(operator.run(["apply", "a", "--dry-run"]).code).toBe(0);
    expect(source("a.txt")).toBe("one\n");
  });

  it("take --yes as a yes to ordinary files and --hooks as one to those that run by themselves", () => {
    expect(operator.run(["apply", "a", "--yes"]).code).toBe(0);
    expect(source("a.txt")).toBe("one\ntwo\n");
    expect(source(".envrc")).toBe("x\n");
    expect(operator.run(["apply", "a", "--yes", "--hooks"]).code).toBe(0);
    expect(source(".envrc")).toBe("x\nevil\n");
    expect(operator.run(["diff", "a"])).toMatchObject({ code: 0, stdout: "" });
  });
});

describe("a failure", () => {
  function report(error: unknown, env: NodeJS.ProcessEnv = {}): { code: number; text: string } {
    let text = "";
    const stderr = Object.assign(Object.create(process.stderr), {
      isTTY: false,
      write: (part: string) => {
        text += part;
        return true;
      },
    });
    const code = reportFailure(error, { ...processIo(), stderr, env });
    return { code, text };
  }

  it("that a person must mend is said with its mend, line by line, nothing in it acting on the terminal", () => {
    const fault = new Fault("a\u001b[2J\nb", { mend: "do this", exitCode: 2 });
    expect(report(fault)).toEqual({ code: 2, text: "bot-bottle: a\\u{1b}[2J\nb\n  → do this\n" });
  });

  it("that is a bug is one line and a hint, with the stack only when asked for", () => {
    const bug = new TypeError("x is undefined");
    const plain = report(bug);
    expect(plain.code).toBe(125);
    expect(plain.text).toContain("internal error: x is undefined");
    expect(plain.text).not.toContain("    at ");
    expect(report(bug, { BOT_BOTTLE_DEBUG: "1" }).text).toContain("    at ");
  });

  it("of the machine is said in words, with the path", () => {
    const full = Object.assign(new Error("ENOSPC: …"), { code: "ENOSPC", path: "/home/x" });
    expect(report(full).text).toContain("/home/x: the disk is full");
  });
});

describe("a table", () => {
  it("is aligned, cut and printable", () => {
    expect(
      table([
        ["A", "B"],
        ["long\u001b", "x".repeat(100)],
      ]),
    ).toBe(`A           B\nlong\\u{1b}  ${"x".repeat(60)}…\n`);
  });
});
