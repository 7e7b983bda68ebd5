import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  chownSync,
  existsSync,
  linkSync,
  lstatSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  utimesSync,
} from "node:fs";
import { createServer } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { readBase } from "../../src/workspace/base.ts";
import { copyWorkspace } from "../../src/workspace/copy.ts";
import { Sandbox } from "./fixture.ts";

let box: Sandbox;
beforeEach(() => {
  box = new Sandbox();
  box.folder("source");
  box.folder("copy");
});
afterEach(() => box[Symbol.dispose]());

function copy(
  options: { include?: string[]; exclude?: string[]; owner?: { uid: number; gid: number } } = {},
) {
  return copyWorkspace({
    source: box.at("source"),
    target: box.at("copy"),
    base: box.at("base.json"),
    include: options.include ?? [],
    exclude: options.exclude ?? [],
    ...(options.owner && { owner: options.owner }),
  });
}

const read = (path: string) => readFileSync(box.at(`copy/${path}`), "utf8");

describe("a workspace copy", () => {
  it("holds the same files, folders, modes and times", async () => {
    box.file("source/a.txt", "one");
    box.file("source/deep/er/run.sh", "#!/bin/sh\n", 0o755);
    box.file("source/large", "x".repeat(3 * 1024 * 1024), 0o444);
    box.folder("source/empty", 0o750);
    utimesSync(box.at("source/a.txt"), 1000, 2000);
    const report = await copy();
    expect(read("a.txt")).toBe("one");
    expect(read("large")).toHaveLength(3 * 1024 * 1024);
    expect(statSync(box.at("copy/deep/er/run.sh")).mode & 0o777).toBe(0o755);
    expect(statSync(box.at("copy/large")).mode & 0o777).toBe(0o444);
    expect(statSync(box.at("copy/empty")).mode & 0o777).toBe(0o750);
    expect(statSync(box.at("copy/a.txt")).mtimeMs).toBe(2_000_000);
    expect(report).toMatchObject({ files: 3, notices: [] });
  });

  it("drops setuid, setgid and sticky bits", async () => {
    box.file("source/su", "x", 0o4755);
    box.file("source/sg", "x", 0o2755);
    box.folder("source/sticky", 0o1777);
    await copy();
    for (const name of ["su", "sg", "sticky"]) {
      expect(statSync(box.at(`copy/${name}`)).mode & 0o7000).toBe(0);
    }
  });

  it("copies symlinks as symlinks and follows none", async () => {
    box.file("outside/secret", "secret");
    box.link("source/file", "../outside/secret");
    box.link("source/folder", box.at("outside"));
    await copy();
    expect(readlinkSync(box.at("copy/file"))).toBe("../outside/secret");
    expect(lstatSync(box.at("copy/folder")).isSymbolicLink()).toBe(true);
  });

  it("makes hard links files of their own", async () => {
    box.file("source/a", "one");
    linkSync(box.at("source/a"), box.at("source/b"));
    await copy();
    expect(statSync(box.at("copy/a")).nlink).toBe(1);
    expect(statSync(box.at("copy/a")).ino).not.toBe(statSync(box.at("source/a")).ino);
  });

  it("leaves sockets and FIFOs out and names them", async () => {
    spawnSync("mkfifo", [box.at("source/pipe")]);
    const server = createServer().listen(box.at("source/sock"));
    await new Promise((resolve) => server.once("listening", resolve));
    try {
      const { notices } = await copy();
      expect(readdirSync(box.at("copy"))).toEqual([]);
      expect(notices).toEqual(["pipe, sock are sockets, FIFOs or devices and are not in the copy"]);
    } finally {
      server.close();
    }
  });

  it("leaves names that are not UTF-8 out and says so", async () => {
    spawnSync("sh", ["-c", `touch "$1/$(printf 'bad\\377')"`, "sh", box.at("source")]);
    const { notices } = await copy();
    expect(notices.join()).toContain("not UTF-8");
  });

  it("takes what include names and not what exclude names", async () => {
    for (const path of ["src/a.ts", "src/deep/b.ts", "src/a.js", "node_modules/x/c.ts", "top.ts"]) {
      box.file(`source/${path}`, path);
    }
    await copy({ include: ["src/**/*.ts", "top.*"], exclude: ["deep"] });
    const entries = [...(readBase(box.at("base.json"))?.entries.keys() ?? [])].sort();
    expect(entries).toEqual(["src", "src/a.ts", "top.ts"]);
    expect(existsSync(box.at("copy/node_modules"))).toBe(false);
  });

  it("writes down what it held, whatever a file is called", async () => {
    box.file("source/__proto__", "x", 0o600);
    box.link("source/l", "there");
    await copy();
    const base = readBase(box.at("base.json"));
    expect(base?.source).toBe(box.at("source"));
    expect(base?.entries.get("__proto__")).toMatchObject({ type: "file", mode: 0o600, size: 1 });
    expect(base?.entries.get("l")).toEqual({ type: "link", target: "there" });
  });

  it("never copies from outside while folders are swapped for symlinks under it", async () => {
    box.file("outside/secret", "SECRET");
    for (let index = 0; index < 40; index += 1) box.file(`source/d${index}/secret`, "mine");
    const swapper = startSwapper();
    try {
      for (let round = 0; round < 6; round += 1) {
        box.folder(`round${round}`);
        await copyWorkspace({
          source: box.at("source"),
          target: box.at(`round${round}`),
          base: box.at("base.json"),
          include: [],
          exclude: [],
        });
        const found = spawnSync("grep", ["-rl", "SECRET", box.at(`round${round}`)], { encoding: "utf8" });
        expect(found.stdout).toBe("");
      }
    } finally {
      swapper.kill("SIGKILL");
      await once(swapper, "exit");
    }
  });

  it("belongs to the bottle's user when root makes it", async ({ skip }) => {
    skip(process.getuid?.() !== 0, "only root can give files away");
    box.file("source/d/a", "x");
    box.link("source/l", "d");
    await copy({ owner: { uid: 12345, gid: 12346 } });
    for (const path of ["d", "d/a", "l"]) {
      expect(lstatSync(box.at(`copy/${path}`))).toMatchObject({ uid: 12345, gid: 12346 });
    }
  });
});

