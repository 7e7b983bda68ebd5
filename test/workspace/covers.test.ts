import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Fault } from "../../src/base/fault.ts";
import { autoRunPaths } from "../../src/workspace/auto-run.ts";
import { bindCovers } from "../../src/workspace/covers.ts";
import { Sandbox } from "./fixture.ts";

let box: Sandbox;
beforeEach(() => {
  box = new Sandbox();
  box.folder("repo");
});
afterEach(() => box[Symbol.dispose]());

/** The host's git, as the operator runs it: with their own settings, none here. */
function git(folder: string, ...args: string[]): { status: number | null; stdout: string } {
  const env = {
    PATH: process.env.PATH,
    HOME: box.root,
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_AUTHOR_NAME: "n",
    GIT_AUTHOR_EMAIL: "a@b",
    GIT_COMMITTER_NAME: "n",
    GIT_COMMITTER_EMAIL: "a@b",
  };
  const result = spawnSync("git", args, { cwd: box.at(folder), env, encoding: "utf8" });
  return { status: result.status, stdout: result.stdout };
}

function covers(): Map<string, boolean> {
  return new Map(bindCovers(box.at("repo")).map(({ target, writable }) => [target, writable]));
}

/** Runs a script as the agent would, with the workspace and its covers mounted at /workspace. */
function inBottle(script: string): { status: number | null; stdout: string; stderr: string } {
  const binds = bindCovers(box.at("repo")).flatMap(({ source, target, writable }) => [
    writable ? "--bind" : "--ro-bind",
    source,
    target,
  ]);
  const system = ["/usr", "/bin", "/lib", "/lib64", "/etc"].filter((path) => existsSync(path));
  const args = [
    ...system.flatMap((path) => ["--ro-bind", path, path]),
    ...["--dev", "/dev", "--unshare-user", "--bind", box.at("repo"), "/workspace"],
    ...binds,
    ...["--chdir", "/workspace", "sh", "-c", script],
  ];
  return spawnSync("bwrap", args, { encoding: "utf8" });
}

/** What a plain `git status` of the operator runs, if an agent managed to say so. */
const EVIL = "touch $PWD/../PWNED";

function pwned(): boolean {
  git("repo", "status");
  git("repo", "commit", "--allow-empty", "-m", "x");
  return existsSync(box.at("PWNED"));
}

