// Bundles src/ into dist/. A second run with nothing changed only compares file times. Plain JavaScript, so that
// the set-up can run it on an old Node.
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const dist = join(root, "dist");
const stampFile = join(dist, ".stamp");

/**
 * What is shipped. Only the command line is split into chunks, so that `--help` doesn't load every command; the
 * others are one file each, because they run where little can be read, and are loaded whole before they lose rights.
 * All lie in dist/ itself: the program finds the others beside the chunk it runs from.
 */
const BUNDLES = [
  { entry: "src/cli/main.ts", out: "cli", splitting: true },
  { entry: "src/sidecar/main.ts", out: "sidecar", splitting: false },
  { entry: "src/launch/stage.ts", out: "stage", splitting: false },
  { entry: "src/launch/staged-job.ts", out: "staged-job", splitting: false },
  { entry: "src/cli/demo/agent.ts", out: "demo-agent", splitting: false },
];
/**
 * What bin/bot-bottle runs: V8's compiled code is kept in the checkout, where its owner runs the program, so that
 * the command line needn't be compiled again; elsewhere the cache can't be made and nothing is lost.
 */
const START = `import { enableCompileCache } from "node:module";
enableCompileCache(new URL("../.tools/compile-cache", import.meta.url).pathname);
await import("./cli.js");
`;
/** Not JavaScript: carried over as they are. */
const COPIES = ["src/backends/linux/enter.pl"];
/** A native addon finds its binary beside its own file, so it can't be moved into a bundle. */
const EXTERNAL = ["@lydell/node-pty"];
/** A running bottle's launcher may yet load a chunk of the build it was started from. */
const KEEP_OLD_CHUNKS_MS = 24 * 3600 * 1000;

/** True when dist/ was made from exactly the sources that are there now. */
export function isBuilt() {
  try {
    return readFileSync(stampFile, "utf8") === sourceStamp();
  } catch {
    return false;
  }
}

/** Builds dist/. Throws esbuild's error when a source doesn't parse; dist/ then holds what was built before. */
export async function build() {
  // taken first: a file saved while we build makes the stamp old, never wrong
  const stamp = sourceStamp();
  const { build: bundle } = await import("esbuild");
  const results = await Promise.allSettled(BUNDLES.map((spec) => bundle(options(spec))));
  const written = new Set();
  for (const result of results) {
    if (result.status === "fulfilled") {
      for (const file of result.value.outputFiles) {
        replace(file.path, file.contents);
        written.add(file.path);
      }
    }
  }
  for (const source of COPIES) replace(join(dist, basename(source)), readFileSync(join(root, source)));
  const failed = results.find((result) => result.status === "rejected");
  if (failed !== undefined) throw failed.reason;
  replace(join(dist, "start.js"), START);
  // said here too, for the places where dist/ is seen alone
  replace(join(dist, "package.json"), '{"type":"module"}\n');
  removeOldChunks(written);
  replace(stampFile, stamp);
}

function options({ entry, out, splitting }) {
  return {
    absWorkingDir: root,
    entryPoints: { [out]: entry },
    outdir: dist,
    chunkNames: "[name]-[hash]",
    bundle: true,
    splitting,
    write: false,
    format: "esm",
    platform: "node",
    target: "node24",
    external: EXTERNAL,
    minifySyntax: true,
    sourcemap: "linked",
    legalComments: "linked",
    // CommonJS packages inside an ES module bundle still call require() for Node's own modules
    banner: {
      js: 'import{createRequire as __createRequire}from"node:module";const require=__createRequire(import.meta.url);',
    },
    logLevel: "error",
  };
}

/** Written beside and renamed, so that a program started at this moment sees the old file or the new one. */
function replace(path, contents) {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(`${path}.new`, contents);
  renameSync(`${path}.new`, path);
}

function removeOldChunks(written) {
  for (const name of readdirSync(dist)) {
    const path = join(dist, name);
    if (!/-[A-Z0-9]{8}\.js(\.map)?$/.test(name) || written.has(path)) continue;
    if (Date.now() - statSync(path).mtimeMs > KEEP_OLD_CHUNKS_MS) rmSync(path);
  }
}

/** A hash of the path, size and time of everything the build reads. */
function sourceStamp() {
  const hash = createHash("sha256");
  const add = (path) => {
    const { size, mtimeMs } = statSync(path);
    hash.update(`${path}\0${size}\0${mtimeMs}\n`);
  };
  const walk = (folder) => {
    for (const item of readdirSync(folder, { withFileTypes: true })) {
      const path = join(folder, item.name);
      if (item.isDirectory()) walk(path);
      else if (item.isFile()) add(path);
    }
  };
  walk(join(root, "src"));
  add(join(root, "package-lock.json"));
  add(fileURLToPath(import.meta.url));
  return hash.digest("hex");
}

if (process.argv[1] === fileURLToPath(import.meta.url) && !isBuilt()) {
  try {
    await build();
  } catch (error) {
    // esbuild has printed what is wrong, with file and line
    if (!Array.isArray(error?.errors)) throw error;
    process.exitCode = 1;
  }
}
