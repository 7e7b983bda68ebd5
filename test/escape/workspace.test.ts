import { spawnSync } from "node:child_process";
import { existsSync, lstatSync, mkdirSync, readFileSync, symlinkSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { BottleHome } from "../support/bottle.ts";
import { ordinaryUser } from "../support/ordinary-user.ts";
import { STARTERS } from "../support/program.ts";

const BOTTLE = `
agent_provider: {template: command}
supervise: false
`;

describe.each(STARTERS)("the workspace of a bottle started by %s", (starter) => {
  let home: BottleHome;
  afterEach(() => home.dispose());
  const make = () => {
    home = new BottleHome({ starter, bottles: { dev: BOTTLE } });
    return home;
  };
  const git = (folder: string) => {
    const done = spawnSync("git", ["init", "-q", folder], { encoding: "utf8" });
    if (done.status !== 0) throw new Error(`git init: ${done.stderr}`);
  };
  /** In bind mode the bottle runs as the folder's owner, who is never root. */
  const ordinary = (folder: string) => {
    if (process.getuid?.() !== 0) return;
    const { uid, gid } = ordinaryUser();
    spawnSync("chown", ["-Rh", `${uid}:${gid}`, folder]);
  };

  it.each(["copy", "bind"])("does not lead out through a symlink (%s)", async (mode) => {
    make();
    const secret = home.write("user/private.txt", "secret-of-the-operator\n", 0o644);
    const workspace = home.workspace({ "a.txt": "a\n" });
    symlinkSync(secret, join(workspace, "link"));
    symlinkSync("/etc/shadow", join(workspace, "shadow"));
    symlinkSync("../..", join(workspace, "up"));
    if (mode === "bind") ordinary(workspace);
    const { stdout } = await home.run(
      ["sh", "-c", "cat link shadow up/user/private.txt up/home/settings.yml 2>&1; ls up/ 2>&1; echo end"],
      { flags: ["--workspace", workspace, "--workspace-mode", mode] },
    );
    expect(stdout).toContain("end");
    expect(stdout).not.toMatch(/secret-of-the-operator|root:|upstream/);
  });

  it("does not let apply write through a symlink the agent planted", async () => {
    make();
    const target = home.write("user/target.txt", "untouched\n", 0o644);
    mkdirSync(join(home.folder, "user/folder"));
    home.own(join(home.folder, "user/folder"));
    const workspace = home.workspace({ "a.txt": "a\n", "dir/b.txt": "b\n" });
    const script = `rm -r a.txt dir; ln -s ${target} a.txt; ln -s ${home.userHome}/folder dir; echo new > new.txt`;
    const run = await home.run(["sh", "-c", script], { flags: ["--workspace", workspace] });
    const apply = await home.cli(["apply", run.id ?? "", "--yes"]);
    expect(readFileSync(target, "utf8")).toBe("untouched\n");
    expect(existsSync(join(home.userHome, "folder/b.txt"))).toBe(false);
    // then a second step through the link that the first may have brought in
    if (apply.code === 0 && lstatSync(join(workspace, "a.txt")).isSymbolicLink()) {
      expect(readFileSync(target, "utf8")).toBe("untouched\n");
    }
  });

  it("keeps .git where it is in bind mode: no rename, no hook, no configuration", async () => {
    make();
    const workspace = home.workspace({ "a.txt": "a\n" });
    git(workspace);
    ordinary(workspace);
    const script = `
      mv .git moved && echo MOVED; rmdir .git 2>/dev/null && echo REMOVED; rm -rf .git/hooks && echo HOOKS_GONE;
      echo '#!/bin/sh' > .git/hooks/pre-commit && echo HOOK; printf '[core]\\n\\tfsmonitor = x\\n' >> .git/config && echo CONFIG;
      mv .git/hooks .git/h2 && echo RENAMED_HOOKS; ln -sf /tmp/x .git/config && echo LINKED; echo x > .git/config.worktree && echo WORKTREE;
      echo ok > b.txt; echo end`;
    const { stdout } = await home.run(["sh", "-c", `{ ${script}; } 2>/dev/null`], {
      flags: ["--workspace", workspace, "--workspace-mode", "bind"],
    });
    expect(stdout).toBe("end\n");
    expect(readFileSync(join(workspace, "b.txt"), "utf8")).toBe("ok\n");
    expect(existsSync(join(workspace, ".git/hooks/pre-commit"))).toBe(false);
    expect(readFileSync(join(workspace, ".git/config"), "utf8")).not.toContain("fsmonitor");
  });

  it("plants no .git in a folder that had none, in bind mode", async () => {
    make();
    const workspace = home.workspace({ "a.txt": "a\n" });
    ordinary(workspace);
    await home.run(["sh", "-c", "mkdir .git && mkdir .git/hooks && echo x > .git/hooks/pre-commit; true"], {
      flags: ["--workspace", workspace, "--workspace-mode", "bind"],
    });
    expect(existsSync(join(workspace, ".git/hooks/pre-commit"))).toBe(false);
  });

  it("refuses to bind a folder that holds a unix socket, which a read-only bind would not stop", async () => {
    make();
    const workspace = home.workspace({ "a.txt": "a\n" });
    const server = createServer();
    await new Promise<void>((resolve) => void server.listen(join(workspace, "service.sock"), resolve));
    try {
      const result = await home.run(["true"], {
        flags: ["--workspace", workspace, "--workspace-mode", "bind"],
      });
      expect(result.code).toBe(2);
      expect(result.stderr).toContain("service.sock");
      expect(home.ids()).toEqual([]);
    } finally {
      server.close();
    }
  });

  it.each(["/", "home", "user"])("refuses %s as a workspace", async (which) => {
    make();
    const folder = { "/": "/", home: home.home, user: home.userHome }[which] ?? "/";
    const result = await home.run(["true"], { flags: ["--workspace", folder] });
    expect([result.code, home.ids()]).toEqual([2, []]);
  });

  it("brings no FIFO, device or socket back with apply", async () => {
    make();
    const workspace = home.workspace({ "a.txt": "a\n" });
    const run = await home.run(["sh", "-c", "mkfifo pipe; echo changed > a.txt; ln a.txt hard"], {
      flags: ["--workspace", workspace],
    });
    await home.cli(["apply", run.id ?? "", "--yes"]);
    expect(existsSync(join(workspace, "pipe"))).toBe(false);
  });

  it("prints names with their control characters escaped", async () => {
    make();
    const workspace = home.workspace({ "a.txt": "a\n" });
    const run = await home.run(
      [
        "perl",
        "-e",
        'open(F, ">", "\\e]0;title\\a\\e[31mname") or die; print F "\\e]52;c;aGk=\\a\\n"; close F',
      ],
      { flags: ["--workspace", workspace] },
    );
    for (const args of [
      ["diff", run.id ?? ""],
      ["diff", run.id ?? "", "--stat"],
      ["apply", run.id ?? "", "--yes"],
      ["logs", run.id ?? ""],
    ]) {
      const { stdout, stderr } = await home.cli(args);
      expect(`${args.join(" ")}: ${stdout}${stderr}`).not.toMatch(/\p{Cc}(?<![\n\t])/u);
    }
  });
});
