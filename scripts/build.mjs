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
 * What is shipped. The command line is in chunks (ES modules), so that `--help` doesn't load every command. The others
 * are one file each, because they run where little can be read, and are loaded whole before they lose rights; CommonJS,
 * because an ES module that imports `node:fs` or `node:crypto` first loads every lazy part of it, 20 ms a start.
 * All lie in dist/ itself: the program finds the others beside the chunk it runs from.
 */
const BUNDLES = [
  { entry: "src/cli/main.ts", out: "cli", format: "chunks" },
  { entry: "src/sidecar/main.ts", out: "sidecar", format: "cjs" },
  { entry: "src/launch/stage.ts", out: "stage", format: "cjs" },
  { entry: "src/launch/staged-job.ts", out: "staged-job", format: "cjs" },
  // copied into a bottle and run there
  { entry: "src/cli/demo/agent.ts", out: "demo-agent", format: "esm" },
];
/**
 * What bin/bot-bottle runs: V8's compiled code is kept in the checkout, where its owner runs the program, so that
 * the command line needn't be compiled again; elsewhere the cache can't be made and nothing is lost.
 */
const START = `require("node:module").enableCompileCache(require("node:path").join(__dirname, "../.tools/compile-cache"));
import("./cli.mjs");
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
  replace(join(dist, "package.json"), '{"type":"commonjs"}\n');
  removeOldChunks(written);
  replace(stampFile, stamp);
}

function options({ entry, out, format }) {
  return {
    absWorkingDir: root,
    entryPoints: { [out]: entry },
    outdir: dist,
    bundle: true,
    write: false,
    platform: "node",
    target: "node24",
    external: EXTERNAL,
    minifySyntax: true,
    sourcemap: "linked",
    legalComments: "linked",
    logLevel: "error",
    ...FORMATS[format],
  };
}

/** esbuild's options; CommonJS and ES modules each lack something of the other that our sources or packages use. */
const FORMATS = {
  chunks: {
    format: "esm",
    splitting: true,
    outExtension: { ".js": ".mjs" },
    chunkNames: "[name]-[hash]",
    banner: {
      js: 'import{createRequire as __createRequire}from"node:module";const require=__createRequire(import.meta.url);',
    },
  },
  cjs: {
    format: "cjs",
    define: { "import.meta.url": "__moduleUrl" },
    banner: { js: '"use strict";const __moduleUrl=require("node:url").pathToFileURL(__filename).href;' },
  },
  esm: { format: "esm" },
};

/** Written beside and renamed, so that a program started at this moment sees the old file or the new one. */
function replace(path, contents) {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(`${path}.new`, contents);
  renameSync(`${path}.new`, path);
}

function removeOldChunks(written) {
  for (const name of readdirSync(dist)) {
    const path = join(dist, name);
    if (!/-[A-Z0-9]{8}\.mjs(\.map)?$/.test(name) || written.has(path)) continue;
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
