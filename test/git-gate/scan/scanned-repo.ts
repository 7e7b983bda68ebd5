import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Secret } from "../../../src/base/secret.ts";
import type { KnownSecret } from "../../../src/dlp/known/secret.ts";
import { Detectors, type ScanSettings } from "../../../src/dlp/scanner.ts";
import { ChangedPaths } from "../../../src/sidecar/git-gate/scan/changed-paths.ts";
import { GitleaksIgnore } from "../../../src/sidecar/git-gate/scan/gitleaks-ignore.ts";
import { type LocatedFinding, locate } from "../../../src/sidecar/git-gate/scan/locate.ts";
import { ObjectReader } from "../../../src/sidecar/git-gate/scan/object-reader.ts";
import { PushScanner } from "../../../src/sidecar/git-gate/scan/push-scanner.ts";
import { ScanRules } from "../../../src/sidecar/git-gate/scan/rules.ts";

/** Nobody's, of the shape of a token, made of parts so that this file holds none. */
export const TOKEN = ["ghp", "R2D2C3POLukeSkywalker0HanSoloYodaX17"].join("_");
/** As a bottle's environment could have it, and the canary's. */
export const KNOWN = ["correct", "horse", "9battery", "staple"].join("");
export const CANARY = ["canary", "7f3a9c", "e1d4"].join("Q");

const SECRETS: readonly KnownSecret[] = [
  { name: "DEPLOY_KEY", value: new Secret("DEPLOY_KEY", KNOWN), kind: "brokered" },
  { name: "CANARY", value: new Secret("CANARY", CANARY), kind: "canary" },
];
const EVERYTHING: ScanSettings = { known: true, patterns: true, allow: new Set() };

export interface HowScanned {
  /** bytes that come at a time */
  readonly chunk?: number;
  readonly operatorRules?: string;
  readonly upstreamRules?: string;
  readonly ignore?: string;
}

export interface WhatFound {
  readonly findings: readonly LocatedFinding[];
  readonly notices: readonly string[];
}

/** A repository made by git, and what a scan of all its objects finds. */
export class ScannedRepo {
  #hasMain = false;
  readonly folder = mkdtempSync(join(tmpdir(), "bot-bottle-scan-"));

  constructor(format: "sha1" | "sha256" = "sha1") {
    this.git(["init", "--quiet", `--object-format=${format}`, "--initial-branch=main"]);
  }

