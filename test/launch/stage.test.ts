import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { FromStage } from "../../src/launch/staged.ts";

const STAGE = join(import.meta.dirname, "../../src/launch/stage.ts");

let folder = "";
beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), "stage-")));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** What root's staging child says of an order to bind `source`; its module prints what it sees there. */
async function stage(source: string): Promise<string> {
  const child = spawn("unshare", ["--mount", "--propagation", "private", "--", process.execPath, STAGE], {
    stdio: ["ignore", "pipe", "inherit", "ipc"],
    cwd: "/",
  });
  const target = "/run/bot-bottle/m0";
  const module = join(folder, "job.mjs");
  const look = `import { readdirSync } from "node:fs";
    export const runStagedJob = async () => { console.log(readdirSync("${target}").join()); process.exit(0); };`;
  writeFileSync(module, look);
  const order = { uid: 64_001, gid: 64_001, binds: [{ source, target }], module, work: {} };
  child.send({ type: "order", order });
  let said = "";
  child.stdout?.on("data", (text) => {
    said += String(text);
  });
  child.on("message", (message: FromStage) => {
    if (message.type === "fault") said += message.message;
  });
  await new Promise((resolve) => child.once("close", resolve));
  return said;
}

describe("root's stage", () => {
  test("binds a folder, and nothing through a symlink that was put into its path", async ({ skip }) => {
    skip(process.getuid?.() !== 0, "only root has a stage");
    mkdirSync(join(folder, "private/project"), { recursive: true });
    writeFileSync(join(folder, "private/project/secret"), "");
    expect(await stage(join(folder, "private/project"))).toBe("secret\n");
    symlinkSync("private", join(folder, "moved"));
    expect(await stage(join(folder, "moved/project"))).toMatch(/could not prepare.*(ENOTDIR|ELOOP)/);
    symlinkSync("private/project", join(folder, "last"));
    expect(await stage(join(folder, "last"))).toMatch(/could not prepare/);
  });
});
