import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { RawObject } from "../../../src/sidecar/git-gate/sign/commit.ts";
import type { Signed } from "../../../src/sidecar/git-gate/sign/rewrite.ts";

/** A repository of real git, a key that signs, and the file that says whose signatures are good. */
export class SigningRepo {
  readonly folder = mkdtempSync(join(tmpdir(), "bot-bottle-sign-"));
  readonly repo = join(this.folder, "repo");
  readonly key = join(this.folder, "key");

  constructor(format: "sha1" | "sha256" = "sha1") {
    execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "gate", "-f", this.key]);
    const publicKey = execFileSync("ssh-keygen", ["-y", "-f", this.key], { encoding: "utf8" });
    writeFileSync(join(this.folder, "allowed"), `gate@example.test ${publicKey}`);
    execFileSync("git", ["init", "-q", "-b", "main", `--object-format=${format}`, this.repo]);
  }

  git(...args: readonly string[]): string {
    return this.gitWith("", ...args)
      .toString("utf8")
      .trimEnd();
  }

  gitWith(input: string | Buffer, ...args: readonly string[]): Buffer {
    return execFileSync("git", ["-C", this.repo, ...args], {
      input,
      stdio: ["pipe", "pipe", "pipe"],
      env: {
        PATH: process.env.PATH,
        HOME: this.folder,
        GIT_CONFIG_NOSYSTEM: "1",
        GIT_CONFIG_COUNT: "3",
        ...{ GIT_CONFIG_KEY_0: "gpg.format", GIT_CONFIG_VALUE_0: "ssh" },
        ...{
          GIT_CONFIG_KEY_1: "gpg.ssh.allowedSignersFile",
          GIT_CONFIG_VALUE_1: join(this.folder, "allowed"),
        },
        ...{ GIT_CONFIG_KEY_2: "user.signingKey", GIT_CONFIG_VALUE_2: this.key },
        ...{ GIT_AUTHOR_NAME: "Ann Author", GIT_AUTHOR_EMAIL: "ann@example.test" },
        ...{ GIT_COMMITTER_NAME: "Cem Committer", GIT_COMMITTER_EMAIL: "cem@example.test" },
        ...{ GIT_AUTHOR_DATE: "1700000000 +0130", GIT_COMMITTER_DATE: "1700000100 -0500" },
      },
    });
  }

  commit(message: string, ...options: readonly string[]): string {
    this.git("commit", "-q", "--allow-empty", "-m", message, ...options);
    return this.git("rev-parse", "HEAD");
  }

  /** The commits and tags that some revisions reach and others don't. */
  objects(...revisions: readonly string[]): Map<string, RawObject> {
    const found = new Map<string, RawObject>();
    const ids = this.git("rev-list", "--objects", "--no-object-names", ...revisions).split("\n");
    for (const id of ids) {
      const type = this.git("cat-file", "-t", id);
      if (type === "commit" || type === "tag") found.set(id, { type, content: this.raw(type, id) });
    }
    return found;
  }

  raw(type: string, id: string): Buffer {
    return this.gitWith("", "cat-file", type, id);
  }

  /** Puts any bytes there as an object, as a hostile client could. */
  write(type: string, content: string | Buffer): string {
    return this.gitWith(content, "hash-object", "-w", "--literally", "-t", type, "--stdin").toString().trim();
  }

  /** Signs as the launcher does. */
  readonly sign = (payload: Buffer): Promise<string> =>
    Promise.resolve(
      execFileSync("ssh-keygen", ["-q", "-Y", "sign", "-n", "git", "-f", this.key], {
        input: payload,
        stdio: ["pipe", "pipe", "pipe"],
        encoding: "utf8",
      }),
    );

  /** Writes what was signed; git computes the ids itself. */
  keep({ objects }: Signed): readonly string[] {
    return objects.map(({ type, content }) => this.write(type, content));
  }

  close(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
