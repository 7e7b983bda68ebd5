import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { gitConfig } from "../../src/launch/git-config.ts";
import { planGit } from "../../src/plan/git.ts";
import { bottleOf } from "../manifest/home.ts";

type User = Parameters<typeof gitConfig>[0]["gitUser"];

/** A git whose home is a bottle's. */
async function gitOf(repos: Readonly<Record<string, string>>, gitUser?: User) {
  const entries = Object.entries(repos).map(([name, url]) => {
    const key = url.startsWith("https") ? "{provider: token, token_ref: T}" : "{provider: static, path: /k}";
    return `    ${name}: {url: "${url}", key: ${key}}\n`;
  });
  const { bottle } = await bottleOf(
    entries.length === 0 ? "env: {A: x}" : `git-gate:\n  repos:\n${entries.join("")}`,
  );
  const home = mkdtempSync(join(tmpdir(), "git-config-"));
  onTestFinished(() => rmSync(home, { recursive: true }));
  const { path, content } = gitConfig({ git: planGit(bottle.repos).repos, gitUser });
  writeFileSync(join(home, path), content);
  const env = { PATH: process.env.PATH, HOME: home, GIT_CONFIG_NOSYSTEM: "1", LC_ALL: "C" };
  const git = (...args: readonly string[]) => {
    const { status, stdout, stderr } = spawnSync("git", args, { cwd: home, env, encoding: "utf8" });
    if (status !== 0) throw new Error(`git ${args.join(" ")}: ${stderr}`);
    return stdout.trim();
  };
  return { home, git, resolve: (url: string) => git("ls-remote", "--get-url", url) };
}

describe("each spelling of a declared upstream leads to the gate, with what follows it", () => {
  const ssh = { widgets: "ssh://git@forge.example.com:2222/team/w.git" };
  test.each([
    ...["ssh", "git+ssh", "ssh+git"].flatMap((scheme) => [
      `${scheme}://git@forge.example.com:2222/team/w`,
      `${scheme}://forge.example.com:2222/team/w`,
      `${scheme}://git@forge.example.com/team/w`,
      `${scheme}://forge.example.com/team/w`,
    ]),
    "git@forge.example.com:team/w",
    "git@forge.example.com:/team/w",
    "forge.example.com:team/w",
    "https://forge.example.com/team/w",
    "http://forge.example.com/team/w",
    "git://forge.example.com/team/w",
  ])("%s", async (url) => {
    const { resolve } = await gitOf(ssh);
    for (const rest of ["", ".git", "/"])
      expect(resolve(`${url}${rest}`)).toBe(`http://git.bottle/widgets${rest}`);
  });

  test.each([
    "https://code.example.com:8443/lib",
    "https://code.example.com/lib",
    "ssh://git@code.example.com/lib",
    "git@code.example.com:lib",
  ])("of one over https: %s", async (url) => {
    const { resolve } = await gitOf({ lib: "https://code.example.com:8443/lib.git" });
    for (const rest of ["", ".git"]) expect(resolve(`${url}${rest}`)).toBe(`http://git.bottle/lib${rest}`);
  });

  test.each(["git@github.com:o/r.git", "https://github.com/o/r.git", "ssh://git@ssh.github.com:443/o/r.git"])(
    "of a forge that has ssh at another name: %s",
    async (url) => {
      const { resolve } = await gitOf({ r: "ssh://git@ssh.github.com:443/o/r.git" });
      expect(resolve(url)).toBe("http://git.bottle/r.git");
    },
  );

  test("as the manifest spells it, its host in capitals too", async () => {
    const { resolve } = await gitOf({ w: "ssh://git@Forge.Example.com/team/w.git" });
    expect(resolve("ssh://git@Forge.Example.com/team/w.git")).toBe("http://git.bottle/w.git");
    expect(resolve("git@forge.example.com:team/w.git")).toBe("http://git.bottle/w.git");
  });
});

