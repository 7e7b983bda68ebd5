import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  GITLEAKS_CONFIG_BYTES,
  GITLEAKS_REPORT_BYTES,
} from "../../../src/sidecar/git-gate/gitleaks/limits.ts";
import { GitleaksFailure, GitleaksScan } from "../../../src/sidecar/git-gate/gitleaks/scan.ts";
import type { GitFinding } from "../../../src/sidecar/git-gate/scan/finding.ts";
import { PlainPrograms } from "../plain-programs.ts";
import { PlainGitleaks } from "./plain-gitleaks.ts";

/** Nobody's, and of the shape that gitleaks knows; another for each number. */
const token = (at: number) =>
  ["ghp", `R2D2C3PO${String(at).padStart(4, "0")}LukeSkywalkerHanSoloYoda`].join("_");

const place = ({ oid, line }: GitFinding) => `${oid}:${line}`;

describe("gitleaks", () => {
  let gitleaks: PlainGitleaks;
  beforeEach(() => {
    gitleaks = new PlainGitleaks();
  });
  afterEach(() => gitleaks.close());

  /** Sends texts in pieces of `piece` bytes. */
  async function scan(
    texts: readonly (readonly [oid: string, content: string | Buffer])[],
    { config, piece = 60_000 }: { config?: string; piece?: number } = {},
  ): Promise<readonly GitFinding[]> {
    const run = await GitleaksScan.start(gitleaks, config);
    for (const [oid, content] of texts) {
      const bytes = Buffer.from(content as string, "latin1");
      await run.begin({ surface: "blob", oid });
      for (let at = 0; at < bytes.length; at += piece) await run.write(bytes.subarray(at, at + piece));
    }
    return run.finish();
  }

  test("says which text and line of it, whatever the texts are made of", async () => {
    const tar = Buffer.alloc(1024, "x");
    tar.write("ustar\u000000", 257);
    const texts: [string, string | Buffer][] = [
      ["tar", tar],
      ["after-a-tar", `one\ntwo\nx = "${token(1)}"\n`],
      ["no-last-line-feed", `a = "${token(2)}"`],
      ["empty", ""],
      ["line-feeds", "\n\n\n"],
      ["first-line", `"${token(3)}"\nmore\n`],
      ["carriage-returns", `one\rtwo\r"${token(4)}"\r`],
      ["crlf", `one\r\ntwo\r\n"${token(5)}"\r\n`],
      ["binary", `\u0000\u0001\u0002\n\u00ff\u00fe\n\u0000"${token(6)}"\u0000\n`],
      ["zip", `PK\u0003\u0004\u0000\n\n${"\u00c3\u0028".repeat(50)}\n"${token(7)}"\n`],
      ["long-line", `${"y".repeat(300_000)}\n"${token(8)}"\n${"z".repeat(300_000)}`],
      ["long-line-before", `${"w ".repeat(70_000)}"${token(9)}"`],
      ["many-lines", `${"line\n".repeat(50_000)}"${token(10)}"\n${"line\n".repeat(50_000)}`],
      ["blank-lines", `${"\n\n".repeat(60_000)}"${token(11)}"\n`],
      ["not-utf8", `${"\u00ff\n".repeat(1000)}"${token(12)}"\n`],
      ["last", `\n"${token(13)}"`],
    ];
    const findings = await scan(texts);
    expect(findings.map(place)).toEqual([
      ...["after-a-tar:3", "no-last-line-feed:1", "first-line:1", "carriage-returns:1", "crlf:3", "binary:3"],
      ...["zip:4", "long-line:2", "long-line-before:1", "many-lines:50001", "blank-lines:120001"],
      ...["not-utf8:1001", "last:2"],
    ]);
    expect(new Set(findings.map(({ detector, rule }) => `${detector} ${rule}`))).toEqual(
      new Set(["gitleaks github-pat"]),
    );
    expect(JSON.stringify(findings)).not.toMatch(/R2D2|Skywalker/);
  });

  test("the mark of a tar among the first bytes hides nothing behind it, wherever it stands", async () => {
    const marks = [0, 1, 2, 3, 4].map((shift) => `${"-".repeat(shift)}${"ustar".repeat(80)}\n"${token(1)}"`);
    const scans = marks.map((text) => scan([["a", text]]));
    expect((await Promise.all(scans)).flat().map(place)).toEqual(marks.map(() => "a:2"));
  });

  test("a gitleaks:allow comment hides nothing and is told of, wherever the bytes are cut", async () => {
    const text = `a = "${token(1)}" # gitleaks:allow\nb = "${token(2)}"\nc = "${token(3)}" # gitleaks:allow`;
    for (const piece of [1, 7, 1000]) {
      const findings = await scan([["a", text]], { piece });
      expect(findings.map(({ line, allowComment }) => [line, allowComment])).toEqual([
        [1, true],
        [2, false],
        [3, true],
      ]);
    }
  });

  test("the upstream's rules and allowlists count", async () => {
    const config = `
title = "ours"
[extend]
useDefault = true
[[rules]]
id = "house-token"
regex = '''house-([0-9a-f]{12})'''
keywords = ["house-"]
[allowlist]
regexes = ['''${token(1)}''']
`;
    const texts = [["a", `"${token(1)}"\nhouse-0123456789ab\n"${token(2)}"`]] as const;
    const findings = await scan(texts, { config });
    expect(findings.map(({ rule, line }) => [rule, line])).toEqual([
      ["house-token", 2],
      ["github-pat", 3],
    ]);
  });

  test("rules that can't be read are a failure that names the reason", async () => {
    const broken = scan([["a", "text"]], { config: "[[rules]]\nid = 'x'\nregex = '''(('''\n" });
    await expect(broken).rejects.toThrow(GitleaksFailure);
    await expect(scan([["a", "text"]], { config: "this is = = no toml" })).rejects.toThrow(/toml/i);
    const run = GitleaksScan.start(gitleaks, "#".repeat(GITLEAKS_CONFIG_BYTES + 1));
    await expect(run).rejects.toThrow(GitleaksFailure);
  });

  test("no text at all is nothing found, and nothing is left running", async () => {
    expect(await scan([])).toEqual([]);
    expect(gitleaks.running.size).toBe(0);
  });

  test("one that was started and isn't needed is stopped", async () => {
    const run = await GitleaksScan.start(gitleaks, undefined);
    const [child] = gitleaks.running;
    const closed = new Promise((resolve) => child?.once("close", resolve));
    run.stop();
    await closed;
    await expect(run.begin({ surface: "blob", oid: "a" })).rejects.toThrow(GitleaksFailure);
  });
});

