/**
 * Writes what is made from the manifest's definitions: `schema/*.schema.json` for editors, and the tables of
 * `docs/manifest.md`. Run it after a change of `src/manifest/definitions/`; a test fails when they are behind.
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { manifestJsonSchema } from "../src/manifest/json-schema.ts";
import { fillTables } from "../src/manifest/key-table.ts";

const root = join(import.meta.dirname, "..");
mkdirSync(join(root, "schema"), { recursive: true });
for (const kind of ["bottle", "agent", "settings"] as const) {
  const text = `${JSON.stringify(manifestJsonSchema(kind), undefined, 2)}\n`;
  writeFileSync(join(root, "schema", `${kind}.schema.json`), text);
}
const page = join(root, "docs", "manifest.md");
writeFileSync(page, fillTables(readFileSync(page, "utf8")));
