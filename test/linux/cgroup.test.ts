import {
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import {
  type CgroupFacts,
  findParents,
  makeCgroup,
  outOfMemoryKills,
} from "../../src/backends/linux/cgroup.ts";
import { bottle } from "./bottle.ts";
import { uid } from "./ordinary-user.ts";
import { LIMITS } from "./scenarios/limits.ts";

const V2_MOUNT =
  "26 25 0:23 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate,memory_recursiveprot";
const V1_MOUNTS = ["memory", "pids", "cpu"]
  .map(
    (name, at) =>
      `3${at} 25 0:3${at} / /sys/fs/cgroup/${name} rw,relatime shared:9 - cgroup cgroup rw,${name}`,
  )
  .join("\n");

function facts(
  own: string,
  mounts: string,
  folders: Readonly<Record<string, readonly string[]>>,
): CgroupFacts {
  return {
    own,
    mounts,
    delegated: (folder) => folder in folders,
    controllers: (folder) => folders[folder] ?? [],
  };
}

describe("a place for a bottle's cgroup", () => {
  const app = "/sys/fs/cgroup/user.slice/user-1000.slice/user@1000.service/app.slice";

  it("is the delegated slice around a desktop's terminal", () => {
    const own = "0::/user.slice/user-1000.slice/user@1000.service/app.slice/app-terminal-1.scope\n";
    const found = findParents(facts(own, V2_MOUNT, { [app]: ["cpu", "memory", "pids"] }));
    expect(found).toEqual({
      version: 2,
      parents: new Map([
        ["cpu", app],
        ["memory", app],
        ["pids", app],
      ]),
    });
  });

  it("is not there in a login session, whose slice belongs to root", () => {
    const own = "0::/user.slice/user-1000.slice/session-3.scope\n";
    expect(findParents(facts(own, V2_MOUNT, { [app]: ["cpu", "memory", "pids"] }))).toBeUndefined();
  });

  it("is not where memory is not handed on", () => {
    const own = "0::/user.slice/user-1000.slice/user@1000.service/app.slice/app-terminal-1.scope\n";
    expect(findParents(facts(own, V2_MOUNT, { [app]: ["pids"] }))).toBeUndefined();
  });

  it("is this process's own folder in the old hierarchies", () => {
    const own = "4:memory:/mine\n8:pids:/mine\n1:cpu:/\n0::/\n";
    const folders = { "/sys/fs/cgroup/memory/mine": [], "/sys/fs/cgroup/pids/mine": [] };
    expect(findParents(facts(own, V1_MOUNTS, folders))).toEqual({
      version: 1,
      parents: new Map([
        ["memory", "/sys/fs/cgroup/memory/mine"],
        ["pids", "/sys/fs/cgroup/pids/mine"],
      ]),
    });
    expect(findParents(facts(own, V1_MOUNTS, { "/sys/fs/cgroup/memory/mine": [] }))).toBeUndefined();
  });

  it("is nowhere without cgroups", () => {
    expect(findParents(facts("", "", {}))).toBeUndefined();
  });
});

describe("a cgroup of version 2", () => {
  it("gets the bottle's limits, no swap, and ends as one when memory is out", () => {
    const folder = mkdtempSync(join(tmpdir(), "bottle-cgroup-"));
    const parents = new Map(["memory", "pids", "cpu"].map((name) => [name, folder]));
    const { folders } = makeCgroup(
      "x",
      { version: 2, parents },
      { ...LIMITS, memory: 1000, pids: 7, cpus: 1.5 },
    );
    const [made = ""] = folders;
    const values = Object.fromEntries(
      readdirSync(made).map((name) => [name, readFileSync(join(made, name), "utf8")]),
    );
    expect(values).toEqual({
      "memory.max": "1000",
      "memory.swap.max": "0",
      "memory.oom.group": "1",
      "pids.max": "7",
      "cpu.max": "150000 100000",
    });
    expect(outOfMemoryKills({ version: 2, folders })).toBe(0);
    writeFileSync(join(made, "memory.events"), "low 0\nhigh 0\nmax 9\noom 2\noom_kill 3\noom_group_kill 1\n");
    expect(outOfMemoryKills({ version: 2, folders })).toBe(3);
    rmSync(folder, { recursive: true });
  });
});

// Where root runs these tests and the old hierarchies are mounted, a real one can be delegated for the occasion.
const V1 = "/sys/fs/cgroup";
const realCgroups =
  process.getuid?.() === 0 &&
  existsSync(join(V1, "memory/cgroup.procs")) &&
  existsSync(join(V1, "pids/cgroup.procs"));

describe("a delegated cgroup", () => {
  const original = new Map(
    readFileSync("/proc/self/cgroup", "utf8")
      .split("\n")
      .flatMap((line) => {
        const [, name, path] = /^[0-9]+:(memory|pids):(.*)$/.exec(line) ?? [];
        return name === undefined || path === undefined ? [] : [[name, path] as const];
      }),
  );
  const mine = (name: string) => join(V1, name, `bottle-test-${process.pid}`);

  function delegate(): void {
    for (const name of ["memory", "pids"]) {
      mkdirSync(mine(name));
      for (const path of [mine(name), join(mine(name), "cgroup.procs")]) chownSync(path, uid, uid);
      writeFileSync(join(mine(name), "cgroup.procs"), String(process.pid));
    }
  }

  afterEach(() => {
    for (const [name, path] of original) {
      if (!existsSync(mine(name))) continue;
      writeFileSync(join(V1, name, path, "cgroup.procs"), String(process.pid));
      rmdirSync(mine(name));
    }
  });

  it("bounds the whole bottle, exec included, and is removed with it", async ({ skip }) => {
    skip(!realCgroups, "only root can delegate one, where the old hierarchies are mounted");
    delegate();
    const hog = `perl -e 'my @p; for (1..4) { fork // die or do { my $x = "x" x 80_000_000; sleep 5; exit } } 1 while wait != -1'`;
    const { agent, record, execs } = await bottle({
      agent: { script: `${hog}; touch done; exec sleep 60` },
      execs: [
        {
          script: `while [ ! -e done ]; do sleep 0.1; done; cat /proc/self/cgroup
                   for i in $(seq 1 20); do sleep 1 & done`,
        },
      ],
      limits: { memory: 200_000_000, pids: 14 },
    });
    expect(record.limitsBy).toBe("a delegated cgroup (version 1)");
    expect(execs[0]?.out).toMatch(/memory:\/\n/);
    expect(execs[0]?.err).toMatch(/fork/i);
    expect(agent.reason).toMatch(/memory limit of 200000000 bytes/);
    expect(existsSync(mine("memory"))).toBe(true);
    expect(readdirSync(mine("memory")).filter((name) => name.startsWith("bot-bottle"))).toEqual([]);
  });
});
