import { spawnSync } from "node:child_process";
import { closeSync, fstatSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { O_PATH, openResolved } from "../workspace/folder.ts";
import { type FromStage, STAGE, type StageOrder, type ToStage } from "./staged.ts";
import type { StagedJobModule } from "./staged-job.ts";

/**
 * Entry of root's staging child (dist/stage.js): opens the mounts, loads the job's code from the stage, drops root
 * for good, runs the job. It is the only code that works as root beside the launcher's file handling.
 */

function mount(...args: string[]): void {
  const { status, stderr, error } = spawnSync("mount", args, { encoding: "utf8" });
  if (status !== 0) throw new Error(`mount ${args.join(" ")}: ${error?.message ?? stderr.trim()}`);
}

function openMounts(binds: StageOrder["binds"]): void {
  mkdirSync(STAGE, { recursive: true, mode: 0o755 });
  // traversable by the dropped uid, listable by root only
  mount("-t", "tmpfs", "-o", "mode=0711,size=1m", "bot-bottle-stage", STAGE);
  for (const { source, target } of binds) bind(source, target);
}

/**
 * By descriptor: the owner of a workspace could put a symlink into its path after it was looked at, and root's mount
 * would show the bottle what lies behind folders that only root may pass.
 */
function bind(source: string, target: string): void {
  const fd = openResolved(source, O_PATH);
  try {
    const stat = fstatSync(fd);
    if (stat.isDirectory()) mkdirSync(target, { recursive: true, mode: 0o755 });
    else if (!stat.isFile()) throw new Error(`${source} is no file or folder any more`);
    else {
      mkdirSync(dirname(target), { recursive: true, mode: 0o755 });
      writeFileSync(target, "", { flag: "wx" });
    }
    mount("--no-canonicalize", "--bind", `/proc/${process.pid}/fd/${fd}`, target);
  } finally {
    closeSync(fd);
  }
}

/** Gives up root. Throws when any of it could be had back. */
function drop(uid: number, gid: number): void {
  if (uid === 0 || gid === 0) throw new Error("a bottle never runs as root");
  process.setgroups?.([]);
  process.setgid?.(gid);
  process.setuid?.(uid);
  let regained = true;
  try {
    process.setuid?.(0);
  } catch {
    regained = false;
  }
  if (regained || process.getuid?.() !== uid || process.getgroups?.().some((group) => group !== gid)) {
    throw new Error("root could not be given up");
  }
}

async function perform(order: StageOrder): Promise<void> {
  openMounts(order.binds);
  // loaded while its folder can still be read by any path; lazy parts come from the stage too
  const { runStagedJob } = (await import(order.module)) as StagedJobModule;
  process.umask(0o077);
  drop(order.uid, order.gid);
  await runStagedJob(order.work);
}

function giveUp(error: unknown): void {
  const message: FromStage = {
    type: "fault",
    message: `could not prepare the bottle's mounts: ${error instanceof Error ? error.message : String(error)}`,
    mend: "run `bot-bottle doctor`, or start it as an ordinary user",
    exitCode: 125,
  };
  process.send?.(message, () => process.exit(125));
}

// the stage's folders are for the dropped uid to pass through
process.umask(0o022);
process.once("message", (message: ToStage) => {
  if (message.type === "order") perform(message.order).catch(giveUp);
});
