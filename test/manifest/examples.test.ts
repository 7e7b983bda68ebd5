import { cpSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { TestHome } from "./home.ts";

const examples = join(import.meta.dirname, "..", "..", "examples");

test("every example loads without an error or a warning", async () => {
  const home = new TestHome({});
  cpSync(examples, home.home, { recursive: true });
  const all = await home.manifests.validateAll();
  expect(all.notices).toEqual([]);
  const stems = (folder: string) =>
    readdirSync(join(examples, folder))
      .map((name) => name.replace(/\.md$/, ""))
      .sort();
  expect([...all.bottles.keys()]).toEqual(stems("bottles"));
  expect(all.agents.map(({ agent }) => agent.name)).toEqual(stems("agents"));
  expect(stems("bottles")).toEqual(["claude", "codex", "gitea-dev", "npm", "python"]);
  for (const { agent } of all.agents) await home.manifests.load({ agent: agent.name });
});

test("gitea-dev builds on claude with auth, matches, dlp and a repository", async () => {
  const home = new TestHome({});
  cpSync(examples, home.home, { recursive: true });
  const { bottle, sources } = await home.manifests.loadBottles(["gitea-dev"]);
  expect(sources).toEqual(["claude", "gitea-dev"]);
  expect(bottle.provider.authToken?.value).toBe("CLAUDE_CODE_OAUTH_TOKEN");
  const route = bottle.routes.get("forge.example.com");
  expect(route).toMatchObject({ auth: { scheme: "token", tokenRef: "GITEA_TOKEN" } });
  expect([route?.matches?.length, route?.dlp?.outboundOnMatch]).toEqual([2, "block"]);
  expect(bottle.repos.get("widgets")?.push.allow).toEqual(["agent/*"]);
});

test.each(["README.md", "docs/model-apis.md"])(
  "the bottles that the documents show are read: %s",
  async (document) => {
    const text = readFileSync(join(examples, "..", document), "utf8");
    const shown = [...text.matchAll(/^```yaml\n(.*?)^```$/gms)].map(([, yaml = ""]) => yaml);
    expect(shown).not.toEqual([]);
    for (const yaml of shown) {
      const file = yaml.startsWith("---\n") ? yaml : `---\n${yaml}---\n`;
      const home = new TestHome({ "bottles/shown.md": file });
      const { bottle } = await home.manifests.loadBottles(["shown"]);
      expect(bottle.routes.size).toBeGreaterThan(0);
    }
  },
);
