import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { HomePaths } from "../launch/paths.ts";

/** Names of the agents that can be started from here: the home folder's and the current folder's. */
export async function agentNames(home: HomePaths, cwd: string): Promise<string[]> {
  const names = [...(await stems(home.agents)), ...(await stems(join(cwd, ".bot-bottle", "agents")))];
  return [...new Set(names)].sort();
}

export async function bottleNames(home: HomePaths): Promise<string[]> {
  return (await stems(home.bottles)).sort();
}

async function stems(folder: string): Promise<string[]> {
  const files = await readdir(folder).catch(() => []);
  return files
    .filter((file) => /^[a-z][a-z0-9-]*\.md$/.test(file))
    .map((file) => file.slice(0, -".md".length));
}
