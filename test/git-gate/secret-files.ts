import { createHash } from "node:crypto";
import { symlinkSync, unlinkSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import type { GitRepo } from "../support/git-repo.ts";
import { zip } from "../support/zip.ts";

/** A way to get a secret into a push that git itself makes. */
export interface SecretPush {
  readonly name: string;
  /** what the refusal must say of where it is */
  readonly place: string | RegExp;
  /** Makes it in a clone of an upstream with one commit on `main`; the arguments of `git push` behind the remote. */
  make(clone: GitRepo, secret: string): Promise<readonly string[]>;
}

export const MAIN = ["HEAD:refs/heads/main"];

/** Adds one file and pushes it. */
function file(
  name: string,
  path: string,
  content: (secret: string) => string | Uint8Array,
  at = `${path}:1`,
): SecretPush {
  return {
    name,
    place: at,
    make: async (clone, secret) => {
      await clone.commit("add a file", { [path]: content(secret) });
      return MAIN;
    },
  };
}

/** Bytes that don't compress, the same in every run. */
export function noise(length: number, seed = "noise"): Buffer {
  const parts: Buffer[] = [];
  for (let at = 0; at < length; at += 32) parts.push(createHash("sha256").update(`${seed} ${at}`).digest());
  return Buffer.concat(parts).subarray(0, length);
}

/** Text lines, the same in every run. */
function lines(length: number): string {
  return noise(length / 2)
    .toString("hex")
    .replace(/.{63}/g, "$&\n");
}

const FILES: readonly SecretPush[] = [
  file("a blob", "src/config.ts", (secret) => `const token = "${secret}";\n`),
  file(
    "a line far down in a blob",
    "data.txt",
    (secret) => `${"a line\n".repeat(5000)}key ${secret}\n`,
    "data.txt:5001",
  ),
  file(
    "a file in UTF-16",
    "notes.txt",
    (secret) => Buffer.from(`\uFEFFnote: ${secret}\r\n`, "utf16le"),
    "notes.txt",
  ),
  file(
    "base64 in a blob",
    "a.txt",
    (secret) => `x: ${Buffer.from(`key=${secret}`).toString("base64")}\n`,
    "a.txt",
  ),
  file("hex in a blob", "a.txt", (secret) => `x: ${Buffer.from(secret).toString("hex")}\n`, "a.txt"),
  file("gzip in a blob", "a.gz", (secret) => gzipSync(`${lines(5000)}${secret}\n`), "a.gz"),
  file(
    "zip in a blob",
    "a.zip",
    (secret) => zip("inner.txt", Buffer.from(`${lines(3000)}${secret}\n`), true),
    "a.zip",
  ),
  file("a blob of nothing else, without a line's end", "token", (secret) => secret),
  file(
    "a blob behind 3 MB that don't compress",
    "big.bin",
    (secret) => Buffer.concat([noise(3_000_000), Buffer.from(` ${secret} `), noise(50_000)]),
    "big.bin",
  ),
  file(
    "a blob across 64 KiB",
    "edge.txt",
    (secret) => `${lines(131_072).slice(0, 65_536 - 10)} ${secret}\n`,
    "edge.txt",
  ),
  file(
    "a blob across 1 MiB",
    "edge.txt",
    (secret) => `${lines(1_100_000).slice(0, 1_048_576 - 10)} ${secret}\n`,
    "edge.txt",
  ),
  file(
    "a path whose name breaks its line",
    "a\nb \u001b[31m.txt",
    (secret) => `${secret}\n`,
    "a\\u{a}b \\u{1b}[31m.txt:1",
  ),
  {
    name: "a file that .gitattributes calls binary",
    place: "data.bin",
    make: async (clone, secret) => {
      const content = Buffer.concat([noise(5000), Buffer.from(secret), noise(5000)]);
      await clone.commit("binary", { ".gitattributes": "*.bin binary -diff\n", "data.bin": content });
      return MAIN;
    },
  },
  {
    name: "a submodule's URL",
    place: ".gitmodules",
    make: async (clone, secret) => {
      const config = `[submodule "lib"]\n\tpath = lib\n\turl = https://user:${secret}@example.com/lib.git\n`;
      clone.write(".gitmodules", config);
      const head = await clone.git("rev-parse", "HEAD");
      await clone.git("update-index", "--add", "--cacheinfo", `160000,${head},lib`, "--add", ".gitmodules");
      await clone.git("commit", "-q", "-m", "a submodule");
      return MAIN;
    },
  },
  {
    name: "a symlink's target",
    place: "link",
    make: async (clone, secret) => {
      symlinkSync(`../nowhere/${secret}`, join(clone.dir, "link"));
      await clone.commit("a link");
      return MAIN;
    },
  },
  {
    name: "an LFS pointer",
    place: "movie.mp4",
    make: async (clone, secret) => {
      const oid = createHash("sha256").update("movie").digest("hex");
      const pointer = `version https://git-lfs.github.com/spec/v1\next-0-${secret.toLowerCase()} sha256:${oid}\nx-${secret} 1\noid sha256:${oid}\nsize 12345\n`;
      await clone.commit("a movie", { "movie.mp4": pointer });
      return MAIN;
    },
  },
];

const HISTORY: readonly SecretPush[] = [
  {
    name: "a commit in the middle",
    place: "settings.ini:2",
    make: async (clone, secret) => {
      await clone.commit("one", { "settings.ini": "[a]\n" });
      await clone.commit("two", { "settings.ini": `[a]\nkey=${secret}\n` });
      await clone.commit("three", { "settings.ini": "[a]\nkey=none\n" });
      return MAIN;
    },
  },
  {
    name: "a blob that a later commit deletes again",
    place: "secret.env:1",
    make: async (clone, secret) => {
      await clone.commit("oops", { "secret.env": `KEY=${secret}\n` });
      unlinkSync(join(clone.dir, "secret.env"));
      await clone.commit("never mind");
      return MAIN;
    },
  },
  {
    name: "a merge that neither of its parents has it from",
    place: "merged.txt:2",
    make: async (clone, secret) => {
      await clone.git("switch", "-q", "-c", "side");
      await clone.commit("side", { "side.txt": "side\n" });
      await clone.git("switch", "-q", "main");
      await clone.commit("main", { "merged.txt": "main\n" });
      await clone.git("merge", "-q", "--no-commit", "side");
      await clone.commit("merge", { "merged.txt": `main\n${secret}\n` });
      return MAIN;
    },
  },
  {
    name: "a commit with no parent",
    place: "root.txt:1",
    make: async (clone, secret) => {
      await clone.git("switch", "-q", "--orphan", "other");
      await clone.commit("a root", { "root.txt": `${secret}\n` });
      return ["other"];
    },
  },
  {
    name: "one branch of five",
    place: "third.txt:1",
    make: async (clone, secret) => {
      for (const name of ["one", "two", "three", "four", "five"]) {
        await clone.git("switch", "-q", "-c", name, "origin/main");
        const content = name === "three" ? { "third.txt": `${secret}\n` } : { [`${name}.txt`]: "x\n" };
        await clone.commit(name, content);
      }
      return ["one", "two", "three", "four", "five"];
    },
  },
];

/** In files, wherever they are in the history. */
export const SECRET_FILES: readonly SecretPush[] = [...FILES, ...HISTORY];
