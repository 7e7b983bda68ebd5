import { spawnSync } from "node:child_process";
import { chownSync, linkSync } from "node:fs";
import { createServer } from "node:net";
import { dirname } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Fault } from "../../src/base/fault.ts";
import { checkWorkspace } from "../../src/workspace/check.ts";
import { Sandbox } from "./fixture.ts";

let box: Sandbox;
beforeEach(() => {
  box = new Sandbox();
  box.folder("home/project");
  box.folder("home/.bot-bottle/state");
  box.folder("program/dist");
});
afterEach(() => box[Symbol.dispose]());

const me = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };

function check(folder: string, mode: "copy" | "bind" = "copy", user = me) {
  const forbidden = {
    homes: [box.at("elsewhere"), box.at("home")],
    botBottleHome: box.at("home/.bot-bottle"),
    programFolder: box.at("program"),
  };
  return checkWorkspace(folder, mode, forbidden, user);
}

async function refusal(folder: string, mode: "copy" | "bind" = "copy", user = me): Promise<string> {
  const error: unknown = await check(folder, mode, user).then(
    () => new Error("it was accepted"),
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(Fault);
  if (!(error instanceof Fault)) throw error;
  expect(error.exitCode).toBe(2);
  expect(error.mend).toBeTruthy();
  return error.message;
}

describe("a workspace", () => {
  it("in the home folder is accepted, by its real path", async () => {
    box.link("l", "home/project");
    expect(await check(box.at("home/project"))).toBe(box.at("home/project"));
    expect(await check(box.at("l"))).toBe(box.at("home/project"));
  });

  it("that is missing, or a file, is refused", async () => {
    expect(await refusal(box.at("nowhere"))).toContain("does not exist");
    expect(await refusal(box.file("home/file"))).toContain("not a folder");
  });

  it.each(["/", "/proc", "/proc/self", "/sys/fs"])("%s is refused", async (folder) => {
    await refusal(folder);
  });

  it("that is or holds the home folder is refused, behind a symlink too", async () => {
    expect(await refusal(box.at("home"))).toContain("is your home folder");
    expect(await refusal(box.root)).toContain("holds your home folder");
    expect(await refusal(dirname(box.root))).toContain("holds your home folder");
    expect(await refusal(box.link("home/project/up", ".."))).toContain("is your home folder");
  });

  it("that is, holds or lies in bot-bottle's own folders is refused", async () => {
    for (const path of ["home/.bot-bottle", "home/.bot-bottle/state", "program", "program/dist"]) {
      await refusal(box.at(path));
    }
  });
});

describe("a workspace in bind mode", () => {
  it("with ordinary files, read-only ones of its owner included, is accepted", async () => {
    box.file("home/project/.git/objects/ab/cd", "x", 0o444);
    box.link("home/project/l", "/etc/passwd");
    expect(await check(box.at("home/project"), "bind")).toBe(box.at("home/project"));
  });

  it("that holds a socket or a FIFO is refused and the paths named; a copy is not", async () => {
    spawnSync("mkfifo", [box.at("home/project/pipe")]);
    box.folder("home/project/deep");
    const server = createServer().listen(box.at("home/project/deep/sock"));
    await new Promise((resolve) => server.once("listening", resolve));
    try {
      const message = await refusal(box.at("home/project"), "bind");
      expect(message).toContain("deep/sock, pipe");
      await check(box.at("home/project"), "copy");
    } finally {
      server.close();
    }
  });

  it("with a file that has another name outside is refused; with both names inside it is not", async () => {
    box.file("home/project/a", "x");
    linkSync(box.at("home/project/a"), box.at("home/project/b"));
    await check(box.at("home/project"), "bind");
    linkSync(box.file("home/.bashrc", "x"), box.at("home/project/rc"));
    expect(await refusal(box.at("home/project"), "bind")).toMatch(/hard links.*: rc$/);
  });

  it("with files the bottle's user can't write is refused", async () => {
    box.file("home/project/a", "x");
    const message = await refusal(box.at("home/project"), "bind", { uid: me.uid + 1, gid: me.gid + 1 });
    expect(message).toContain("., a");
  });

  it("counts files of its group that the group can write", async ({ skip }) => {
    skip(me.uid !== 0, "only root can give files away");
    chownSync(box.folder("home/project", 0o770), 0, 4242);
    expect(await check(box.at("home/project"), "bind", { uid: 4242, gid: 4242 })).toBe(
      box.at("home/project"),
    );
  });
});
