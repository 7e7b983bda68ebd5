import { chmodSync, chownSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { checkPrivateFile } from "../../src/manifest/trusted-file.ts";
import { faultOf, matter, TestHome } from "./home.ts";

const root = process.getuid?.() === 0;

describe("agents", () => {
  test("one of the home folder wins over a repository's of the same name, with a warning", async () => {
    const home = new TestHome({
      "agents/me.md": matter("bottle: dev", "mine"),
      "repo/.bot-bottle/agents/me.md": matter("bottle: other", "theirs"),
    });
    const { agent, origin, notices } = await home.manifests.loadAgent("me");
    expect([agent.prompt, agent.bottles, origin]).toEqual(["mine", ["dev"], "home"]);
    expect(notices.join()).toMatch(/agent me: .*home.* is used; .*repo.* of the same name is not/);
    expect(home.manifests.listAgents()).toMatchObject([{ name: "me", origin: "home" }]);
  });

  test("the bottle of a repository's agent comes flagged as a suggestion", async () => {
    const home = new TestHome({
      "bottles/dev.md": matter(""),
      "repo/.bot-bottle/agents/guest.md": matter("bottle: dev", "do"),
    });
    const loaded = await home.manifests.load({ agent: "guest" });
    expect(loaded.agent?.origin).toBe("repo");
    expect(loaded.bottle?.sources).toEqual(["dev"]);
  });

  test("--bottle takes the place of the bottles an agent names", async () => {
    const home = new TestHome({
      "bottles/one.md": matter(""),
      "agents/me.md": matter("bottle: nowhere"),
    });
    expect((await home.manifests.load({ agent: "me", bottles: ["one"] })).bottle?.sources).toEqual(["one"]);
  });

  test("bottles of a repository are never read, and a warning says so", async () => {
    const home = new TestHome({ "repo/.bot-bottle/bottles/dev.md": matter("") });
    expect(await faultOf(home.manifests.loadBottles(["dev"]))).toContain("no bottle `dev`");
    home.write("bottles/dev.md", matter(""));
    expect((await home.manifests.loadBottles(["dev"])).notices.join()).toContain("is never read");
  });

  test("in the operator's own home folder there is no repository to warn of", async () => {
    const home = new TestHome({ "bottles/dev.md": matter("") });
    const { notices } = await home.manifestsIn(join(home.root, "home")).loadBottles(["dev"]);
    expect(notices).toEqual([]);
  });

  test("repos in an agent is bottle-only, and so are a bottle's keys", async () => {
    const home = new TestHome({ "agents/me.md": matter("git-gate: {repos: {}}\negress: {}") });
    const message = await faultOf(home.manifests.loadAgent("me"));
    expect(message).toContain("`git-gate.repos` is bottle-only");
    expect(message).toContain("`egress` is bottle-only");
  });

  test("Claude Code's sub-agent fields are accepted and ignored", async () => {
    const home = new TestHome({
      "agents/me.md": matter("name: me\ndescription: x\nmodel: opus\ncolor: red\nmemory: user", "go"),
    });
    expect((await home.manifests.loadAgent("me")).agent).toMatchObject({
      name: "me",
      bottles: [],
      prompt: "go",
    });
  });

  test("a missing agent is answered with the nearest name", async () => {
    const home = new TestHome({ "agents/reviewer.md": matter("") });
    expect(await faultOf(home.manifests.loadAgent("reviwer"))).toContain("did you mean `reviewer`?");
  });

  test("a name that leaves the folder is no name", async () => {
    const home = new TestHome({ "bottles/dev.md": matter("") });
    for (const name of ["../agents/x", "/etc/passwd", "a/b", "A", ""]) {
      expect(await faultOf(home.manifests.loadAgent(name))).toContain("no manifest name");
      expect(await faultOf(home.manifests.loadBottles([name]))).toContain("no bottle");
    }
  });

  test.each([
    ["the file", "agents/me.md"],
    ["its folder", "agents"],
    ["the folder above", ""],
  ])("a symbolic link in a repository can't show the agent another file: %s", async (_, where) => {
    const home = new TestHome({ "bottles/dev.md": matter(""), "secret/agents/me.md": matter("", "private") });
    const linked = join(home.repo, ".bot-bottle", where);
    if (where !== "") mkdirSync(join(linked, ".."), { recursive: true });
    symlinkSync(join(home.home, "secret", where), linked.replace(/\/$/, ""));
    expect(await faultOf(home.manifests.loadAgent("me"))).toContain("can't be a symbolic link");
  });
});

describe("files that can't be believed are errors that name the chmod", () => {
  test("a bottle that everyone can write", async () => {
    const home = new TestHome({ "bottles/dev.md": matter("") });
    const path = join(home.home, "bottles", "dev.md");
    chmodSync(path, 0o646);
    const message = await faultOf(home.manifests.loadBottles(["dev"]));
    expect(message).toContain(`run: chmod go-w ${path}`);
    chmodSync(path, 0o644);
    await home.manifests.loadBottles(["dev"]);
  });

  test("a bottle that a group of others can write, not one of a private group", async ({ skip }) => {
    skip(!root, "only root can give files away");
    const home = new TestHome({ "bottles/dev.md": matter("") });
    const path = join(home.home, "bottles", "dev.md");
    chmodSync(path, 0o664);
    await home.manifests.loadBottles(["dev"]);
    chownSync(path, 0, 12_345);
    expect(await faultOf(home.manifests.loadBottles(["dev"]))).toContain("changed by its group");
  });

  test("a bottle of another user", async ({ skip }) => {
    skip(!root, "only root can give files away");
    const home = new TestHome({ "bottles/dev.md": matter("") });
    chownSync(join(home.home, "bottles", "dev.md"), 12_345, 0);
    expect(await faultOf(home.manifests.loadBottles(["dev"]))).toContain("belongs to another user");
  });

  test("a folder that everyone can write", async () => {
    const home = new TestHome({ "bottles/dev.md": matter("") });
    chmodSync(join(home.home, "bottles"), 0o777);
    expect(await faultOf(home.manifests.loadBottles(["dev"]))).toContain(
      `chmod go-w ${join(home.home, "bottles")}`,
    );
  });

  test("settings that everyone can write", async () => {
    const home = new TestHome({ "settings.yml": "backend: linux\n" });
    chmodSync(join(home.home, "settings.yml"), 0o666);
    expect(await faultOf(home.manifests.loadSettings())).toContain("chmod go-w");
  });

  test("a key file that others can read", async () => {
    const home = new TestHome({});
    const path = join(home.root, "id");
    writeFileSync(path, "key", { mode: 0o644 });
    expect(await faultOf(() => checkPrivateFile(path, "git-gate.repos.w.key"))).toContain(
      "can be read by others",
    );
    chmodSync(path, 0o600);
    checkPrivateFile(path, "git-gate.repos.w.key");
  });

  test("a folder, or nothing that can be read, in a file's place", async () => {
    const home = new TestHome({});
    mkdirSync(join(home.home, "bottles", "dev.md"), { recursive: true });
    expect(await faultOf(home.manifests.loadBottles(["dev"]))).toContain("no regular file");
  });
});

describe("settings", () => {
  test("a missing file of the home folder is empty settings; one that was named is an error", async () => {
    const home = new TestHome({});
    expect(await home.manifests.loadSettings()).toMatchObject({
      path: undefined,
      upstream: { resolve: {}, proxyResolves: false },
    });
    expect(await faultOf(home.manifests.loadSettings(join(home.root, "none.yml")))).toContain(
      "there is no such file",
    );
  });

  test("every key is read, ages in seconds, hosts in canonical form", async () => {
    const home = new TestHome({
      "settings.yml": `backend: linux
secrets: {A: {file: ~/a}, B: {command: [pass, show, b]}}
upstream:
  resolve: {"API.example.com:443": "127.0.0.1:8443", "b.example.com:443": "[::1]:1"}
  ca_file: /etc/ca.pem
  proxy: http://proxy.example.com:3128
  proxy_resolves: true
notify: {command: [notify-send, x]}
retention: {journal: 90d, state: 2w, transcripts: 12h}
`,
    });
    const settings = await home.manifests.loadSettings();
    expect(settings.upstream).toEqual({
      resolve: { "api.example.com:443": "127.0.0.1:8443", "b.example.com:443": "[::1]:1" },
      caFile: "/etc/ca.pem",
      proxy: "http://proxy.example.com:3128",
      proxyResolves: true,
    });
    expect([...settings.secrets]).toEqual([
      ["A", { file: "~/a" }],
      ["B", { command: ["pass", "show", "b"] }],
    ]);
    expect(settings.retention.journal?.value).toBe(90 * 86_400);
    expect(settings.retention.state?.value).toBe(14 * 86_400);
  });

  test.each([
    ["backend: dokcer", "did you mean `docker`?"],
    ['upstream: {resolve: {"api.example.com": "127.0.0.1:1"}}', "must be host:port; it names no port"],
    ['upstream: {resolve: {"10.0.0.1:443": "127.0.0.1:1"}}', "is an IP address"],
    ['upstream: {resolve: {"a.example.com:443": "localhost:1"}}', "must be address:port"],
    ["upstream: {proxy: https://p.example.com:1}", "must be http://host:port"],
    ["secrets: {A: {file: rel}}", "must be an absolute path"],
    ["secrets: {A: plain-secret}", "must be a map, not text"],
    ["retention: {journal: 90}", "no span of time"],
  ])("%s", async (yaml, reason) => {
    const home = new TestHome({ "settings.yml": yaml });
    expect(await faultOf(home.manifests.loadSettings())).toContain(reason);
  });
});

describe("validate", () => {
  test("reads everything there is", async () => {
    const home = new TestHome({
      "bottles/base.md": matter("env: {A: x}"),
      "bottles/dev.md": matter("extends: base"),
      "agents/me.md": matter("bottle: dev"),
      "repo/.bot-bottle/agents/guest.md": matter(""),
      "settings.yml": "",
    });
    const all = await home.manifests.validateAll();
    expect([...all.bottles.keys()]).toEqual(["base", "dev"]);
    expect(all.bottles.get("dev")?.bottle.env.has("A")).toBe(true);
    expect(all.agents.map(({ agent, origin }) => [agent.name, origin])).toEqual([
      ["me", "home"],
      ["guest", "repo"],
    ]);
  });

  test("names files whose stem is no manifest name, and bottles that agents name and nobody wrote", async () => {
    const home = new TestHome({ "bottles/Dev.md": matter(""), "agents/me.md": matter("bottle: dev") });
    const message = await faultOf(home.manifests.validateAll());
    expect(message).toContain("Dev.md: its name is no manifest name");
    expect(message).toContain("me.md:2:9: no bottle `dev`");
  });

  test("finds nothing wrong where there is nothing", async () => {
    const all = await new TestHome({}).manifests.validateAll();
    expect([all.bottles.size, all.agents.length, all.notices]).toEqual([0, 0, []]);
  });
});
