import { fork } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";
import type { Secret } from "../../src/base/secret.ts";
import { prepareGit } from "../../src/launch/git/host.ts";
import type { GitleaksHost } from "../../src/launch/git/job.ts";
import { homePaths } from "../../src/launch/paths.ts";
import type { GitRepoPlan } from "../../src/plan/git.ts";
import { LauncherPrograms } from "../../src/sidecar/git-gate/launcher-programs.ts";
import type { HostOrder } from "./host-process.ts";

const OWNER = { uid: 61_234, gid: 61_234 };

export interface HostOptions {
  readonly repos: readonly GitRepoPlan[];
  readonly keys: ReadonlyMap<string, Secret>;
  readonly secrets?: ReadonlyMap<string, Secret>;
  readonly signKeys?: ReadonlyMap<string, Secret>;
  readonly gitleaks?: GitleaksHost;
  /** of an earlier one, whose mirrors are kept */
  readonly home?: string;
  /** when to end: with the test, unless something else is said */
  readonly atEnd?: (end: () => void) => void;
}

/** The launcher's half of the gate, as it runs beside a bottle: real sandboxes, started by an ordinary user. */
export async function startHost(options: HostOptions): Promise<{
  readonly programs: LauncherPrograms;
  readonly home: string;
  readonly scratch: string;
  readonly pid: number;
}> {
  const made = mkdtempSync(join(tmpdir(), "git-gate-"));
  const atEnd = options.atEnd ?? onTestFinished;
  atEnd(() => rmSync(made, { recursive: true, force: true }));
  const home = options.home ?? join(made, "home");
  const scratch = join(made, "scratch");
  for (const folder of [home, scratch]) mkdirSync(folder, { recursive: true });
  const root = process.getuid?.() === 0;
  const owner = root ? OWNER : { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
  if (root) {
    const { chmodSync, chownSync } = await import("node:fs");
    for (const folder of [made, home]) chmodSync(folder, 0o755);
    chownSync(scratch, owner.uid, owner.gid);
  }
  const host = prepareGit(homePaths(home), {
    ...options,
    secrets: options.secrets ?? new Map(),
    signKeys: options.signKeys ?? new Map(),
    gitleaks: options.gitleaks,
    owner,
    scratch,
  });
  if (host === undefined) throw new Error("no repository");
  if (root) {
    const { chmodSync } = await import("node:fs");
    for (const folder of [join(home, "cache"), join(home, "cache", "git")]) chmodSync(folder, 0o755);
  }
  const child = fork(
    fileURLToPath(new URL("host-process.ts", import.meta.url)),
    [fileURLToPath(new URL("../../src/backends/linux", import.meta.url))],
    { stdio: ["ignore", "inherit", "inherit", "ipc"] },
  );
  atEnd(() => {
    child.kill("SIGKILL");
  });
  const programs = new LauncherPrograms((message) => {
    // What is given up when the test is over has ended with the host.
    // A channel may look open a moment longer.
    if (child.connected) child.send(message, () => {});
  });
  const ready = new Promise<void>((resolve, reject) => {
    child.on("message", (message: { readonly type: string }, handle: unknown) => {
      if (message.type === "ready") resolve();
      else programs.receive(message as Parameters<LauncherPrograms["receive"]>[0], handle);
    });
    child.once("exit", (code) => reject(new Error(`the host process ended with ${code}`)));
  });
  child.send({ type: "order", host, scratch, owner } satisfies HostOrder);
  await ready;
  return { programs, home, scratch, pid: child.pid ?? 0 };
}
