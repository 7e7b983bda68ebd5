import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ordinaryUser } from "../../test/support/ordinary-user.ts";
import { descendants } from "../processes.ts";
import { FILE_BYTES, makeLargeRepository } from "./large-repository.ts";
import { directShell } from "./operator.ts";
import type { Bench } from "./table.ts";

/** One push of many files, both ways, and the most memory that the sidecar had while it went through. */
export async function measureLarge(bench: Bench): Promise<void> {
  const { folder, workspace, upstream, operator, files, table } = bench;
  const bare = join(workspace, "large.git");
  await makeLargeRepository(bare, files);
  const ids = process.getuid?.() === 0 ? ordinaryUser() : undefined;
  if (ids) spawnSync("chown", ["-R", `${ids.uid}:${ids.gid}`, bare]);
  const direct = directShell(folder, upstream);
  const gate = operator.bottle(workspace);
  try {
    const push = (repo: string, url: string, branch: string) =>
      `git -C ${repo} push -q ${url} main:refs/heads/${branch}`;
    // the same objects a second time would not be sent: the upstream forgets them in between
    const one = await direct.time(push(bare, upstream.url("large"), "direct"));
    await upstream.git("large", ["update-ref", "-d", "refs/heads/direct"]);
    await upstream.git("large", ["-c", "gc.auto=0", "repack", "-adq"]);
    await upstream.git("large", ["prune", "--expire=now"]);
    const took = await gate.time(push("large.git", operator.url("large"), "gate"));
    const mib = peakMib(gate.pid);
    const seconds = (value: number) => `${(value / 1000).toFixed(1)} s`;
    const megabytes = (files * FILE_BYTES) / 1e6;
    table.add(
      `push of ${files} files, ${megabytes.toFixed(0)} MB`,
      seconds(one),
      seconds(took),
      seconds(took - one),
      "",
    );
    table.add("read and sent in all, MB/s", "", (megabytes / (took / 1000)).toFixed(0), "", "");
    table.add("the sidecar's peak memory, MiB", "", mib.toFixed(0), "", "200");
  } finally {
    await gate.close();
    await direct.close();
  }
}

/** The most memory that the sidecar below a process has had so far. */
function peakMib(pid: number): number {
  const peaks = descendants(pid).map((one) => {
    try {
      const command = readFileSync(`/proc/${one}/cmdline`, "utf8").split("\0");
      if (!command[0]?.endsWith("node") || !command.some((word) => word.endsWith("/sidecar.js"))) return 0;
      return (
        Number(/^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${one}/status`, "utf8"))?.[1] ?? 0) / 1024
      );
    } catch {
      // it has ended
      return 0;
    }
  });
  return Math.max(0, ...peaks);
}
