import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { findProgram, NODE_TARGET } from "../../src/providers/find-program.ts";

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "find-program-"));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function put(path: string, content: string, mode = 0o644): string {
  const file = join(root, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, content);
  chmodSync(file, mode);
  return file;
}

function link(path: string, target: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  symlinkSync(target, join(root, path));
}

function find(name: string, ...folders: string[]) {
  const path = [...folders.map((folder) => join(root, folder)), "/usr/bin", "/bin"].join(":");
  return findProgram(name, { path, forbidden: [join(root, "home")] });
}

const NATIVE = "\u007fELF and so on";
const HERE = { os: [process.platform], cpu: [process.arch] };

describe("a program on the host", () => {
  it("that lies in /usr needs nothing bound", () => {
    expect(find("git")).toEqual({ path: "/usr/bin/git", binds: [] });
  });

  it("that is nowhere on PATH is not found", () => {
    expect(find("no-such-program")).toBeUndefined();
  });

  it("is not looked for in relative folders of PATH", () => {
    put("here/tool", NATIVE, 0o755);
    const before = process.cwd();
    process.chdir(join(root, "here"));
    try {
      expect(findProgram("tool", { path: ".::bin", forbidden: [] })).toBeUndefined();
    } finally {
      process.chdir(before);
    }
  });

  it("installed by npm brings its package's folder alone", () => {
    put("lib/node_modules/tool/package.json", JSON.stringify({ name: "tool", bin: { tool: "bin/tool.js" } }));
    put("lib/node_modules/tool/bin/tool.js", "#!/bin/sh\n", 0o755);
    put("lib/node_modules/other/secret", "x");
    link("bin/tool", "../lib/node_modules/tool/bin/tool.js");
    expect(find("tool", "bin")).toEqual({
      path: "/opt/agent/tool/bin/tool.js",
      binds: [{ source: join(root, "lib/node_modules/tool"), target: "/opt/agent/tool" }],
    });
  });

  it("that ships a package for each platform brings the native program's package instead", () => {
    const bin = { tool: "bin/tool.exe" };
    const optionalDependencies = { "@x/tool-other": "1", "@x/tool-here": "1" };
    put("node_modules/@x/tool/package.json", JSON.stringify({ bin, optionalDependencies }));
    put("node_modules/@x/tool/bin/tool.exe", "a placeholder that npm's install script replaces", 0o755);
    put("node_modules/@x/tool-other/package.json", JSON.stringify({ os: ["plan9"], cpu: ["vax"] }));
    put("node_modules/@x/tool-other/tool", NATIVE, 0o755);
    put("node_modules/@x/tool-here/package.json", JSON.stringify(HERE));
    put("node_modules/@x/tool-here/tool", NATIVE, 0o755);
    link("node_modules/.bin/tool", "../@x/tool/bin/tool.exe");
    expect(find("tool", "node_modules/.bin")).toEqual({
      path: "/opt/agent/tool/tool",
      binds: [{ source: join(root, "node_modules/@x/tool-here"), target: "/opt/agent/tool" }],
    });
  });

  it("finds the platform's package nested in the program's own too", () => {
    put("t/package.json", JSON.stringify({ bin: "tool", optionalDependencies: { "tool-here": "1" } }));
    put("t/tool", "#!/usr/bin/env no-such-thing\n", 0o755);
    put("t/node_modules/tool-here/package.json", JSON.stringify(HERE));
    put("t/node_modules/tool-here/bin/tool", NATIVE, 0o755);
    expect(find("tool", "t")?.path).toBe("/opt/agent/tool/bin/tool");
  });

  it("never follows a dependency's name out of node_modules", () => {
    put("t/package.json", JSON.stringify({ bin: "tool", optionalDependencies: { "../../home": "1" } }));
    put("t/tool", NATIVE, 0o755);
    put("home/package.json", JSON.stringify(HERE));
    put("home/tool", NATIVE, 0o755);
    expect(find("tool", "t")?.binds).toEqual([{ source: join(root, "t"), target: "/opt/agent/tool" }]);
  });

  it("outside any package is bound as one file", () => {
    put("home/package.json", JSON.stringify({ name: "a checkout in a home folder" }));
    put("home/.local/bin/tool", NATIVE, 0o755);
    expect(find("tool", "home/.local/bin")).toEqual({
      path: "/opt/agent/tool/tool",
      binds: [{ source: join(root, "home/.local/bin/tool"), target: "/opt/agent/tool/tool" }],
    });
  });

  it("whose package is, or holds, a home folder is refused", () => {
    put("home/package.json", JSON.stringify({ bin: "tool" }));
    put("home/tool", NATIVE, 0o755);
    expect(() => find("tool", "home")).toThrow(/which holds/);
    put("package.json", JSON.stringify({ bin: "tool" }));
    put("tool", NATIVE, 0o755);
    expect(() => find("tool", ".")).toThrow(/which holds/);
  });

  it("that is a script for node brings node along when node is not in /usr", () => {
    put("t/package.json", JSON.stringify({ bin: "tool" }));
    put("t/tool", "#!/usr/bin/env -S node --no-warnings\n", 0o755);
    put("n/node", NATIVE, 0o755);
    expect(find("tool", "t", "n")?.binds).toContainEqual({
      source: join(root, "n/node"),
      target: NODE_TARGET,
    });
  });

  it("whose interpreter the bottle can't see is refused", () => {
    put("t/tool", `#!${join(root, "venv/python")}\n`, 0o755);
    put("venv/python", NATIVE, 0o755);
    expect(() => find("tool", "t")).toThrow(/a bottle can't see/);
  });

  it("that is neither native nor a script is refused", () => {
    put("t/tool", "just text", 0o755);
    expect(() => find("tool", "t")).toThrow(/neither a native program nor a script/);
  });
});

describe("the published Claude Code program", () => {
  const bin = join(import.meta.dirname, "../../node_modules/.bin");

  it("is found with a native binary in one bound folder that is no node_modules", () => {
    const found = findProgram("claude", { path: bin, forbidden: [] });
    expect(found?.binds).toHaveLength(1);
    const [bind] = found?.binds ?? [];
    expect(bind?.source).toMatch(/node_modules\/@anthropic-ai\/claude-code[a-z0-9-]*$/);
    const file = (found?.path ?? "").replace("/opt/agent/claude", bind?.source ?? "");
    expect(existsSync(file)).toBe(true);
  });
});
