// What every `npm run` line calls: sets up what is missing, then does the job with Node 24, whatever Node npm
// itself runs on. Plain JavaScript, as scripts/setup.mjs.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { check } from "./check.mjs";
import { call, callNode } from "./exec.mjs";
import { root, SetupError, setup } from "./setup.mjs";

const [task, ...args] = process.argv.slice(2);
const tasks = {
  async setup() {
    const scope = args.includes("--for-tests") ? "test" : args.includes("--for-bench") ? "bench" : "run";
    await setup(scope);
    console.error(`Ready. The program is ${join(root, "bin", "bot-bottle")}; try: npm start`);
    return 0;
  },
  async start() {
    await setup("run");
    return call(join(root, "bin", "bot-bottle"), args.length > 0 ? args : ["demo"], { cwd: callerFolder() });
  },
  async test() {
    await setup("test");
    return test();
  },
  async check() {
    await setup("check");
    return (await check()) ? 0 : 1;
  },
  async fmt() {
    await setup("check");
    return callNode("node_modules/@biomejs/biome/bin/biome", ["check", "--write", ...args]);
  },
  async bench() {
    await setup(args.includes("--install") ? "bench" : "test");
    return callNode(
      "bench/main.ts",
      args.filter((arg) => arg !== "--install"),
    );
  },
  async "bench-dlp"() {
    await setup("test");
    return callNode("bench/dlp/main.ts", args);
  },
  async "bench-git"() {
    await setup("test");
    return callNode("bench/git/main.ts", args);
  },
  async "bench-corpus"() {
    await setup("run");
    return callNode("bench/corpus/main.ts", args);
  },
};

/** Runs Vitest; the last line says `N passed, N failed`, and `, N skipped` when there were any. */
async function test() {
  const folder = mkdtempSync(join(tmpdir(), "bot-bottle-tally-"));
  const tally = join(folder, "tally.json");
  const code = await callNode("node_modules/vitest/vitest.mjs", ["run", ...args], {
    env: { BOT_BOTTLE_TALLY: tally },
  });
  let count = { passed: 0, failed: 1, skipped: 0 };
  try {
    count = JSON.parse(readFileSync(tally, "utf8"));
  } catch {
    console.log("The test run ended before it could count.");
  }
  rmSync(folder, { recursive: true, force: true });
  const failed = count.failed === 0 && code !== 0 ? 1 : count.failed;
  const skipped = count.skipped > 0 ? `, ${count.skipped} skipped` : "";
  console.log(`${count.passed} passed, ${failed} failed${skipped}`);
  return code === 0 && failed > 0 ? 1 : code;
}

/** npm changes to the checkout; a person's relative paths are meant from where they typed. */
function callerFolder() {
  return process.env.INIT_CWD ?? process.cwd();
}

if (!Object.hasOwn(tasks, task ?? "")) {
  console.error(`usage: node scripts/run.mjs ${Object.keys(tasks).join("|")} [ARGS]`);
  process.exit(2);
}
try {
  process.exitCode = await tasks[task]();
} catch (error) {
  if (!(error instanceof SetupError)) throw error;
  console.error(`\n${error.message}`);
  process.exitCode = 1;
}
