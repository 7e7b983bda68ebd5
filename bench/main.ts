import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { measureRest, measureStart } from "./bottle.ts";
import { startEvents } from "./events.ts";
import { Figures } from "./figures.ts";
import { Load } from "./load.ts";
import { type Options, parseOptions, USAGE } from "./options.ts";
import { startOrigin } from "./origin.ts";
import { report } from "./report.ts";
import { type Bench, PROXY_SECTIONS } from "./sections.ts";
import { startTarget, type Target } from "./targets.ts";

const options = readOptions();
// a memory file system, so that no disk is measured
const folder = mkdtempSync(join(existsSync("/dev/shm") ? "/dev/shm" : tmpdir(), "bot-bottle-bench-"));
// squid started by root reads its files as another user
chmodSync(folder, 0o755);
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
const figures = new Figures();

if (options.sections.some((section) => PROXY_SECTIONS[section] !== undefined)) await measureProxies();
for (let round = 0; round < options.rounds; round += 1) {
  if (options.sections.includes("start")) await measureStart(folder, figures, round);
  if (options.sections.includes("rest")) await measureRest(folder, figures);
}

const table = report(figures, options.targets, options.streamMib);
const results = join(import.meta.dirname, "results");
mkdirSync(results, { recursive: true });
const file = join(results, `${new Date().toISOString().replaceAll(":", "-")}.json`);
writeFileSync(file, `${JSON.stringify({ options, figures, table }, undefined, 2)}\n`);
console.log(`${table}\n\nAll values: ${file}`);

function readOptions(): Options {
  try {
    return parseOptions(process.argv.slice(2));
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    console.error(`${error.message}\n\n${USAGE}`);
    process.exit(2);
  }
}

async function measureProxies(): Promise<void> {
  const load = options.cores?.load;
  const events = await startEvents();
  const origin = await startOrigin(folder, load, options.streamMib, events.port);
  const targets: Target[] = [];
  try {
    for (const name of options.targets) {
      const target = await startTarget(name, origin, join(folder, name), options.cores?.proxy);
      if (target !== undefined) targets.push(target);
    }
    const bench: Bench = {
      options,
      figures,
      load: await Load.prepare(origin, folder, load),
      originPort: origin.port,
    };
    for (const section of options.sections) {
      const measure = PROXY_SECTIONS[section];
      if (measure === undefined) continue;
      for (let round = 0; round < options.rounds; round += 1) {
        for (const target of targets) {
          console.error(`${section}, round ${round + 1} of ${options.rounds}: ${target.name}`);
          await measure(bench, target, round);
        }
      }
    }
  } finally {
    for (const target of targets) await target.server?.stop();
    await origin.server.stop();
    events.stop();
  }
}
