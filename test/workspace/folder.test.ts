import { readdirSync, renameSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Folder, openBeneath } from "../../src/workspace/folder.ts";
import { Sandbox } from "./fixture.ts";

let box: Sandbox;
beforeEach(() => {
  box = new Sandbox();
  box.file("outside/secret", "secret");
  box.folder("in");
});
afterEach(() => box[Symbol.dispose]());

describe("a folder held open", () => {
  it("opens no child that is a symlink, to a folder or to a file", () => {
    box.link("in/folder", "../outside");
    box.link("in/file", "../outside/secret");
    using folder = Folder.open(box.at("in"));
    expect(() => folder.openFolder("folder")).toThrow(/ENOTDIR|ELOOP/);
    expect(() => folder.openFile("file")).toThrow(/ELOOP/);
    expect(folder.stat("folder")?.isSymbolicLink()).toBe(true);
  });

  it("is not opened itself when its last component is a symlink", () => {
    box.link("l", "outside");
    expect(() => Folder.open(box.at("l"))).toThrow(/ENOTDIR|ELOOP/);
  });

  it("is not opened through a symlink that was put into its resolved path", () => {
    box.file("real/project/file", "x");
    box.link("project-owner", "real");
    expect(() => Folder.openResolved(box.at("project-owner/project"))).toThrow(/ENOTDIR|ELOOP/);
    using folder = Folder.openResolved(box.at("real/project"));
    expect(folder.names()).toEqual(["file"]);
  });

  it("stays the same folder when another takes its place", () => {
    box.file("in/mine");
    using folder = Folder.open(box.at("in"));
    renameSync(box.at("in"), box.at("away"));
    box.link("in", "outside");
    expect(folder.names()).toEqual(["mine"]);
  });

  it.each(["", ".", "..", "a/b", "a\0"])("has no child called %j", (name) => {
    using folder = Folder.open(box.at("in"));
    expect(() => folder.at(name)).toThrow(/not the name/);
  });
});

describe("a path below a folder", () => {
  it("is opened component by component, and not at all through a symlink", () => {
    box.folder("in/a/b");
    box.link("in/l", "a");
    using root = Folder.open(box.at("in"));
    using found = openBeneath(root, ["a", "b"]);
    expect(found).toBeDefined();
    expect(openBeneath(root, ["l", "b"])).toBeUndefined();
    expect(openBeneath(root, ["a", "missing"])).toBeUndefined();
  });

  it("leaves no descriptor open when it fails", () => {
    using root = Folder.open(box.at("in"));
    const before = readdirSync("/proc/self/fd").length;
    for (let count = 0; count < 50; count += 1) openBeneath(root, ["a", "b"]);
    expect(readdirSync("/proc/self/fd").length).toBe(before);
  });
});
