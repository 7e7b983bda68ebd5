import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { canaryOf } from "../../src/launch/canary.ts";

function place(): string {
  const folder = mkdtempSync(join(tmpdir(), "canary-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return join(folder, "canary.json");
}

test("every bottle has its own canary, which a resumed one keeps", () => {
  const file = place();
  const first = canaryOf(file, {});
  const again = canaryOf(file, {});
  expect([again.name, again.reveal()]).toEqual([first.name, first.reveal()]);
  expect(canaryOf(place(), {}).reveal()).not.toBe(first.reveal());
  expect(first.reveal()).toMatch(/^[A-Za-z0-9]{32}$/);
  expect(statSync(file).mode & 0o077).toBe(0);
});

test("a canary never takes the place of a variable of the bottle", () => {
  const file = place();
  const { name } = canaryOf(file, {});
  expect(canaryOf(file, { [name]: "real" }).name).not.toBe(name);
});
