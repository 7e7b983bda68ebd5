import { describe, expect, it } from "vitest";
import { bottle, runScript } from "./bottle.ts";

/** Forks `count` children that each hold `bytes` and wait. */
function holders(count: number, bytes: number): string {
  return `perl -e 'for (1..${count}) { my $pid = fork; die "fork: $!" if !defined $pid; if (!$pid) { my $x = "x" x ${bytes}; sleep 60; exit } } 1 while wait != -1'`;
}

const WATCHDOG = "rlimits for each process, a watchdog in the launcher for the bottle";

describe("without a cgroup", () => {
  it("a program can't hold more memory than the bottle's limit", async () => {
    const { agent, record } = await bottle({
      agent: { script: `perl -e 'my $x = "x" x 300_000_000; print "held"'` },
      limits: { memory: 200_000_000 },
    });
    expect(record.limitsBy).toBe(WATCHDOG);
    expect(agent.out).toBe("");
    expect(agent.err).toContain("Out of memory");
  });

  it("a bottle whose programs together hold more is ended, and says why", async () => {
    const agent = await runScript(holders(5, 90_000_000), { limits: { memory: 300_000_000 } });
    expect(agent.code).toBe(137);
    expect(agent.reason).toMatch(/^the bottle used [0-9]+ MiB of memory, its limit is 287 MiB$/);
  });

  it("what lies in a tmpfs counts as memory", async () => {
    const { out, reason } = await runScript(
      `df -k /tmp /var/tmp /dev/shm | tail -n 3 | xargs -n 6 | cut -d' ' -f2 | sort -n | head -n 1
       dd if=/dev/zero of=/tmp/x bs=1M count=400 2>&1 | grep -o 'No space left' || echo held
       ${holders(3, 80_000_000)}`,
      { limits: { memory: 300_000_000 } },
    );
    expect(out).toContain("No space left\n");
    expect(reason).toMatch(/of memory/);
  });

  it("memory files count, mapped or not", async () => {
    const memfd = process.arch === "arm64" ? 279 : 319;
    const { code, reason } = await runScript(
      `perl -e 'for (1..5) { my $fd = syscall(${memfd}, my $name = "x", 0); open(my $f, "+<&=", $fd); push @keep, $f;
         for (1..80) { syswrite $f, "x" x 1_000_000 } } sleep 60'`,
      { limits: { memory: 300_000_000 } },
    );
    expect(code).toBe(137);
    expect(reason).toMatch(/of memory/);
  });

  it("memory that forked programs share counts once", async () => {
    const { out } = await runScript(
      `perl -e 'my $x = "x" x 100_000_000; for (1..8) { fork or do { sleep 3; exit } } 1 while wait != -1; print "done"'`,
      { limits: { memory: 300_000_000 } },
    );
    expect(out).toBe("done");
  });

  it("a fork bomb gets no further than the bottle's processes", async () => {
    const { agent } = await bottle({
      agent: {
        script: `perl -e '$| = 1; my $n = 0; $n++ while do { my $pid = fork; if (defined $pid && !$pid) { sleep 60; exit } defined $pid }; print "$n $!\\n"; kill "KILL", -1'`,
      },
      limits: { pids: 40 },
    });
    expect(agent.out).toMatch(/^3[0-9] Resource temporarily unavailable$/m);
  });

  it("every process inside has the bound on processes, the one the agent could make fork for it too", async () => {
    const { out } = await runScript("cat /proc/[0-9]*/limits | grep 'Max processes' | sort -u", {
      limits: { pids: 40 },
    });
    expect(out).toMatch(/^Max processes +40 +40 +processes *\n$/);
  });

  it("the bound on processes holds for exec's programs together with the agent's", async () => {
    const { execs } = await bottle({
      agent: { script: "for i in $(seq 1 30); do sleep 60 & done; exec sleep 60" },
      execs: [{ script: "sleep 1; for i in $(seq 1 30); do sleep 1 & done" }],
      limits: { pids: 40 },
    });
    expect(execs[0]?.err).toMatch(/fork|Resource temporarily unavailable/i);
  });
});

describe("a bottle", () => {
  it("is ended after its time", async () => {
    const { code, reason } = await runScript("exec sleep 60", { limits: { time: 1 } });
    expect({ code, reason }).toEqual({ code: 137, reason: "the bottle ran for its 1 seconds" });
  });

  it("is ended when its folders hold more than its disk limit", async () => {
    const script =
      "for i in 1 2 3 4; do dd if=/dev/zero of=$i bs=1M count=4 2>/dev/null; done; exec sleep 60";
    const { code, reason } = await runScript(script, { limits: { disk: 8 * 2 ** 20 } });
    expect({ code, reason }).toEqual({
      code: 137,
      reason: "the bottle's writable folders hold over their limit of 8 MiB",
    });
  });

  const FILL = `while (1) { open my $f, ">", "f" . $n++; syswrite $f, "x" x 1_000_000; close $f; select undef, undef, undef, 0.05 }`;

  it.each([
    [
      "a folder closed to the launcher",
      `mkdir "d"; mkdir "d/e"; chdir "d/e"; chmod 0, "/workspace/d"; ${FILL}`,
    ],
    ["folders too deep for one path", `for (1..50) { mkdir "d" x 100; chdir "d" x 100 } ${FILL}`],
  ])("is ended when it fills the disk from %s", async (_, program) => {
    const { code, reason } = await runScript(`exec perl -e '${program}'`, {
      limits: { disk: 8 * 2 ** 20 },
    });
    expect(code).toBe(137);
    expect(reason).toMatch(/^parts of the bottle's writable folders can't be looked into/);
  });

  it("is ended when files without a name hold more than its disk limit", async () => {
    const { code, reason } = await runScript(
      `exec perl -e 'for (1..4) { open my $f, ">", "f"; syswrite $f, "x" x 4_000_000; unlink "f"; push @f, $f } sleep 60'`,
      { limits: { disk: 8 * 2 ** 20 } },
    );
    expect(code).toBe(137);
    expect(reason).toMatch(/over their limit/);
  });

  it("goes on when a folder of its own can't be looked into", async () => {
    const { code, out } = await runScript(
      "mkdir d e; touch d/f; chmod 400 d; chmod 0 e; sleep 7; echo alive",
    );
    expect({ code, out }).toEqual({ code: 0, out: "alive\n" });
  });

  it("can't write one file over its disk limit, nor open more files than it may", async () => {
    const { out, err } = await runScript(
      `(trap '' XFSZ; dd if=/dev/zero of=big bs=1M count=20) 2>&1 | grep -o 'File too large'
       perl -e 'my @f; while (open my $f, "<", "/dev/null") { push @f, $f } print scalar(@f), "\\n"'`,
      { limits: { disk: 8 * 2 ** 20, openFiles: 64 } },
    );
    expect(`${out}${err}`).toBe("File too large\n61\n");
  });

  it("runs on as many processors as its limit comes to", async () => {
    const { out } = await runScript("nproc", { limits: { cpus: 0.5 } });
    expect(out).toBe("1\n");
  });
});
