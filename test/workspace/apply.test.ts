import { spawnSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  lstatSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { applyChanges, planApply, refuseConflicts } from "../../src/workspace/apply.ts";
import { hasChanges, workspaceChanges } from "../../src/workspace/changes.ts";
import { copyWorkspace } from "../../src/workspace/copy.ts";
import { diffLines } from "../../src/workspace/diff.ts";
import { linkLeaves } from "../../src/workspace/link-target.ts";
import { Sandbox } from "./fixture.ts";

let box: Sandbox;
beforeEach(async () => {
  box = new Sandbox();
  box.folder("copy");
  box.file("source/a.txt", "one\ntwo\n");
  box.file("source/gone.txt", "bye\n");
  box.file("source/run.sh", "#!/bin/sh\n", 0o755);
  box.file("source/d/x", "x\n");
  box.file("source/d/y", "y\n");
  box.file("source/.github/ci.yml", "on: push\n");
  box.file("source/.git/HEAD", "ref: refs/heads/main\n");
  box.file("source/.git/config", "[core]\n");
  await copyWorkspace({
    source: box.at("source"),
    target: box.at("copy"),
    base: box.at("base.json"),
    include: [],
    exclude: [],
  });
});
afterEach(() => box[Symbol.dispose]());

const paths = () => ({ workspace: box.at("copy"), base: box.at("base.json") });

/** What an agent does in its copy. */
function agent(script: string): void {
  const result = spawnSync("sh", ["-ec", script], { cwd: box.at("copy"), encoding: "utf8" });
  expect(result.stderr).toBe("");
}

async function changes(): Promise<string[]> {
  return (await workspaceChanges(paths())).changes.map(({ kind, path }) => `${kind} ${path}`);
}

async function diff(): Promise<string> {
  return [...diffLines(paths(), await workspaceChanges(paths()))].join("\n");
}

async function apply(hooks = false) {
  const found = await workspaceChanges(paths());
  const plan = planApply(found);
  refuseConflicts(plan);
  if (found.base === undefined) throw new Error("no base");
  applyChanges(paths(), found.base, hooks ? [...plan.ordinary, ...plan.runByThemselves] : plan.ordinary);
  return plan;
}

const source = (path: string) => readFileSync(box.at(`source/${path}`), "utf8");

describe("the changes of a workspace copy", () => {
  it("are none when nothing was done, even if it was looked at", async () => {
    agent("cat a.txt d/x >/dev/null; ls -R . >/dev/null");
    expect(await changes()).toEqual([]);
    expect(await hasChanges(paths())).toBe(false);
  });

  it("are seen though size and times are put back", async () => {
    agent("touch -r a.txt ../stamp; printf 'ONE\\ntwo\\n' > a.txt; touch -r ../stamp a.txt");
    expect(await changes()).toEqual(["modified a.txt"]);
  });

  it("name each kind", async () => {
    agent("echo n > new; rm gone.txt; chmod 700 run.sh; rm d/x; mkdir d/x; rm d/y; ln -s x d/y; mkfifo f");
    expect(await changes()).toEqual([
      "type d/x",
      "type d/y",
      "added f",
      "deleted gone.txt",
      "added new",
      "mode run.sh",
    ]);
  });

  it("leave out what happens inside .git, but say that commits were made", async () => {
    agent("echo x > .git/index; mkdir .git/objects; echo o > .git/objects/o");
    expect(await workspaceChanges(paths())).toMatchObject({ changes: [], commits: false });
    agent("mkdir -p .git/refs/heads; echo 1 > .git/refs/heads/x");
    expect(await workspaceChanges(paths())).toMatchObject({ changes: [], commits: true });
    expect(await hasChanges(paths())).toBe(true);
  });

  it("are seen beside a file of terabytes that takes no disk, which is not read", async () => {
    agent("truncate -s 8T sparse; truncate -s 8T a.txt");
    expect(await hasChanges(paths())).toBe(true);
    expect((await workspaceChanges(paths())).changes).toMatchObject([
      { path: "a.txt", after: { type: "special" } },
      { path: "sparse", after: { type: "special" } },
    ]);
  });

  it("count as work when they can't be read", async () => {
    writeFileSync(box.at("base.json"), "broken");
    expect(await hasChanges(paths())).toBe(true);
  });

  it("of a workspace that began empty are all that is in it", async () => {
    rmSync(box.at("base.json"));
    expect(await changes()).toContain("added a.txt");
    expect(() => planApply({ base: undefined, changes: [], commits: false })).toThrow(/began empty/);
  });
});

describe("a diff of a workspace copy", () => {
  it("is one that git applies", async () => {
    agent("printf 'one\\n2\\nthree' > a.txt; rm gone.txt; echo new > d/new; chmod 644 run.sh");
    const patch = `${await diff()}\n`;
    spawnSync("cp", ["-r", box.at("source"), box.at("other")]);
    const result = spawnSync("git", ["apply", "-"], {
      cwd: box.folder("other"),
      input: patch,
      encoding: "utf8",
      env: { ...process.env, GIT_CEILING_DIRECTORIES: box.root, GIT_DIR: "/nonexistent" },
    });
    expect(result.stderr).toBe("");
    expect(readFileSync(box.at("other/a.txt"), "utf8")).toBe("one\n2\nthree");
    expect(readFileSync(box.at("other/d/new"), "utf8")).toBe("new\n");
    expect(existsSync(box.at("other/gone.txt"))).toBe(false);
    expect(statSync(box.at("other/run.sh")).mode & 0o111).toBe(0);
  });

  it("escapes what would act on a terminal, in names and in content", async () => {
    agent(`printf 'x\\033]52;c;aGk=\\007\\n' > "$(printf 'n\\033[2Jame')"`);
    const text = await diff();
    expect(text).not.toContain("\u001b");
    expect(text).toContain("n\\u{1b}[2Jame");
    expect(text).toContain("+x\\u{1b}]52;c;aGk=\\u{7}");
  });

  it("is not blinded by attributes an agent writes", async () => {
    agent("echo '* -diff binary' > .gitattributes; echo evil >> a.txt");
    expect(await diff()).toContain("+evil");
  });

  it("names binary and changed originals instead of showing them", async () => {
    agent("printf 'a\\000b' > bin; echo x >> a.txt");
    writeFileSync(box.at("source/a.txt"), "the operator's\n");
    const text = await diff();
    expect(text).toContain("Files a/bin and b/bin differ: binary");
    expect(text).toContain("Files a/a.txt and b/a.txt differ: the original was changed");
  });

  it("shows symlinks as what they point to and never what lies there", async () => {
    agent("ln -s /etc/passwd l");
    const text = await diff();
    expect(text).toContain("+/etc/passwd");
    expect(text).not.toContain("root:");
  });
});

describe("applying changes", () => {
  it("writes files, modes, links, folders and deletions, and then nothing is left", async () => {
    agent(
      "echo 2 >> a.txt; rm gone.txt; chmod 750 run.sh; mkdir -p n/m; echo n > n/m/f; ln -s ../a.txt n/l; rm -r d",
    );
    await apply();
    expect(source("a.txt")).toBe("one\ntwo\n2\n");
    expect(existsSync(box.at("source/gone.txt"))).toBe(false);
    expect(existsSync(box.at("source/d"))).toBe(false);
    expect(statSync(box.at("source/run.sh")).mode & 0o777).toBe(0o750);
    expect(source("n/m/f")).toBe("n\n");
    expect(readlinkSync(box.at("source/n/l"))).toBe("../a.txt");
    expect(await hasChanges(paths())).toBe(false);
    expect(readdirSync(box.at("source")).some((name) => name.startsWith(".bot-bottle-"))).toBe(false);
  });

  it("turns files into folders and folders into files", async () => {
    agent("rm a.txt; mkdir a.txt; echo in > a.txt/f; rm -r d; echo file > d");
    await apply();
    expect(source("a.txt/f")).toBe("in\n");
    expect(source("d")).toBe("file\n");
  });

  it("writes nothing when one of the files changed in the original", async () => {
    agent("echo 2 >> a.txt; echo n > new");
    writeFileSync(box.at("source/a.txt"), "the operator's\n");
    await expect(apply()).rejects.toThrow(/changed since.*a\.txt/);
    expect(existsSync(box.at("source/new"))).toBe(false);
  });

  it("counts a file that appeared under the same name as a conflict, and the same change as none", async () => {
    agent("echo n > new");
    box.file("source/new", "other");
    await expect(apply()).rejects.toThrow(/new/);
    box.file("source/new", "n\n");
    await apply();
    expect(await hasChanges(paths())).toBe(false);
  });

  it("never writes into a .git, whatever its case", async () => {
    agent(
      "echo evil >> .git/config; mkdir -p sub/.git SUB/.GiT; echo e > sub/.git/config; echo e > SUB/.GiT/config",
    );
    await apply(true);
    expect(source(".git/config")).toBe("[core]\n");
    expect(existsSync(box.at("source/sub/.git"))).toBe(false);
    expect(existsSync(box.at("source/SUB/.GiT"))).toBe(false);
  });

  it("writes CI, editor and hook files only when that was said", async () => {
    agent("echo evil >> .github/ci.yml; mkdir -p x/.vscode; echo '{}' > x/.vscode/tasks.json; echo n > n");
    await apply();
    expect(source(".github/ci.yml")).toBe("on: push\n");
    expect(existsSync(box.at("source/x/.vscode"))).toBe(false);
    expect(source("n")).toBe("n\n");
    await apply(true);
    expect(source(".github/ci.yml")).toContain("evil");
    expect(source("x/.vscode/tasks.json")).toBe("{}\n");
  });

  it.each([".hg/hgrc", "sub/.jj/repo/config.toml", ".Rprofile", ".cursorrules", "bare-repository/HEAD"])(
    "writes %s, which other tools take commands from, only when that was said",
    async (path) => {
      agent(`mkdir -p "$(dirname ${path})"; echo x > ${path}`);
      await apply();
      expect(existsSync(box.at(`source/${path}`))).toBe(false);
      await apply(true);
      expect(existsSync(box.at(`source/${path}`))).toBe(true);
    },
  );

  it("leaves out symlinks that lead out, FIFOs and setuid bits", async () => {
    agent("ln -s /etc/passwd abs; ln -s ../../x up; mkfifo p; echo s > su; chmod 4755 su");
    const { skipped } = await apply();
    expect(skipped.map(({ path }) => path)).toEqual(["abs", "p", "up"]);
    expect(lstatSync(box.at("source/abs"), { throwIfNoEntry: false })).toBeUndefined();
    expect(statSync(box.at("source/su")).mode & 0o7777).toBe(0o755);
  });

  it("follows no symlink that stands where a folder was", async () => {
    box.folder("outside");
    agent("echo n > d/new; echo 2 >> d/x");
    renameSync(box.at("source/d"), box.at("source/e"));
    symlinkSync(box.at("outside"), box.at("source/d"));
    await expect(apply()).rejects.toThrow(/changed since/);
    expect(readdirSync(box.at("outside"))).toEqual([]);
  });

  it("does not write through a folder an agent replaced by a symlink", async () => {
    box.folder("outside");
    agent(`rm -r d; ln -s ${box.at("outside")} d`);
    const { skipped } = await apply();
    expect(skipped.map(({ path }) => path)).toEqual(["d", "d/x", "d/y"]);
    expect(readdirSync(box.at("outside"))).toEqual([]);
    expect(readdirSync(box.at("source/d"))).toEqual(["x", "y"]);
  });

  it("writes what was looked at, or nothing: a copy that changes meanwhile is refused", async () => {
    agent("echo n > new");
    const found = await workspaceChanges(paths());
    const plan = planApply(found);
    agent("echo other > new");
    const { base } = found;
    expect(() => base && applyChanges(paths(), base, plan.ordinary)).toThrow(/changed meanwhile/);
    expect(readdirSync(box.at("source"))).not.toContain("new");
  });

  it("keeps files that were not in the copy when their folder is deleted", async () => {
    agent("rm -r d");
    box.file("source/d/operators", "mine");
    await apply();
    expect(readdirSync(box.at("source/d"))).toEqual(["operators"]);
  });

  it("names the file when the original can't be written", async ({ skip }) => {
    skip(process.getuid?.() === 0, "root can write everything");
    agent("echo n > d/new");
    chmodSync(box.at("source/d"), 0o500);
    await expect(apply()).rejects.toThrow(/d\/new can't be written/);
    chmodSync(box.at("source/d"), 0o700);
  });
});

describe("a symlink's target", () => {
  it.each([
    ["l", "a", false],
    ["d/l", "../a", false],
    ["d/l", "./x/y", false],
    ["l", "/etc/passwd", true],
    ["l", "..", true],
    ["d/l", "../../x", true],
    ["x/y/l", "d/../secret", true],
    ["l", ".git/config", true],
    ["d/l", "../.GIT/hooks", true],
    ["l", "", true],
  ])("from %j to %j leaves: %s", (path, target, leaves) => {
    expect(linkLeaves(path, target)).toBe(leaves);
  });
});
