import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { GitPlace } from "../support/git-repo.ts";
import { type HttpsGitUpstream, startHttpsGitUpstream } from "../support/https-git-upstream.ts";
import { TestCa } from "../support/pki.ts";
import { type SshUpstream, startSshUpstream } from "../support/ssh-upstream.ts";

describe("an upstream behind a real sshd", () => {
  let upstream: SshUpstream;
  let place: GitPlace;
  beforeAll(async () => {
    upstream = await startSshUpstream();
    place = new GitPlace({ GIT_SSH_COMMAND: upstream.sshCommand });
    await upstream.createRepo("widgets");
  });
  afterAll(async () => {
    place.close();
    await upstream.close();
  });

  it("serves clones and pushes, and logs what was asked for", async () => {
    const clone = await place.clone(upstream.url("widgets"), "clone");
    expect(upstream.receivePacks()).toBe(0);
    const id = await clone.commit("second", { "a.txt": "a\n" });
    await clone.git("push", "-q", "origin", "main");
    expect(await upstream.git("widgets", ["rev-parse", "main"])).toBe(id);
    expect(upstream.commands()).toEqual([
      "git-upload-pack '/team/widgets.git'",
      "git-receive-pack '/team/widgets.git'",
    ]);
    expect(upstream.receivePacks()).toBe(1);
  });

  it("is a copy of another repository where it is told", async () => {
    const seed = await place.init("seed");
    const id = await seed.commit("only", { "b.txt": "b\n" });
    await seed.git("tag", "v1");
    await upstream.createRepo("copy", seed.dir);
    expect(await upstream.git("copy", ["rev-parse", "main", "v1"])).toBe(`${id}\n${id}`);
  });

  it("runs nothing but git, and only for its key", async () => {
    const other = await place.run(["clone", upstream.url("widgets"), "nobody"], {
      env: { GIT_SSH_COMMAND: upstream.sshCommand.replace(upstream.keyFile, "/dev/null") },
    });
    expect(other.code).toBe(128);
    const hooked = await place.clone(upstream.url("widgets"), "hooked");
    await hooked.commit("third", { "c.txt": "c\n" });
    upstream.hook("widgets", "pre-receive", "echo not today; exit 1");
    const refused = await hooked.run(["push", "origin", "HEAD:refs/heads/x"]);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain("remote: not today");
  });
});

describe("an upstream over HTTPS", () => {
  let upstream: HttpsGitUpstream;
  let place: GitPlace;
  const token = "a token of the test's";
  beforeAll(async () => {
    const ca = new TestCa();
    upstream = await startHttpsGitUpstream({ credentials: ca.leaf(["127.0.0.1"]), token });
    place = new GitPlace();
    writeFileSync(join(place.root, "ca.pem"), ca.cert);
    await upstream.createRepo("widgets");
  });
  afterAll(async () => {
    place.close();
    await upstream.close();
  });

  it("serves who brings its token, and nobody else", async () => {
    const url = upstream.url("widgets", "127.0.0.1");
    const basic = Buffer.from(`anyone:${token}`).toString("base64");
    const ca = ["-c", `http.sslCAInfo=${join(place.root, "ca.pem")}`];
    expect((await place.run([...ca, "clone", "-q", url, "without"])).code).toBe(128);
    const auth = [...ca, "-c", `http.extraHeader=Authorization: Basic ${basic}`];
    expect((await place.run([...auth, "clone", "-q", url, "with"])).code).toBe(0);
    const clone = place.at("with");
    const id = await clone.commit("second", { "a.txt": "a\n" });
    expect(upstream.receivePacks()).toBe(0);
    await clone.git(...auth, "push", "-q", "origin", "main");
    expect(await upstream.git("widgets", ["rev-parse", "main"])).toBe(id);
    expect(upstream.receivePacks()).toBe(2);
  });
});
