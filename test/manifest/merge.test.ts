import { describe, expect, test } from "vitest";
import { faultOf, matter, TestHome } from "./home.ts";

const repoOf = (name: string, host: string, path: string) =>
  `    ${name}: {url: "ssh://git@${host}/${path}", key: {provider: static, path: /k}}`;

describe("one rule merges extends and several --bottle, left to right", () => {
  test("env by variable, routes by host and whole, limits by key, scalars: the later wins", async () => {
    const home = new TestHome({
      "bottles/base.md": matter(
        "env: {A: base, B: base}\nsupervise: false\nlimits: {pids: 100, memory: 1G}\negress:\n  log: 0\n  routes:\n    - {host: a.example.com, ports: [8443], git: {fetch: true}}\n    - host: b.example.com",
      ),
      "bottles/dev.md": matter(
        "extends: base\nenv: {B: dev, C: dev}\nlimits: {pids: 200}\negress: {routes: [{host: A.example.com}]}",
      ),
    });
    const { bottle, sources } = await home.manifests.loadBottles(["dev"]);
    expect(sources).toEqual(["base", "dev"]);
    expect(Object.fromEntries([...bottle.env].map(([name, entry]) => [name, entry.at]))).toEqual({
      A: "base.md:2",
      B: "dev.md:3",
      C: "dev.md:3",
    });
    expect(bottle.routes.get("a.example.com")).toMatchObject({ at: "dev.md:5", ports: undefined, git: {} });
    expect([...bottle.routes.keys()]).toEqual(["a.example.com", "b.example.com"]);
    expect([bottle.limits.pids?.value, bottle.limits.memory?.value]).toEqual([200, 1024 ** 3]);
    expect([bottle.log?.value, bottle.supervise?.value]).toEqual([0, false]);
  });

  test("git-gate.user by field; repos by upstream host, with a notice that names them", async () => {
    const home = new TestHome({
      "bottles/base.md": matter(
        `git-gate:\n  user: {name: Base, email: base@example.com}\n  repos:\n${repoOf("one", "forge.example.com", "one")}\n${repoOf("two", "forge.example.com", "two")}\n${repoOf("far", "other.example.com", "far")}`,
      ),
      "bottles/dev.md": matter(
        `extends: base\ngit-gate:\n  user: {name: Dev}\n  repos:\n${repoOf("three", "FORGE.example.com", "three")}`,
      ),
    });
    const { bottle, notices } = await home.manifests.loadBottles(["dev"]);
    expect(bottle.gitUser).toEqual({ name: "Dev", email: "base@example.com" });
    expect([...bottle.repos.keys()]).toEqual(["far", "three"]);
    expect(notices).toEqual([
      "git-gate.repos.one (base.md:5), host forge.example.com, is replaced by three (dev.md:6)",
      "git-gate.repos.two (base.md:6), host forge.example.com, is replaced by three (dev.md:6)",
    ]);
  });

  test("another provider does not inherit the first one's token", async () => {
    const home = new TestHome({
      "bottles/base.md": matter("agent_provider: {template: claude, auth_token: CLAUDE_TOKEN}"),
      "bottles/same.md": matter("extends: base\nagent_provider: {settings: {model: opus}}"),
      "bottles/other.md": matter("extends: base\nagent_provider: {template: command}"),
    });
    const same = await home.manifests.loadBottles(["same"]);
    expect([same.bottle.provider.authToken?.value, same.bottle.provider.template?.value]).toEqual([
      "CLAUDE_TOKEN",
      "claude",
    ]);
    const other = await home.manifests.loadBottles(["other"]);
    expect(other.bottle.provider.authToken).toBeUndefined();
    expect(other.notices.join()).toContain("replaces claude (base.md:2) and with it its auth_token");
  });

  test("a diamond is merged once, before both sides", async () => {
    const home = new TestHome({
      "bottles/base.md": matter("env: {A: base}"),
      "bottles/left.md": matter("extends: base\nenv: {A: left}"),
      "bottles/right.md": matter("extends: base"),
      "bottles/dev.md": matter("extends: [left, right]"),
    });
    const { bottle, sources } = await home.manifests.loadBottles(["dev"]);
    expect(sources).toEqual(["base", "left", "right", "dev"]);
    expect(bottle.env.get("A")).toMatchObject({ value: "left" });
    expect((await home.manifests.loadBottles(["left", "right"])).sources).toEqual(["base", "left", "right"]);
  });
});

describe("extends that can't be followed is an error that prints the chain", () => {
  test("a circle", async () => {
    const home = new TestHome({
      "bottles/a.md": matter("extends: b"),
      "bottles/b.md": matter("extends: c"),
      "bottles/c.md": matter("extends: [a]"),
    });
    expect(await faultOf(home.manifests.loadBottles(["a"]))).toMatch(
      /c\.md:2:11: `extends` goes round in a circle: a -> b -> c -> a/,
    );
    expect(await faultOf(home.manifests.validateAll())).toContain("circle");
  });

  test("itself", async () => {
    const home = new TestHome({ "bottles/a.md": matter("extends: a") });
    expect(await faultOf(home.manifests.loadBottles(["a"]))).toContain("a -> a");
  });

  test("a missing parent", async () => {
    const home = new TestHome({ "bottles/a.md": matter("extends: bse"), "bottles/base.md": matter("") });
    const message = await faultOf(home.manifests.loadBottles(["a"]));
    expect(message).toMatch(/a\.md:2:10: no bottle `bse` in .*; did you mean `base`\? \(a -> bse\)/);
  });

  test("too long a chain", async () => {
    const files = Array.from({ length: 20 }, (_, i) => [`bottles/b${i}.md`, matter(`extends: b${i + 1}`)]);
    const home = new TestHome({ ...Object.fromEntries(files), "bottles/b20.md": matter("") });
    expect(await faultOf(home.manifests.loadBottles(["b0"]))).toContain(
      "a chain of more than 16 bottles: b0 -> b1",
    );
  });
});
