import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { removeOldMirrors } from "../../src/launch/git/old-mirrors.ts";
import { type HomePaths, homePaths } from "../../src/launch/paths.ts";

const NOW = Date.parse("2026-03-01T00:00:00Z");

function homeWith(mirrors: Record<string, { upstream: string; refreshedAt: string } | undefined>): HomePaths {
  const home = homePaths(mkdtempSync(join(tmpdir(), "mirrors-")));
  onTestFinished(() => rmSync(home.root, { recursive: true, force: true }));
  for (const [name, about] of Object.entries(mirrors)) {
    const folder = join(home.cache, "git", name);
    mkdirSync(join(folder, "repo"), { recursive: true });
    if (about) writeFileSync(join(folder, "bot-bottle.json"), JSON.stringify(about));
  }
  return home;
}

const left = (home: HomePaths) => readdirSync(join(home.cache, "git")).sort();

test("a mirror that no bottle has started with for a month goes, another stays", () => {
  const home = homeWith({
    old: { upstream: "ssh://git@forge.example.com/a.git", refreshedAt: "2026-01-20T00:00:00.000Z" },
    used: { upstream: "ssh://git@forge.example.com/b.git", refreshedAt: "2026-02-20T00:00:00.000Z" },
    making: undefined,
  });
  expect(removeOldMirrors(home, new Set(), NOW, true)).toEqual(["ssh://git@forge.example.com/a.git"]);
  expect(left(home)).toEqual(["making", "old", "used"]);
  expect(removeOldMirrors(home, new Set(), NOW, false)).toEqual(["ssh://git@forge.example.com/a.git"]);
  expect(left(home)).toEqual(["making", "used"]);
});

test("an old mirror that a running bottle may read stays", () => {
  const upstream = "ssh://git@forge.example.com/a.git";
  const home = homeWith({ old: { upstream, refreshedAt: "2026-01-01T00:00:00.000Z" } });
  expect(removeOldMirrors(home, new Set([upstream]), NOW, false)).toEqual([]);
  expect(left(home)).toEqual(["old"]);
});
