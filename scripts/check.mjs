// Everything about the code that needs no test run. Each check stands alone; all run, and all failures are shown.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { catchNode } from "./exec.mjs";
import { root } from "./setup.mjs";

const CHECKS = [
  ["types", "node_modules/typescript/bin/tsc", ["-p", "."]],
  ["format and lint (biome)", "node_modules/@biomejs/biome/bin/biome", ["check"]],
  ["lint with types (oxlint)", "node_modules/oxlint/bin/oxlint", ["--type-aware", "--deny-warnings"]],
  ["nothing unused (knip)", "node_modules/knip/bin/knip.js", []],
  ["rooms and arrows", "scripts/arrows.ts", []],
  ["JSON Schema is current", "scripts/schema.ts", ["--check"]],
  ["list of codes is current", "scripts/codes.ts", ["--check"]],
  ["limits table is current", "scripts/limits.ts", ["--check"]],
  ["WebAssembly is current", "scripts/machine-code.ts", ["--check"]],
];
/** The tools use several threads themselves. */
const AT_ONCE = 2;

/** Runs every check, prints one line each and the output of those that failed. True when all passed. */
export async function check() {
  const waiting = CHECKS.filter(([, script]) => existsSync(join(root, script)));
  let passed = true;
  const work = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const [name, script, args] = next;
      const { code, output } = await catchNode(script, args);
      console.log(`${code === 0 ? "ok  " : "FAIL"} ${name}`);
      if (code !== 0) {
        passed = false;
        console.log(output.trimEnd().replace(/^/gm, "     "));
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return passed;
}