describe("a gitleaks that doesn't do what it should is a failure:", () => {
  const last = (line: number) =>
    JSON.stringify([
      { RuleID: "bot-bottle-last-line", StartLine: line, EndLine: line, Match: "REDACTED", Tags: [] },
    ]);
  const print = (text: string) => `process.stdout.write(${JSON.stringify(text)})`;
  const readAll = "process.stdin.resume().on('end', () => { DO })";

  test.each([
    ["it ends at once and reads nothing", print("[]")],
    ["it crashes", "process.stdin.once('data', () => process.exit(3))"],
    ["it is killed", "process.stdin.once('data', () => process.kill(process.pid, 'SIGKILL'))"],
    ["it reads all and reports nothing", readAll.replace("DO", print("[]"))],
    ["it reports the last line where it isn't", readAll.replace("DO", print(last(3)))],
    ["its report is no JSON", readAll.replace("DO", print("[{"))],
    ["its report is no list", readAll.replace("DO", print("{}"))],
    ["its report has no lines", readAll.replace("DO", print('[{"RuleID":"a","Match":"b"}]'))],
    ["its report ends early", readAll.replace("DO", print(last(10).slice(0, -3)))],
    ["its report is without end", `process.stdout.write(Buffer.alloc(${GITLEAKS_REPORT_BYTES + 1}, " "))`],
  ])("%s", async (_what, script) => {
    const programs = new PlainPrograms(() => ({ command: [process.execPath, "-e", script] }));
    const run = await GitleaksScan.start(programs, undefined);
    const scanned = async () => {
      await run.begin({ surface: "blob", oid: "a" });
      for (let at = 0; at < 20; at++) await run.write(Buffer.alloc(100_000, "text\n"));
      return run.finish();
    };
    await expect(scanned()).rejects.toThrow(GitleaksFailure);
    run.stop();
    expect(programs.running.size).toBe(0);
  });
});
