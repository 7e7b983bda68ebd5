import { mkdtempSync, rmSync, statSync } from "node:fs";
import { createConnection } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { askControl, type ControlHandlers, serveControl } from "../../src/launch/control.ts";
import { CONTROL_MESSAGE_BYTES } from "../../src/launch/limits.ts";

let folder = "";
let path = "";
let closing: (() => void)[] = [];
const stops: string[] = [];
const recorded: unknown[] = [];
const handlers: ControlHandlers = {
  stop: (why) => stops.push(why),
  record: async (event) => {
    recorded.push(event);
    return event.event !== "refused";
  },
};

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "control-"));
  path = join(folder, "c.sock");
  const { close } = await serveControl(path, handlers);
  closing = [close];
});

afterEach(() => {
  for (const close of closing) close();
  rmSync(folder, { recursive: true, force: true });
  stops.length = 0;
  recorded.length = 0;
});

function send(text: string): Promise<string> {
  return new Promise((resolve) => {
    let answer = "";
    const socket = createConnection(path, () => socket.write(text));
    socket.on("data", (chunk) => {
      answer += chunk;
    });
    socket.on("error", () => {});
    socket.on("close", () => resolve(answer));
  });
}

describe("a bottle's control socket", () => {
  test("is its owner's alone", () => {
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  test("passes a stop on, with its reason", async () => {
    expect(await askControl(path, { op: "stop", why: "bot-bottle stop" })).toEqual({ ok: true });
    expect(stops).toEqual(["bot-bottle stop"]);
  });

  test("says whether an event came into the journal", async () => {
    expect(await askControl(path, { op: "record", event: { event: "exec", command: "ls" } })).toEqual({
      ok: true,
    });
    expect(await askControl(path, { op: "record", event: { event: "refused" } })).toEqual({ ok: false });
    expect(recorded).toEqual([{ event: "exec", command: "ls" }, { event: "refused" }]);
  });

  test.each([
    ["no JSON", "stop\n"],
    ["an unknown operation", '{"op":"grant"}\n'],
    ["a stop without a reason", '{"op":"stop"}\n'],
    ["an event whose fields are no texts", '{"op":"record","event":{"event":"x","n":1}}\n'],
    ["more than the bound", "x".repeat(CONTROL_MESSAGE_BYTES + 2)],
  ])("closes a connection that sends %s, and does nothing", async (_, text) => {
    expect(await send(text)).toBe("");
    expect(stops).toEqual([]);
    expect(recorded).toEqual([]);
  });

  test("tells a caller that nobody answers", async () => {
    expect(await askControl(join(folder, "none.sock"), { op: "stop", why: "x" })).toBeUndefined();
  });

  test("refuses a path the kernel has no room for, and says what to do", async () => {
    await expect(serveControl(join(folder, "x".repeat(120)), handlers)).rejects.toThrow(/control socket/);
  });
});
