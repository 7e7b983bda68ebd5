import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { manifestJsonSchema } from "../../src/manifest/json-schema.ts";
import { fillTables, keyRows } from "../../src/manifest/key-table.ts";

const root = join(import.meta.dirname, "..", "..");
const page = readFileSync(join(root, "docs", "manifest.md"), "utf8");

describe("what is made from the definitions is current (node scripts/schema.ts)", () => {
  test.each(["bottle", "agent", "settings"] as const)("schema/%s.schema.json", (kind) => {
    const written: unknown = JSON.parse(readFileSync(join(root, "schema", `${kind}.schema.json`), "utf8"));
    expect(written).toEqual(manifestJsonSchema(kind));
  });

  test("the tables of docs/manifest.md", () => {
    expect(fillTables(page)).toBe(page);
  });
});

test("docs/manifest.md lists every key of every kind of file", () => {
  for (const kind of ["bottle", "agent", "settings"] as const) {
    const missing = keyRows(kind).filter(({ key }) => !page.includes(`| \`${key}\` |`));
    expect(missing.map(({ key }) => key)).toEqual([]);
  }
});

test("every key has a description", () => {
  const properties = (schema: unknown): [string, Record<string, unknown>][] => {
    if (typeof schema !== "object" || schema === null) return [];
    const own =
      "properties" in schema && typeof schema.properties === "object"
        ? Object.entries(schema.properties ?? {})
        : [];
    return [...own, ...Object.values(schema).flatMap(properties)];
  };
  const schemas = ["bottle", "agent", "settings"].flatMap((kind) =>
    properties(manifestJsonSchema(kind as "bottle")),
  );
  const undescribed = schemas.filter(([, schema]) => !("description" in schema)).map(([key]) => key);
  // alternatives repeat the keys they share: described once, in the first
  expect([...new Set(undescribed)].sort()).toEqual(["provider", "scheme", "token_ref"]);
});