describe("the covers of a repository in bind mode", () => {
  beforeEach(() => {
    git("repo", "init", "-q");
    box.file("repo/a", "one");
    git("repo", "add", ".");
    git("repo", "commit", "-qm", "one");
  });

  it("make .git a mount point, with what git runs read-only under it", () => {
    const found = covers();
    expect(found.get("/workspace/.git")).toBe(true);
    for (const name of ["hooks", "info", "config", "config.worktree", "commondir"]) {
      expect(found.get(`/workspace/.git/${name}`)).toBe(false);
    }
    expect([...found.keys()].indexOf("/workspace/.git")).toBe(0);
  });

  it("leave the host's git working", () => {
    covers();
    expect(git("repo", "status", "--short").stdout).toBe("");
    expect(git("repo", "commit", "--allow-empty", "-qm", "two").status).toBe(0);
    expect(git("repo", "worktree", "add", "-q", "../other").status).toBe(0);
    expect(git("other", "status", "--short").stdout).toBe("");
    expect(git("repo", "gc", "-q").status).toBe(0);
    expect(git("repo", "fsck").status).toBe(0);
    expect(readFileSync(box.at("repo/.git/commondir"), "utf8")).toBe(".\n");
  });

  it("leave an agent's git working, commits included", () => {
    const done = inBottle(
      "git -c user.name=n -c user.email=a@b commit -q --allow-empty -m agent && echo done",
    );
    expect(done.stdout).toBe("done\n");
    expect(git("repo", "log", "-1", "--format=%s").stdout).toBe("agent\n");
  });

  it.each([
    ["a hook", `printf '#!/bin/sh\\n${EVIL}\\n' > .git/hooks/pre-commit && chmod +x .git/hooks/pre-commit`],
    ["a config", `git config core.fsmonitor '${EVIL}'`],
    ["a config by rename", "mv .git/config .git/old"],
    ["another hooks folder", "mv .git/hooks .git/old && mkdir .git/hooks"],
    ["another .git", "mv .git old && mkdir .git"],
    ["another common folder", "rm -f .git/commondir && cp -r .git e && printf ../e > .git/commondir"],
    ["a config.worktree", `printf '[core]\\nfsmonitor = ${EVIL}\\n' > .git/config.worktree`],
    ["attributes", "echo '* filter=x' > .git/info/attributes"],
  ])("let no agent put in %s", (_, script) => {
    const result = inBottle(script);
    expect(result.stderr).toMatch(/Read-only|busy|cannot|could not/i);
    expect(result.status).not.toBe(0);
    expect(pwned()).toBe(false);
  });

  it("would be worth nothing without commondir: the attack works on a bare .git", () => {
    const script = `cp -r .git e && git config -f e/config core.fsmonitor '${EVIL}' && printf ../e > .git/commondir`;
    spawnSync("sh", ["-c", script], { cwd: box.at("repo") });
    expect(pwned()).toBe(true);
  });

  it("hold editor and CI files that exist, and make none", () => {
    box.file("repo/.github/workflows/ci.yml");
    box.file("repo/.envrc");
    const found = covers();
    expect(found.get("/workspace/.github")).toBe(false);
    expect(found.get("/workspace/.envrc")).toBe(false);
    expect(existsSync(box.at("repo/.vscode"))).toBe(false);
    expect(inBottle("echo evil >> .envrc").status).not.toBe(0);
    expect(inBottle("mv .github x").status).not.toBe(0);
  });

  it("hold a hooks folder and included files the config names, with every folder above them", () => {
    box.file("repo/tools/hooks/pre-commit", "#!/bin/sh\n", 0o755);
    box.file("repo/conf/git", "[user]\nname = x\n");
    git("repo", "config", "core.hooksPath", "tools/hooks");
    git("repo", "config", "include.path", "../conf/git");
    const found = covers();
    expect(found.get("/workspace/tools")).toBe(true);
    expect(found.get("/workspace/tools/hooks")).toBe(false);
    expect(found.get("/workspace/conf/git")).toBe(false);
    expect(inBottle("mv tools t").status).not.toBe(0);
  });

  it("refuse a config that names a missing file in the workspace, which an agent could make", () => {
    git("repo", "config", "core.hooksPath", "tools/hooks");
    expect(() => covers()).toThrow(Fault);
  });

  it("hold submodules' repositories, nested ones too", () => {
    git("repo", "init", "-q", "../lib");
    git("lib", "commit", "-q", "--allow-empty", "-m", "x");
    git(
      "repo",
      "-c",
      "protocol.file.allow=always",
      "submodule",
      "add",
      "-q",
      "--name",
      "deep/lib",
      "../lib",
      "lib",
    );
    const found = covers();
    expect(found.get("/workspace/.git/modules")).toBe(true);
    expect(found.get("/workspace/.git/modules/deep")).toBe(true);
    expect(found.get("/workspace/.git/modules/deep/lib")).toBe(true);
    expect(found.get("/workspace/.git/modules/deep/lib/config")).toBe(false);
    expect(found.get("/workspace/lib/.git")).toBe(false);
    expect(inBottle("mv .git/modules/deep .git/modules/d").status).not.toBe(0);
    expect(inBottle("echo 'gitdir: ../e' > lib/.git").status).not.toBe(0);
  });

  it("refuse a .git, or a part of it, that is a symlink", () => {
    spawnSync("sh", ["-c", "mv .git/hooks ../h && ln -s ../../h .git/hooks"], { cwd: box.at("repo") });
    expect(() => covers()).toThrow(/symlink/);
    spawnSync("sh", ["-c", "mv .git ../g && ln -s ../g .git"], { cwd: box.at("repo") });
    expect(() => covers()).toThrow(/symlink/);
  });
});

describe("the covers of other folders in bind mode", () => {
  it("make an empty .git where there is none, which git ignores", () => {
    expect(covers().get("/workspace/.git")).toBe(false);
    expect(git("repo", "rev-parse", "--git-dir").status).not.toBe(0);
    expect(inBottle("git init -q").status).not.toBe(0);
  });

  it("hold a .git that is a file, as a worktree's is", () => {
    box.file("repo/.git", "gitdir: /elsewhere\n");
    expect(covers().get("/workspace/.git")).toBe(false);
  });
});

describe("the paths that are run by themselves", () => {
  it("are found at any depth, so that those that appeared can be told", () => {
    const before = autoRunPaths(box.at("repo"));
    box.file("repo/packages/x/.git/config");
    box.file("repo/.vscode/tasks.json");
    box.file("repo/src/main.ts");
    box.link("repo/l", "/");
    const after = autoRunPaths(box.at("repo"));
    expect([...after].filter((path) => !before.has(path)).sort()).toEqual([".vscode", "packages/x/.git"]);
  });
});
