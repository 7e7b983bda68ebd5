import { existsSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { BottleHome, type Result, type RunningBottle } from "../support/bottle.ts";
import { type HttpsGitUpstream, startHttpsGitUpstream } from "../support/https-git-upstream.ts";
import { ordinaryUser } from "../support/ordinary-user.ts";
import { TestCa } from "../support/pki.ts";
import { family, survivors } from "../support/processes.ts";
import { STARTERS } from "../support/program.ts";
import { keyFor, type SshUpstream, startSshUpstream } from "../support/ssh-upstream.ts";

const SSH = "forge.example.com";
const HTTPS = "code.example.com";
const TOKEN = ["forge", "token", "for", "the", "gate"].join("-");
/** Clones `$1` to `$2`, commits there, and pushes to the branch `$3`. */
const WORK = `set -e
cd ~
git clone -q "$1" "$2"
cd "$2"
echo "$3" >work.txt
git add work.txt
git -c user.name=a -c user.email=a@example.com commit -q -m "$3"
git push -q origin "HEAD:refs/heads/$3"
git rev-parse HEAD`;

/** git alone, in a real bottle, with the addresses that people use: it knows of no gate and holds no credential. */
describe.each(STARTERS)("git in a bottle that %s started", (starter) => {
  let ssh: SshUpstream;
  let https: HttpsGitUpstream;
  let home: BottleHome;
  let bottle: RunningBottle;

  beforeAll(async () => {
    const ca = new TestCa();
    ssh = await startSshUpstream();
    https = await startHttpsGitUpstream({ credentials: ca.leaf([HTTPS]), token: TOKEN });
    for (const name of ["widgets", "lib"]) await ssh.createRepo(name);
    await https.createRepo("things");
    const at = `127.0.0.1:${ssh.port}`;
    home = new BottleHome({
      starter,
      ca: ca.cert,
      resolve: {
        [`${SSH}:22`]: at,
        [`${HTTPS}:443`]: https.address,
      },
      env: { THINGS_TOKEN: TOKEN },
    });
    const ids = starter === "user" && process.getuid?.() === 0 ? ordinaryUser() : undefined;
    const key = { provider: "static", path: keyFor(ssh, join(home.folder, "key"), ids) };
    const onSsh = (name: string) => ({ url: address(name), key, host_key: ssh.hostKey });
    const repos = {
      widgets: onSsh("widgets"),
      lib: onSsh("lib"),
      things: {
        url: `https://${HTTPS}/team/things.git`,
        key: { provider: "token", token_ref: "THINGS_TOKEN" },
      },
      keyless: { url: `ssh://git@${SSH}/team/keyless.git`, key },
    };
    home.writeBottle("dev", `git-gate: ${JSON.stringify({ repos })}`);
    bottle = await home.launch();
  });
  afterAll(async () => {
    await home?.dispose();
    await https?.close();
    await ssh?.close();
  });

  const address = (name: string) => `ssh://${ssh.user}@${SSH}/team/${name}.git`;

  async function works(url: string, branch: string): Promise<string> {
    const done = await bottle.exec(["sh", "-c", WORK, "sh", url, branch, branch]);
    expect({ code: done.code, stderr: done.stderr }).toMatchObject({ code: 0 });
    return done.stdout.trim();
  }

  it("clones and pushes by ssh's spelling, which arrives as what it is", async () => {
    const id = await works(address("widgets"), "by-ssh");
    expect(await ssh.git("widgets", ["rev-parse", "by-ssh"])).toBe(id);
    expect(ssh.commands()).toContain("git-receive-pack '/team/widgets.git'");
  });

  it("clones and pushes by scp's spelling", async () => {
    const id = await works(`${ssh.user}@${SSH}:team/widgets`, "by-scp");
    expect(await ssh.git("widgets", ["rev-parse", "by-scp"])).toBe(id);
  });

  it("clones and pushes by https' spelling of an ssh upstream", async () => {
    const id = await works(`https://${SSH}/team/widgets.git`, "by-https");
    expect(await ssh.git("widgets", ["rev-parse", "by-https"])).toBe(id);
  });

  it("clones and pushes to an https upstream, whose token the bottle never has", async () => {
    const id = await works(`https://${HTTPS}/team/things.git`, "by-token");
    expect(await https.git("things", ["rev-parse", "by-token"])).toBe(id);
    const seen = await bottle.exec([
      "sh",
      "-c",
      `env; cat ~/.gitconfig /etc/gitconfig; grep -rs ${TOKEN} ~ /tmp`,
    ]);
    expect(seen.stdout).not.toContain(TOKEN);
  });

  it("fetches a submodule whose URL is relative", async () => {
    const script = `set -e
cd ~
git clone -q "$1" outer
cd outer
git submodule --quiet add ../lib.git lib
cat lib/README.md`;
    const done = await bottle.exec(["sh", "-c", script, "sh", address("widgets")]);
    expect(done).toMatchObject({ code: 0, stdout: "widgets\n" });
  });

  it("is told in its own output that nothing declares a remote", async () => {
    for (const url of [
      `ssh://git@${SSH}/other/repo.git`,
      `git@${SSH}:other/repo.git`,
      "ssh://git@elsewhere.example.com/a/b.git",
      "git@elsewhere.example.com:a/b.git",
      "git://elsewhere.example.com/a/b.git",
    ]) {
      const done = await bottle.exec(["git", "ls-remote", url]);
      expect(done.code).toBe(128);
      expect(done.stderr).toContain("git.not_declared");
    }
  });

  it("is told that an entry lacks its host key, and how to get it", async () => {
    const done = await bottle.exec(["git", "ls-remote", `ssh://git@${SSH}/team/keyless.git`]);
    expect(done.code).toBe(128);
    expect(done.stderr).toContain("git.host_key_missing");
    expect(done.stderr).toContain(`ssh-keyscan -t ed25519 ${SSH}`);
  });

  it("is refused over https where nothing declares the host", async () => {
    const done = await bottle.exec(["git", "ls-remote", "https://elsewhere.example.com/a/b.git"]);
    expect(done.code).toBe(128);
    expect(done.stderr).toContain("403");
  });

  // Root's bottles have a uid each, and a mirror is one uid's: which one is free depends on what else runs here.
  it.runIf(starter === "user")("leaves a mirror, of which the next bottle needs no other clone", async () => {
    const packs = () =>
      readdirSync(join(home.home, "cache", "git"), { recursive: true, encoding: "utf8" }).filter((path) =>
        path.endsWith(".pack"),
      );
    const before = packs();
    expect(before.length).toBeGreaterThan(0);
    const done: Result = await home.run([
      "sh",
      "-c",
      `git clone -q "${address("widgets")}" ~/again && git -C ~/again log -1 --format=%s`,
    ]);
    expect(done).toMatchObject({ code: 0, stdout: "first\n" });
    expect(packs()).toEqual(before);
  });

  it("leaves nothing behind when the launcher is killed while the upstream takes a push", async () => {
    const before = await ssh.git("lib", ["rev-parse", "main"]);
    ssh.hook("lib", "pre-receive", "touch taking; while :; do sleep 0.1; [ -e taking ] || exit 1; done");
    const taking = join(ssh.path("lib"), "taking");
    const other = await home.launch();
    const pushing = other.exec(["sh", "-c", WORK, "sh", address("lib"), "lib", "never"]);
    pushing.catch(() => undefined);
    await until(() => existsSync(taking));
    const processes = family(other.pid);
    other.child.kill("SIGKILL");
    await other.exited;
    await pushing.catch(() => undefined);
    expect(await survivors(processes)).toEqual([]);
    rmSync(taking);
    ssh.hook("lib", "pre-receive", "exit 0");
    expect(await ssh.git("lib", ["for-each-ref", "--format=%(refname) %(objectname)"])).toBe(
      `refs/heads/main ${before}`,
    );
    await home.cli(["cleanup", "--yes"]);
    const next = await home.run(["sh", "-c", WORK, "sh", address("lib"), "lib", "after"]);
    expect({ code: next.code, stderr: next.stderr }).toMatchObject({ code: 0 });
    expect(await ssh.git("lib", ["rev-parse", "after"])).toBe(next.stdout.trim());
  });
});

async function until(done: () => boolean): Promise<void> {
  while (!done()) await new Promise((resolve) => setTimeout(resolve, 50));
}
