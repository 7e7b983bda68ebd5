import { describe, expect, test } from "vitest";
import { keyRows } from "../../src/manifest/key-table.ts";
import { notEnforced } from "../../src/plan/not-enforced.ts";
import { bottleOf, matter, TestHome } from "../manifest/home.ts";

const BUILT = ["claude", "command"];
const lines = async (yaml: string) =>
  notEnforced((await bottleOf(yaml)).bottle, undefined, undefined, BUILT).map(({ line }) => line);

/** What to write to use each key that does not act yet; the line it must give. */
const LATER: Readonly<Record<string, readonly [yaml: string, line: string]>> = {
  "agent_provider.dockerfile": ["agent_provider: {dockerfile: D}", "agent_provider.dockerfile (dev.md:2)"],
  "agent_provider.forward_host_credentials": [
    "agent_provider: {forward_host_credentials: true}",
    "agent_provider.forward_host_credentials (dev.md:2)",
  ],
  supervise: ["supervise: true", "supervise: true (dev.md:2)"],
  "isolation.runtime": ["isolation: {runtime: runsc}", "isolation.runtime (dev.md:2)"],
  "isolation.root": ["isolation: {root: image}", "isolation.root (dev.md:2)"],
};

describe("each key that does not act yet gives exactly one line, where it is written", () => {
  test.each(Object.entries(LATER))("%s", async (_, [yaml, expected]) => {
    const found = await lines(yaml);
    expect(found).toHaveLength(1);
    expect(found[0]).toContain(expected);
    expect(found[0]).toContain("not enforced yet; ");
  });

  test("and the documentation calls no other key `not yet`", () => {
    const documented = keyRows("bottle")
      .filter(({ acts }) => acts === "later")
      .map(({ key }) => key);
    const covers = (key: string) =>
      Object.keys(LATER).some((known) => key === known || key.startsWith(`${known}.`));
    expect(documented.filter((key) => !covers(key))).toEqual([]);
    expect(Object.keys(LATER).filter((key) => !documented.includes(key))).toEqual([]);
  });
});

test("what acts, and what is only a default, gives no line", async () => {
  const acting = `env: {A: x}
agent_provider: {template: claude, auth_token: T, forward_host_credentials: false}
egress: {log: 2, routes: [{host: a.example.com, ports: [443], git: {fetch: true, api_write: false}, body: {kind: openai-chat}}]}
git-gate: {user: {name: Bot}, repos: {w: {url: "ssh://git@a.example.com/w", key: {provider: static, path: /k}, sign: {key: /s}}}}
workspace: {mode: bind}
limits: {memory: 1G, pids: 100, cpus: 1, disk: 1G, open_files: 100, time: 1h}
isolation: {kind: namespaces, nested: true}
supervise: false`;
  expect(await lines(acting)).toEqual([]);
  expect(await lines("env: {A: x}")).toEqual([]);
});

test.each(["overlay", "worktree", "clone"])(
  "workspace mode %s falls back to a copy and says so",
  async (mode) => {
    expect(await lines(`workspace: {mode: ${mode}}`)).toEqual([
      `workspace.mode: ${mode} (dev.md:2): not enforced yet; a copy is used`,
    ]);
  },
);

test("a template that is not built starts nothing", async () => {
  const { bottle } = await bottleOf("agent_provider: {template: codex}");
  expect(notEnforced(bottle, undefined, undefined, BUILT)).toMatchObject([{ refuses: true }]);
  expect(notEnforced(bottle, undefined, undefined)).toEqual([]);
});

test("skills of an agent, notify and retention of settings have their lines", async () => {
  const home = new TestHome({
    "bottles/dev.md": matter(""),
    "agents/me.md": matter("skills: [review]"),
    "settings.yml": "notify: {command: [x]}\nretention: {journal: 1d, state: 1d}\n",
  });
  const { agent, settings, bottle } = await home.manifests.load({ agent: "me", bottles: ["dev"] });
  if (bottle === undefined) throw new Error("no bottle");
  const found = notEnforced(bottle.bottle, agent?.agent, settings, BUILT).map(({ line }) =>
    line.replace(/ \(.*/, ""),
  );
  expect(found).toEqual(["skills", "notify", "retention.journal", "retention.state"]);
});