describe("a workspace copy that root makes for a user", () => {
  it("holds nothing that neither that user nor the folder's owner could read", async ({ skip }) => {
    skip(process.getuid?.() !== 0, "only root can give files away");
    box.file("source/mine", "x", 0o600);
    box.file("source/roots", "secret", 0o600);
    box.file("source/roots-public", "x", 0o644);
    box.file("source/roots-folder/public", "secret", 0o644);
    box.folder("source/roots-folder", 0o700);
    for (const path of ["source", "source/mine"]) chownSync(box.at(path), 12345, 12345);
    const { notices } = await copy({ owner: { uid: 12345, gid: 12345 } });
    expect(readdirSync(box.at("copy")).sort()).toEqual(["mine", "roots-public"]);
    expect(notices).toEqual(["roots, roots-folder could not be read and are not in the copy"]);
  });
});

/** Another process that swaps d0…d39 between real folders and symlinks to `outside`, as fast as it can. */
function startSwapper(): ChildProcess {
  const script = `
    const { renameSync, symlinkSync, unlinkSync } = require("node:fs");
    const [source, parked, outside] = process.argv.slice(1);
    for (let at = 0; ; at += 1) {
      const path = source + "/d" + (at % 40);
      const away = parked + "/d" + (at % 40);
      try { renameSync(path, away); symlinkSync(outside, path); } catch {}
      try { unlinkSync(path); renameSync(away, path); } catch {}
    }`;
  const paths = [box.at("source"), box.folder("parked"), box.at("outside")];
  return spawn(process.execPath, ["-e", script, ...paths], { stdio: "ignore" });
}
