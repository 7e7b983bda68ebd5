/**
 * Writes what is made from the manifest's definitions: `schema/*.schema.json` for editors, and the tables of
 * `docs/manifest.md`. With `--check`: writes nothing, and exits 1 when one is behind.
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { manifestJsonSchema } from "../src/manifest/json-schema.ts";
import { fillTables } from "../src/manifest/key-table.ts";

const root = join(import.meta.dirname, "..");
const page = join(root, "docs", "manifest.md");
const files = new Map([[page, fillTables(readFileSync(page, "utf8"))]]);
for (const kind of ["bottle", "agent", "settings"] as const) {
  files.set(
    join(root, "schema", `${kind}.schema.json`),
    `${JSON.stringify(manifestJsonSchema(kind), undefined, 2)}\n`,
  );
}
for (const [file, text] of files) {
  if (process.argv.includes("--check")) {
    if (readFileSync(file, "utf8") === text) continue;
    console.error(`${relative(root, file)} is behind the definitions: node scripts/schema.ts`);
    process.exitCode = 1;
  } else {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
}