test("what nothing declares goes where the gate refuses it", async () => {
  const { resolve } = await gitOf({ w: "ssh://git@forge.example.com/team/w.git" });
  expect(resolve("ssh://git@other.example.com:22/a/b.git")).toBe(
    "http://git.bottle/-/ssh/git@other.example.com:22/a/b.git",
  );
  expect(resolve("git@other.example.com:a/b.git")).toBe("http://git.bottle/-/scp/other.example.com:a/b.git");
  expect(resolve("git://other.example.com/a")).toBe("http://git.bottle/-/git/other.example.com/a");
  expect(resolve("https://other.example.com/a")).toBe("https://other.example.com/a");
});

test("a bottle without repositories has it too", async () => {
  const { resolve } = await gitOf({});
  expect(resolve("git@forge.example.com:a/b.git")).toBe("http://git.bottle/-/scp/forge.example.com:a/b.git");
});

describe("names and paths that begin alike", () => {
  test("the longer path is not taken for the shorter one", async () => {
    const { resolve } = await gitOf({
      w: "ssh://git@forge.example.com/team/w.git",
      docs: "ssh://git@forge.example.com/team/w-docs.git",
    });
    expect(resolve("git@forge.example.com:team/w-docs.git")).toBe("http://git.bottle/docs.git");
    expect(resolve("git@forge.example.com:team/w.git")).toBe("http://git.bottle/w.git");
  });

  test("no undeclared path becomes another entry's name", async () => {
    const { resolve } = await gitOf({
      w: "ssh://git@forge.example.com/team/w.git",
      widgets: "ssh://git@forge.example.com/other/widgets.git",
    });
    expect(resolve("git@forge.example.com:team/widgets.git")).toBe(
      "http://git.bottle/-/scp/forge.example.com:team/widgets.git",
    );
    expect(resolve("ssh://git@forge.example.com/team/widgets.git")).toBe(
      "http://git.bottle/-/ssh/git@forge.example.com/team/widgets.git",
    );
    expect(resolve("https://forge.example.com/team/widgets.git")).toBe(
      "https://forge.example.com/team/widgets.git",
    );
    expect(resolve("git@forge.example.com:other/widgets.git")).toBe("http://git.bottle/widgets.git");
  });

  test("two ports of a host are two upstreams, and what says no port is the one on ssh's own", async () => {
    const { resolve } = await gitOf({
      odd: "ssh://git@forge.example.com:2222/team/w.git",
      plain: "ssh://git@forge.example.com/team/w.git",
    });
    expect(resolve("ssh://git@forge.example.com:2222/team/w.git")).toBe("http://git.bottle/odd.git");
    expect(resolve("git@forge.example.com:team/w.git")).toBe("http://git.bottle/plain.git");
  });
});

test("a submodule with a relative URL resolves to the gate", async () => {
  const { home, git } = await gitOf({
    w: "ssh://git@forge.example.com/team/w.git",
    lib: "ssh://git@forge.example.com/team/lib.git",
  });
  mkdirSync(join(home, "w"));
  const inside = (...args: readonly string[]) => git("-C", "w", ...args);
  inside("init", "--quiet");
  inside("remote", "add", "origin", "git@forge.example.com:team/w.git");
  writeFileSync(join(home, "w/.gitmodules"), '[submodule "lib"]\n\tpath = lib\n\turl = ../lib.git\n');
  const blob = inside("hash-object", "-w", "-t", "tree", "/dev/null");
  const who = ["-c", "user.name=A", "-c", "user.email=a@example.com"];
  const commit = inside(...who, "commit-tree", "-m", "x", blob);
  inside("update-index", "--add", "--cacheinfo", `160000,${commit},lib`);
  inside("submodule", "init");
  const url = inside("config", "submodule.lib.url");
  expect(inside("ls-remote", "--get-url", url)).toBe("http://git.bottle/lib.git");
});

test("an identity is what it was written as, quotes and backslashes and all", async () => {
  const user = { name: 'A "B" \\ C # D; E', email: "a@example.com" };
  const { git } = await gitOf({}, user);
  expect(git("config", "user.name")).toBe(user.name);
  expect(git("config", "user.email")).toBe(user.email);
});

test("git-lfs waits for the gate as long as an upload to the upstream takes", async () => {
  const { git } = await gitOf({ widgets: "ssh://git@forge.example.com/team/w.git" });
  expect(
    Number(git("config", "--get-urlmatch", "lfs.activitytimeout", "http://git.bottle/widgets.git")),
  ).toBe(3600);
});
