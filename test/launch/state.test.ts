import { execFileSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { homePaths, statePaths } from "../../src/launch/paths.ts";
import {
  createState,
  findBottle,
  newId,
  prepareHome,
  removeState,
  writeHomeFiles,
} from "../../src/launch/state.ts";

const owner = { uid: process.getuid?.() || 64_000, gid: process.getgid?.() || 64_000 };
let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "state-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe("a bottle's state", () => {
  test("goes whatever an agent left in it: closed folders, odd names, depths no path reaches", () => {
    const home = homePaths(join(folder, "home"));
    prepareHome(home);
    createState(home, "dev-abc12", owner);
    const { root, workspace, agentHome } = statePaths(home, "dev-abc12");
    const script = `$d = "d" x 200; chdir $ARGV[0]; for (1..5000) { mkdir $d or die $!; chdir $d or die $! }
      open my $f, ">", "\xff\xfe" or die $!; chdir $ARGV[1]; mkdir "a"; mkdir "a/b"; symlink $ARGV[2], "a/out"; chmod 0, "a/b", "a"`;
    const outside = join(folder, "outside");
    mkdirSync(outside);
    writeFileSync(join(outside, "kept"), "");
    execFileSync("perl", ["-e", script, workspace, agentHome, outside]);
    removeState(home, "dev-abc12");
    expect(existsSync(root)).toBe(false);
    expect(existsSync(join(outside, "kept"))).toBe(true);
  });

  test("lies in folders only the operator can enter", () => {
    const home = homePaths(join(folder, "home"));
    prepareHome(home);
    createState(home, "dev-abc12", owner);
    for (const path of [home.root, home.state, home.journal, home.run, statePaths(home, "dev-abc12").root]) {
      expect(statSync(path).mode & 0o777).toBe(0o700);
    }
  });

  test("is removed even when the agent took the write bit off its folders", () => {
    const home = homePaths(folder);
    prepareHome(home);
    createState(home, "dev-abc12", owner);
    const locked = join(statePaths(home, "dev-abc12").agentHome, "locked");
    mkdirSync(locked);
    writeFileSync(join(locked, "file"), "");
    chmodSync(locked, 0);
    removeState(home, "dev-abc12");
    expect(existsSync(statePaths(home, "dev-abc12").root)).toBe(false);
  });

  test("removal follows no link the agent made", () => {
    const home = homePaths(join(folder, "home"));
    const precious = join(folder, "precious");
    mkdirSync(precious);
    writeFileSync(join(precious, "file"), "x");
    prepareHome(home);
    createState(home, "dev-abc12", owner);
    symlinkSync(precious, join(statePaths(home, "dev-abc12").agentHome, "link"));
    removeState(home, "dev-abc12");
    expect(readFileSync(join(precious, "file"), "utf8")).toBe("x");
  });

  test.each(["../../etc", "", ".", "dev", "DEV-abc12"])("%j is no bottle to remove or find", (id) => {
    const home = homePaths(folder);
    expect(() => removeState(home, id)).toThrow(/not a bottle/);
    expect(() => findBottle(home, id)).toThrow(/no bottle/);
  });

  test("IDs are the name and five base-36 characters", () => {
    expect(newId(homePaths(folder), "dev")).toMatch(/^dev-[0-9a-z]{5}$/);
  });
});

describe("a provider's files", () => {
  test("replace links the agent left, and write nothing through them", () => {
    const target = join(folder, "target");
    const home = join(folder, "home");
    mkdirSync(home);
    writeFileSync(target, "mine");
    symlinkSync(target, join(home, ".claude.json"));
    symlinkSync(folder, join(home, ".claude"));
    writeHomeFiles(
      home,
      [
        { path: ".claude.json", content: "{}", mode: 0o600 },
        { path: ".claude/settings.json", content: "{}", mode: 0o600 },
      ],
      owner,
    );
    expect(readFileSync(target, "utf8")).toBe("mine");
    expect(existsSync(join(folder, "settings.json"))).toBe(false);
    expect(lstatSync(join(home, ".claude")).isDirectory()).toBe(true);
    expect(readFileSync(join(home, ".claude", "settings.json"), "utf8")).toBe("{}");
  });

  test.each(["../x", "/x", "a//b", "a/./b", ""])("%j is refused as a file's name", (path) => {
    expect(() => writeHomeFiles(folder, [{ path, content: "", mode: 0o600 }], owner)).toThrow(/impossible/);
  });
});