  close(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** What git prints, without the line feed behind it. */
  git(
    args: readonly string[],
    input: string | Buffer = "",
    env: Readonly<Record<string, string>> = {},
  ): string {
    return this.bytes(args, input, env).toString("latin1").trimEnd();
  }

  bytes(
    args: readonly string[],
    input: string | Buffer = "",
    env: Readonly<Record<string, string>> = {},
  ): Buffer {
    return execFileSync("git", args, {
      cwd: this.folder,
      input,
      env: { PATH: process.env.PATH, HOME: this.folder, GIT_CONFIG_NOSYSTEM: "1", ...PERSON, ...env },
      maxBuffer: 1 << 30,
      stdio: ["pipe", "pipe", "ignore"],
    });
  }

  blob(content: string | Buffer): string {
    return this.git(["hash-object", "-w", "--stdin"], Buffer.from(content as string, "utf8"));
  }

  /** An object as it stands here, whatever git thinks of it. */
  literally(type: string, content: string | Buffer): string {
    const bytes = Buffer.from(content as string, "latin1");
    return this.git(["hash-object", "-w", "--stdin", "--literally", "-t", type], bytes);
  }

  /** `entries`: mode, id and name of each. */
  tree(...entries: readonly (readonly [mode: string, oid: string, name: string])[]): string {
    const types: Readonly<Record<string, string>> = { "040000": "tree", "160000": "commit" };
    const lines = entries.map(([mode, oid, name]) => `${mode} ${types[mode] ?? "blob"} ${oid}\t${name}\0`);
    return this.git(["mktree", "-z", "--missing"], lines.join(""));
  }

  /** A commit of these files alone, on `main`; `env`: as `git commit` reads it. */
  commit(
    files: Readonly<Record<string, string | Buffer>>,
    {
      message = "work\n",
      mode = "100644",
      env = {},
    }: { message?: string; mode?: string; env?: Readonly<Record<string, string>> } = {},
  ): string {
    const who = { ...PERSON, ...env };
    const parts: (string | Buffer)[] = [
      "commit refs/heads/main\nmark :1\n",
      `author ${who.GIT_AUTHOR_NAME} <${who.GIT_AUTHOR_EMAIL}> ${who.GIT_AUTHOR_DATE}\n`,
      `committer ${who.GIT_COMMITTER_NAME} <${who.GIT_COMMITTER_EMAIL}> ${who.GIT_COMMITTER_DATE}\n`,
      `data ${Buffer.byteLength(message)}\n${message}\n`,
      this.#hasMain ? "from refs/heads/main^0\ndeleteall\n" : "",
    ];
    for (const [path, content] of Object.entries(files)) {
      const bytes = Buffer.from(content as string, "utf8");
      parts.push(`M ${mode} inline ${JSON.stringify(path)}\ndata ${bytes.length}\n`, bytes, "\n");
    }
    parts.push("get-mark :1\n");
    const input = Buffer.concat(parts.map((part) => Buffer.from(part as string, "utf8")));
    this.#hasMain = true;
    return this.git(["-c", "fastimport.unpackLimit=1", "fast-import", "--quiet"], input);
  }

  objects(): Buffer {
    return this.bytes(["cat-file", "--batch-all-objects", "--batch", "--unordered"]);
  }

  changes(): Buffer {
    const commits = this.git(["rev-list", "--all"]);
    const how = ["-c", "--root", "-r", "-z", "--raw", "--no-renames", "--no-abbrev"];
    return this.bytes(["diff-tree", "--stdin", ...how], commits === "" ? "" : `${commits}\n`);
  }

  scan(how: HowScanned = {}): readonly LocatedFinding[] {
    return this.look(how).findings;
  }

  look({ chunk = 64 * 1024, operatorRules, upstreamRules, ignore }: HowScanned): WhatFound {
    const rules = ScanRules.read(operatorRules, upstreamRules);
    const scanner = new PushScanner(new Detectors(SECRETS, rules.patterns), EVERYTHING, rules);
    const reader = new ObjectReader(scanner);
    for (const bytes of pieces(this.objects(), chunk)) reader.write(bytes);
    reader.end();
    const changes = new ChangedPaths();
    for (const bytes of pieces(this.changes(), chunk)) changes.write(bytes);
    changes.end();
    scanner.scanPaths(changes);
    const reached = this.git(["rev-list", "--objects", "--no-object-names", "--branches"]).split("\n");
    const inCommits = new Set(scanner.hasEmptyFolders ? [] : reached);
    const findings = locate(scanner.found, {
      changes,
      ignore: new GitleaksIgnore(ignore),
      inCommits: (oid) => inCommits.has(oid),
      redacted: (text) => scanner.redacted(text),
    });
    return { findings, notices: rules.notices };
  }
}

const PERSON = {
  GIT_AUTHOR_NAME: "Ada",
  GIT_AUTHOR_EMAIL: "ada@example.com",
  GIT_AUTHOR_DATE: "1700000000 +0000",
  GIT_COMMITTER_NAME: "Ada",
  GIT_COMMITTER_EMAIL: "ada@example.com",
  GIT_COMMITTER_DATE: "1700000000 +0000",
};

/** The same bytes, so many at a time. */
export function* pieces(bytes: Buffer, length: number): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at += length) yield bytes.subarray(at, at + length);
}

/** `token_patterns github-pat in blob`: of each finding, without those that say the same. */
export function said(findings: readonly LocatedFinding[]): readonly string[] {
  return [
    ...new Set(findings.map(({ detector, rule, surface }) => `${detector} ${rule} in ${surface}`)),
  ].sort();
}

/** A scanner of nothing but names. */
export function nameScanner(): PushScanner {
  const rules = ScanRules.read(undefined, undefined);
  return new PushScanner(new Detectors(SECRETS, rules.patterns), EVERYTHING, rules);
}
