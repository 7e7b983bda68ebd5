import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { ordinaryUser } from "../../test/support/ordinary-user.ts";
import { directShell } from "./operator.ts";
import type { Bench } from "./table.ts";

/** Fetches of an upstream that didn't change, in a clone that came with the workspace: the first of a launch, and the next. */
export async function measureFetch(bench: Bench): Promise<void> {
  const { folder, workspace, upstream, operator, rounds, table } = bench;
  const direct = directShell(folder, upstream);
  const [one, first, next]: [number[], number[], number[]] = [[], [], []];
  const fetch = "git -C fetched fetch -q origin";
  try {
    const clone = join(workspace, "fetched");
    await direct.time(`git clone -q ${upstream.url("small")} ${clone}`);
    await direct.time(`git -C ${clone} remote set-url origin ${operator.url("small")}`);
    await direct.time(`cd "$HOME" && rm -rf fetched && git clone -q ${upstream.url("small")} fetched`);
    const ids = process.getuid?.() === 0 ? ordinaryUser() : undefined;
    if (ids) spawnSync("chown", ["-R", `${ids.uid}:${ids.gid}`, clone]);
    // the first launch makes the mirror
    for (let round = 0; round <= Math.ceil(rounds / 3); round += 1) {
      const gate = operator.bottle(workspace);
      try {
        const took = [await gate.time(fetch), await direct.time(fetch), await gate.time(fetch)] as const;
        if (round === 0) continue;
        for (const [index, values] of [first, one, next].entries()) values.push(took[index] ?? Number.NaN);
      } finally {
        await gate.close();
      }
    }
  } finally {
    await direct.close();
  }
  table.compare("fetch of what is unchanged, first of a launch", one, first, "300 ms more");
  table.compare("the next", one, next, "");
}
