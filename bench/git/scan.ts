import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { Detectors } from "../../src/dlp/scanner.ts";
import { GitleaksScan } from "../../src/sidecar/git-gate/gitleaks/scan.ts";
import { ObjectReader } from "../../src/sidecar/git-gate/scan/object-reader.ts";
import { PushScanner } from "../../src/sidecar/git-gate/scan/push-scanner.ts";
import { ScanRules } from "../../src/sidecar/git-gate/scan/rules.ts";
import { PlainGitleaks } from "../../test/git-gate/gitleaks/plain-gitleaks.ts";
import { DEFAULTS, SECRETS } from "../dlp/bottle.ts";
import { FILE_BYTES, makeLargeRepository } from "./large-repository.ts";
import { type Bench, GITLEAKS } from "./table.ts";

/** Of what gitleaks reads: it takes a second for one. */
const GITLEAKS_FILES = 400;

/** Our scan and gitleaks' over the same objects, each alone, as git prints them. */
export async function measureScan({ folder, files, table }: Bench): Promise<void> {
  const bare = join(folder, "scanned.git");
  await makeLargeRepository(bare, Math.min(files, 20_000));
  const { bytes, seconds } = await ours(bare);
  const speed = (value: number) => `${value.toPrecision(3)} MB/s`;
  table.add("our scan, of one core", "", speed(bytes / 1e6 / seconds), "", "100 MB/s");
  if (existsSync(GITLEAKS.folder))
    table.add("gitleaks in WebAssembly, its start taken off", "", speed(await gitleaks(bare)), "", "");
}

/** Processor time of this process alone: git's own is another core's. */
async function ours(bare: string): Promise<{ readonly bytes: number; readonly seconds: number }> {
  const rules = ScanRules.read(undefined, undefined);
  const scanner = new PushScanner(new Detectors(SECRETS, rules.patterns), DEFAULTS, rules);
  const reader = new ObjectReader(scanner);
  const git = spawn("git", ["-C", bare, "cat-file", "--batch-all-objects", "--batch", "--unordered"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const closed = once(git, "close");
  let bytes = 0;
  const began = process.cpuUsage();
  for await (const chunk of git.stdout as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    reader.write(chunk);
  }
  reader.end();
  const { user, system } = process.cpuUsage(began);
  await closed;
  return { bytes, seconds: (user + system) / 1e6 };
}

async function gitleaks(bare: string): Promise<number> {
  const ids = spawnSync(
    "git",
    ["-C", bare, "cat-file", "--batch-all-objects", "--batch-check=%(objectname) %(objecttype)"],
    {
      encoding: "utf8",
      maxBuffer: 1024 ** 3,
    },
  )
    .stdout.split("\n")
    .flatMap((line) => (line.endsWith(" blob") ? [line.slice(0, -" blob".length)] : []))
    .slice(0, GITLEAKS_FILES);
  const texts = ids.map((id) => spawnSync("git", ["-C", bare, "cat-file", "blob", id]).stdout);
  const programs = new PlainGitleaks(GITLEAKS);
  try {
    const took = async (read: readonly Buffer[]) => {
      const began = performance.now();
      const run = await GitleaksScan.start(programs, undefined);
      await run.begin({ surface: "blob", oid: undefined });
      for (const text of read) await run.write(text);
      await run.finish();
      return performance.now() - began;
    };
    const start = await took([]);
    return (texts.length * FILE_BYTES) / 1000 / ((await took(texts)) - start);
  } finally {
    programs.close();
  }
}
