/**
 * Compiles src/dlp/simd/assembly to WebAssembly and writes it as TypeScript. With `--check`: writes nothing, and exits 1
 * when that is behind its sources.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import asc from "assemblyscript/asc";

/** The memory never grows: 64 KiB each. */
const PAGES = "19";

const root = join(import.meta.dirname, "..");
// the compiler finds files from here
process.chdir(root);
const file = join(root, "src/dlp/simd/machine-code.ts");
const args = "-O3 --enable simd --runtime stub --noAssert --memoryBase 0".split(" ");
const outputs = new Map<string, string | Uint8Array>();
const stderr = asc.createMemoryStream();
const { error } = await asc.main(
  [
    "src/dlp/simd/assembly/index.ts",
    ...args,
    "--initialMemory",
    PAGES,
    "--maximumMemory",
    PAGES,
    "-o",
    "code.wasm",
  ],
  {
    readFile: (name, base) => readOr(join(base, name)),
    writeFile: (name, contents) => void outputs.set(name, contents),
    listFiles: () => [],
    stderr,
  },
);
if (error) throw new Error(`assembly does not compile:\n${stderr.toString()}`);
const code = Buffer.from(outputs.get("code.wasm") ?? "").toString("base64");
const text = `/** Made from assembly/ by scripts/machine-code.ts. */
export const MACHINE_CODE =
  "${code}";
`;
if (!process.argv.includes("--check")) writeFileSync(file, text);
else if (readFileSync(file, "utf8") !== text) {
  console.error("src/dlp/simd/machine-code.ts is behind its sources: node scripts/machine-code.ts");
  process.exitCode = 1;
}

function readOr(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return null;
  }
}
