import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import type { Secret } from "../../src/base/secret.ts";
import { builtinPatterns } from "../../src/dlp/patterns/builtin.ts";
import { isPlaceholder } from "../../src/dlp/patterns/placeholders.ts";
import { Detectors } from "../../src/dlp/scanner.ts";
import { canaryOf, keepCanary, readCanary } from "../../src/launch/canary.ts";

function place(): string {
  const folder = mkdtempSync(join(tmpdir(), "canary-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return join(folder, "canary.json");
}

const NONE = new Set<string>();

/** As a start does it. */
function started(file: string): Secret {
  const canary = canaryOf(file, NONE);
  keepCanary(file, canary);
  return canary;
}

test("every bottle has its own canary, which a resumed one keeps", () => {
  const file = place();
  const first = started(file);
  const again = canaryOf(file, NONE);
  expect([again.name, again.reveal()]).toEqual([first.name, first.reveal()]);
  expect(canaryOf(place(), NONE).reveal()).not.toBe(first.reveal());
  expect(first.reveal()).toMatch(/^[A-Za-z0-9]{32}$/);
  expect(statSync(file).mode & 0o077).toBe(0);
});

test("a canary never takes the place of a variable of the bottle", () => {
  const file = place();
  const { name } = started(file);
  expect(readCanary(file)?.name).toBe(name);
  expect(canaryOf(file, new Set([name])).name).not.toBe(name);
});

test("no canary looks like a vendor's token, under any of its names, or like a value that rules let pass", () => {
  const detectors = new Detectors([], builtinPatterns());
  const settings = { known: true, patterns: true, allow: new Set<string>() };
  const names = new Set<string>();
  for (let i = 0; i < 500; i++) {
    const canary = canaryOf("/nonexistent", NONE);
    names.add(canary.name);
    const value = canary.reveal();
    for (const text of [value, `${canary.name}=${value}`, `"${canary.name}": "${value}"`, `Bearer ${value}`])
      expect([text, detectors.scanText(Buffer.from(text), settings)]).toEqual([text, []]);
    expect([value, isPlaceholder(value)]).toEqual([value, false]);
  }
  expect(names.size).toBeGreaterThan(10);
});
