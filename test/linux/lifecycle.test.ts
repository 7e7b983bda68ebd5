import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, it } from "vitest";
import { namespaceId, pids, readStat, readText } from "../../src/backends/linux/proc.ts";
import { scenario, spawnScenario, userFolder } from "./ordinary-user.ts";

interface Kept {
  readonly net: string;
  readonly boot: string;
  readonly processes: Readonly<
    Record<"holder" | "monitor" | "init", { readonly pid: number; readonly started: string }>
  >;
}

const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
});

/** Starts a scenario and waits for its first line. */
async function startScenario(name: string, input: unknown): Promise<{ child: ChildProcess; line: string }> {
  const child = spawnScenario(name, [JSON.stringify(input)]);
  children.push(child);
  let text = "";
  child.stdout?.setEncoding("utf8");
  while (!text.includes("\n")) {
    if (child.stdout === null) throw new Error("no output");
    const [chunk] = await once(child.stdout, "data");
    text += chunk;
  }
  return { child, line: text };
}

/** Processes in that network namespace. */
function members(net: string): readonly number[] {
  return pids().filter((pid) => namespaceId(pid, "net") === net);
}

/** Every process that is a descendant of `pid` now. */
function descendants(pid: number): readonly number[] {
  const found = [pid];
  for (const next of found) {
    for (const other of pids())
      if (readStat(other)?.parent === next && !found.includes(other)) found.push(other);
  }
  return found.slice(1);
}

async function eventually(holds: () => boolean): Promise<void> {
  for (let round = 0; round < 3000 && !holds(); round++) await sleep(20);
  expect(holds()).toBe(true);
}

function isGone(pid: number, started: string): boolean {
  const stat = readStat(pid);
  return stat === undefined || stat.started !== started || stat.state === "Z";
}

describe("a launcher that is killed with SIGKILL", () => {
  it.each([
    ["with the network open and nothing in it", "open", false],
    ["while the agent runs on pipes", "agent", false],
    ["while the agent runs on a terminal", "agent", true],
    ["while the agent and an exec run", "exec", false],
    ["while the agent and an exec run on terminals", "exec", true],
  ])("%s leaves no process behind", async (_, phase, terminal) => {
    const { child } = await startScenario("launcher", { folder: userFolder(), phase, terminal });
    // the agent says that it runs before it has made all of its own
    await eventually(() => descendants(child.pid ?? 0).length > (phase === "open" ? 0 : 5));
    const all = descendants(child.pid ?? 0).map((pid) => ({ pid, started: readStat(pid)?.started ?? "" }));
    child.kill("SIGKILL");
    await eventually(() => all.every(({ pid, started }) => isGone(pid, started)));
  });
});

describe("an exec whose launcher is killed", () => {
  it("ends, and the bottle goes on", async () => {
    const { line } = await startScenario("launcher", {
      folder: userFolder(),
      phase: "agent",
      terminal: false,
    });
    const record: Kept = JSON.parse(line);
    const { child } = await startScenario("exec-launcher", { record });
    const find = () =>
      members(record.net).find((pid) => readText(`/proc/${pid}/cmdline`) === "sleep\x001234\x00");
    // its shell says that it runs just before it becomes the program that is looked for
    await eventually(() => find() !== undefined);
    const started = find();
    child.kill("SIGKILL");
    await eventually(() => readStat(started ?? 0) === undefined);
    expect(isGone(record.processes.init.pid, record.processes.init.started)).toBe(false);
  });
});

describe("exec", () => {
  it("enters a running bottle from another process, and refuses when it has ended", async () => {
    const { child, line } = await startScenario("launcher", {
      folder: userFolder(),
      phase: "agent",
      terminal: false,
    });
    const record: Kept = JSON.parse(line);
    expect(await scenario("exec-once", { record })).toMatchObject({ out: "entered\n", code: 0 });
    child.kill("SIGKILL");
    await eventually(() => isGone(record.processes.init.pid, record.processes.init.started));
    expect(await scenario("exec-once", { record })).toEqual({ refused: "the bottle is not running" });
  });

  it("never enters a process that got the recorded pid later, or is not in the recorded namespaces", async () => {
    const { line } = await startScenario("launcher", {
      folder: userFolder(),
      phase: "agent",
      terminal: false,
    });
    const record = JSON.parse(line);
    const { init } = record.processes;
    const reused = { ...record, processes: { ...record.processes, init: { ...init, started: "1" } } };
    expect(await scenario("exec-once", { record: reused })).toEqual({ refused: "the bottle is not running" });
    const rebooted = { ...record, boot: "another" };
    expect(await scenario("exec-once", { record: rebooted })).toEqual({
      refused: "the bottle is not running",
    });
    for (const namespaces of [
      { ...record.namespaces, user: "1" },
      { ...record.namespaces, mnt: "1" },
    ]) {
      expect(await scenario("exec-once", { record: { ...record, namespaces } })).toMatchObject({
        out: "",
        err: "bot-bottle: the bottle is not running\n",
        code: 125,
      });
    }
    expect(await scenario("exec-once", { record: { ...record, net: "1" } })).toMatchObject({
      out: "",
      code: 125,
    });
  });

  it("says which part of damaged metadata it can't use", async () => {
    expect(await scenario("exec-once", { record: { backend: "linux", processes: { holder: 3 } } })).toEqual({
      refused: expect.stringMatching(/^the bottle's metadata is damaged: /),
    });
  });
});

describe("reap", () => {
  it("ends all of a bottle that its launcher does not look after, and can be called again", async () => {
    const { child, line } = await startScenario("launcher", {
      folder: userFolder(),
      phase: "exec",
      terminal: false,
    });
    const record: Kept = JSON.parse(line);
    child.kill("SIGSTOP");
    const before = members(record.net).map((pid) => ({ pid, started: readStat(pid)?.started ?? "" }));
    expect(before.length).toBeGreaterThan(4);
    await scenario("reap", { record });
    await eventually(() => before.every(({ pid, started }) => isGone(pid, started)));
  });

  it("touches no process that got a recorded pid later", async () => {
    const bystander = spawn("sleep", ["1000"], { stdio: "ignore" });
    children.push(bystander);
    const { line } = await startScenario("launcher", {
      folder: userFolder(),
      phase: "agent",
      terminal: false,
    });
    const record = JSON.parse(line);
    const stranger = { pid: bystander.pid ?? 0, started: "1" };
    const net = namespaceId(process.pid, "net");
    await scenario("reap", {
      record: { ...record, net, processes: { holder: stranger, monitor: stranger, init: stranger } },
    });
    await scenario("reap", { record: { ...record, boot: "another" } });
    expect(readStat(stranger.pid)?.state).toBe("S");
    expect(isGone(record.processes.init.pid, record.processes.init.started)).toBe(false);
  });
});
