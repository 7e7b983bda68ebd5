import { spawn } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

/** What one run of git did. */
export interface GitRun {
  /** 128 and more: git's own failures; -1: a signal ended it */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface GitOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string | Uint8Array;
  readonly uid?: number;
  readonly gid?: number;
}

/** Nothing of this machine's configuration, and the same names and times in every run. */
export function gitEnvironment(home: string): Record<string, string> {
  return {
    PATH: process.env.PATH ?? "/usr/bin:/bin",
    HOME: home,
    LC_ALL: "C",
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_TERMINAL_PROMPT: "0",
    GIT_AUTHOR_NAME: "Test",
    GIT_AUTHOR_EMAIL: "test@example.com",
    GIT_AUTHOR_DATE: "2026-01-02T03:04:05Z",
    GIT_COMMITTER_NAME: "Test",
    GIT_COMMITTER_EMAIL: "test@example.com",
    GIT_COMMITTER_DATE: "2026-01-02T03:04:05Z",
  };
}

/** Runs git and doesn't block: what it talks to may live in this process. */
export function runGit(
  cwd: string,
  env: Readonly<Record<string, string>>,
  args: readonly string[],
  options: GitOptions = {},
): Promise<GitRun> {
  return new Promise((resolve, reject) => {
    const { uid, gid, input = "" } = options;
    const ids = uid === undefined || gid === undefined ? {} : { uid, gid };
    const child = spawn("git", args, { cwd, env: { ...env, ...options.env }, ...ids });
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    child.stdout.on("data", (chunk: Buffer) => stdout.push(chunk));
    child.stderr.on("data", (chunk: Buffer) => stderr.push(chunk));
    child.stdin.on("error", () => undefined);
    child.stdin.end(input);
    child.once("error", reject);
    child.once("close", (code) =>
      resolve({
        code: code ?? -1,
        stdout: Buffer.concat(stdout).toString("utf8"),
        stderr: Buffer.concat(stderr).toString("utf8"),
      }),
    );
  });
}

/** A working copy (or a bare repository) of a {@link GitPlace}. */
export class GitRepo {
  readonly dir: string;
  readonly #env: Readonly<Record<string, string>>;

  constructor(dir: string, env: Readonly<Record<string, string>>) {
    this.dir = dir;
    this.#env = env;
  }

  run(args: readonly string[], options?: GitOptions): Promise<GitRun> {
    return runGit(this.dir, this.#env, args, options);
  }

  /** stdout without the last line's end; throws with stderr when git fails. */
  async git(...args: readonly string[]): Promise<string> {
    return checked(args, await this.run(args));
  }

  /** As `git`, with stdin. */
  async feed(input: string | Uint8Array, ...args: readonly string[]): Promise<string> {
    return checked(args, await this.run(args, { input }));
  }

  write(path: string, content: string | Uint8Array): void {
    const file = join(this.dir, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, content);
  }

  /** Commits the files given and whatever else has changed; the commit's id. */
  async commit(
    message: string,
    files: Readonly<Record<string, string | Uint8Array>> = {},
    options: GitOptions = {},
  ): Promise<string> {
    for (const [path, content] of Object.entries(files)) this.write(path, content);
    await this.git("add", "-A");
    const args = ["commit", "-q", "--allow-empty", "--cleanup=verbatim", "-F", "-"];
    checked(args, await this.run(args, { ...options, input: message }));
    return this.git("rev-parse", "HEAD");
  }

  /** The id of an object made from its content. */
  object(type: "blob" | "tree" | "commit" | "tag", content: string | Uint8Array): Promise<string> {
    return this.feed(content, "hash-object", "-t", type, "-w", "--stdin", "--literally");
  }
}

function checked(args: readonly string[], { code, stdout, stderr }: GitRun): string {
  if (code !== 0) throw new Error(`git ${args.join(" ")} (${code}): ${stderr}`);
  return stdout.replace(/\n$/, "");
}

/** A throw-away folder with a home of its own, where git's repositories can be made. */
export class GitPlace {
  readonly root: string;
  readonly env: Readonly<Record<string, string>>;

  constructor(env: Readonly<Record<string, string>> = {}) {
    this.root = mkdtempSync(join(tmpdir(), "git-place-"));
    chmodSync(this.root, 0o755);
    mkdirSync(join(this.root, "home"));
    this.env = { ...gitEnvironment(join(this.root, "home")), ...env };
  }

  run(args: readonly string[], options?: GitOptions): Promise<GitRun> {
    return runGit(this.root, this.env, args, options);
  }

  /** An empty repository whose branch is `main`. */
  async init(name: string, ...args: readonly string[]): Promise<GitRepo> {
    checked(["init"], await this.run(["init", "-q", "-b", "main", ...args, name]));
    return this.at(name);
  }

  async clone(url: string, name: string, ...args: readonly string[]): Promise<GitRepo> {
    checked(["clone", url], await this.run(["clone", "-q", ...args, "--", url, name]));
    return this.at(name);
  }

  at(name: string): GitRepo {
    return new GitRepo(join(this.root, name), this.env);
  }

  close(): void {
    rmSync(this.root, { recursive: true, force: true });
  }
}
