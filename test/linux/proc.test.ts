import { linkSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { diskUse } from "../../src/backends/linux/disk-use.ts";
import { identify, isAlive, parseStat, readStat } from "../../src/backends/linux/proc.ts";

const AFTER = "S 10 20 30 34816 20 4194560 1 2 3 4 5 6 7 8 20 0 1 0 987654 1 1 18446744073709551615";

describe("a process's stat", () => {
  it.each(["cat", "a) S 1 1 1 (b", "", ") R 9 9 9 9", "x y\nz"])(
    "is read whatever its name is: %j",
    (name) => {
      expect(parseStat(`77 (${name}) ${AFTER}`)).toEqual({
        pid: 77,
        parent: 10,
        session: 30,
        state: "S",
        started: "987654",
      });
    },
  );

  it("is undefined when cut short", () => {
    for (const text of ["", "77", "77 (cat)", "77 (cat) S 1 2 3"]) expect(parseStat(text)).toBeUndefined();
  });
});

describe("a process", () => {
  it("is alive with the start time it had, and no other", () => {
    const own = identify(process.pid);
    expect(isAlive(own)).toBe(true);
    expect(isAlive({ ...own, started: String(Number(own.started) + 1) })).toBe(false);
    expect(isAlive(identify(2 ** 22 + 1))).toBe(false);
    expect(readStat(process.pid)?.parent).toBe(process.ppid);
  });
});

describe("the disk use of folders", () => {
  it("counts blocks, a hard link once, a sparse file's holes not, and follows no symlink", () => {
    const folder = mkdtempSync(join(tmpdir(), "bottle-du-"));
    mkdirSync(join(folder, "deep"));
    writeFileSync(join(folder, "deep", "a"), Buffer.alloc(1024 * 1024, 1));
    linkSync(join(folder, "deep", "a"), join(folder, "again"));
    symlinkSync("/usr", join(folder, "link"));
    writeFileSync(join(folder, "sparse"), "");
    truncateSync(join(folder, "sparse"), 2 ** 30);
    const last = [...diskUse([folder])].at(-1);
    expect(last?.entries).toBe(5);
    expect(last?.bytes).toBeGreaterThanOrEqual(1024 * 1024);
    expect(last?.bytes).toBeLessThan(1024 * 1024 + 64 * 1024);
    rmSync(folder, { recursive: true });
    expect([...diskUse([folder])]).toEqual([]);
  });
});
