import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { verifyJournal } from "../../src/journal/verify.ts";
import { type Fixture, journalFolder, writeRequests } from "./fixture.ts";

const WRITER = fileURLToPath(new URL("endless-writer.ts", import.meta.url));
const ID = "dev-1";
let fixture: Fixture;
beforeEach(() => {
  fixture = journalFolder(ID);
});
afterEach(() => fixture.remove());

describe("a writer that dies", () => {
  it("leaves a journal that verifies and goes on, wherever kill -9 hits it", async () => {
    let count = 0;
    for (let round = 0; round < 6; round++) {
      const child = spawn(process.execPath, [WRITER, fixture.folder, ID, String(round * 100)], {
        stdio: ["ignore", "pipe", "inherit"],
      });
      await once(child.stdout, "data");
      // another moment of the batch each round
      for (let turn = 0; turn < round * 3; turn++) await new Promise((resolve) => setImmediate(resolve));
      child.kill("SIGKILL");
      await once(child, "close");
      const result = await verifyJournal(fixture.paths, ID);
      expect(result).toMatchObject({ ok: true, problems: [] });
      expect(result.count).toBeGreaterThan(count);
      count = result.count;
    }
    writeRequests(fixture.paths, ID, 1);
    expect(await verifyJournal(fixture.paths, ID)).toMatchObject({ ok: true, tailAhead: 0, torn: false });
  });

  it("says that the disk is full, writes nothing more, and leaves a journal that verifies", async () => {
    // A small file system of its own, in a mount namespace that ends with the shell; what it holds is copied out.
    const script = `mount -t tmpfs -o size=256k tmpfs "$1" && { "$2" "$3" "$1" ${ID}; code=$?; tar -C "$1" -cf - . | base64 -w0; exit $code; }`;
    const argv = ["-rm", "sh", "-c", script, "sh", fixture.folder, process.execPath, WRITER];
    const child = spawn("unshare", argv, { stdio: ["ignore", "pipe", "inherit"] });
    let output = "";
    child.stdout.on("data", (chunk) => {
      output += chunk;
    });
    await once(child, "close");
    expect(output).toContain("failed ENOSPC");
    expect(child.exitCode).toBe(3);
    const archive = Buffer.from(output.split("\n").at(-1) ?? "", "base64");
    const untar = spawn("tar", ["-C", fixture.folder, "-xf", "-"], { stdio: ["pipe", "ignore", "inherit"] });
    untar.stdin.end(archive);
    await once(untar, "close");
    const result = await verifyJournal(fixture.paths, ID);
    expect(result).toMatchObject({ ok: true, problems: [] });
    expect(result.count).toBeGreaterThan(100);
    writeRequests(fixture.paths, ID, 1);
    expect(await verifyJournal(fixture.paths, ID)).toMatchObject({ ok: true, tailAhead: 0, torn: false });
  });
});
