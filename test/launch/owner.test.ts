import { chownSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { chooseOwner, homeFolder } from "../../src/launch/owner.ts";

const root = { uid: 0, gid: 0, sudoUid: undefined, sudoGid: undefined, workspace: undefined };

describe("who a bottle runs as", () => {
  test("an ordinary user is themselves", () => {
    expect(chooseOwner({ ...root, uid: 1234, gid: 1234, sudoUid: "5" })).toEqual({ uid: 1234, gid: 1234 });
  });

  test("under sudo it is the user behind it", () => {
    expect(chooseOwner({ ...root, sudoUid: "1000", sudoGid: "100" })).toEqual({ uid: 1000, gid: 100 });
  });

  test.each(["0", "-1", "", "1e3", "99999999999"])("SUDO_UID %j is not taken for a user", (sudoUid) => {
    expect(chooseOwner({ ...root, sudoUid }).uid).toBeGreaterThanOrEqual(64_000);
  });

  test("root without anyone gets a uid that has no account, never 0", () => {
    const { uid, gid } = chooseOwner(root);
    expect(uid).toBeGreaterThanOrEqual(64_000);
    expect(gid).toBe(uid);
  });

  test("root takes the owner of the workspace", ({ skip }) => {
    skip(process.getuid?.() !== 0, "only root can give files away");
    const folder = mkdtempSync(join(tmpdir(), "owner-"));
    chownSync(folder, 4321, 0);
    expect(chooseOwner({ ...root, workspace: folder })).toEqual({ uid: 4321, gid: 4321 });
    rmSync(folder, { recursive: true });
  });

  test("group 0 is never given to a bottle", () => {
    expect(() => chooseOwner({ ...root, uid: 1234 })).toThrow(/group 0/);
  });
});

test("an account's home folder is found whatever HOME says", () => {
  expect(homeFolder(0)).toBe("/root");
  expect(homeFolder(4_000_000_000)).toBeUndefined();
});
