import { LFS_MEMORY_BYTES } from "../limits.ts";
import type { GitProcess, GitPrograms } from "../programs.ts";
import { roomOrClose } from "../upstream/feed.ts";
import type { LfsObject } from "./objects.ts";

/** Where an object lies between its last byte from the bottle and its first to the upstream. */
export interface Spool {
  write(bytes: Buffer): Promise<void>;
  /** all of it was written */
  end(): Promise<void>;
  /** all of it, once it has ended */
  read(): AsyncIterable<Buffer>;
  /** forgets it; safe to call twice */
  remove(): Promise<void>;
}

/** A small object stays in memory: three programs would take longer than its upload. */
export async function openSpool(programs: GitPrograms, repo: string, object: LfsObject): Promise<Spool> {
  if (object.size <= LFS_MEMORY_BYTES) return memorySpool();
  const writer = await programs.start({ op: "lfs-write", repo, oid: object.oid });
  writer.stdout.resume();
  return new FileSpool(programs, repo, object.oid, writer);
}

function memorySpool(): Spool {
  let parts: Buffer[] = [];
  return {
    async write(bytes) {
      parts.push(Buffer.from(bytes));
    },
    async end() {},
    async *read() {
      yield* parts;
    },
    async remove() {
      parts = [];
    },
  };
}

/** A file in the bottle's scratch that no bottle sees, written and read by programs in sandboxes. */
class FileSpool implements Spool {
  readonly #programs: GitPrograms;
  readonly #repo: string;
  readonly #oid: string;
  readonly #writer: GitProcess;
  #removed = false;

  constructor(programs: GitPrograms, repo: string, oid: string, writer: GitProcess) {
    this.#programs = programs;
    this.#repo = repo;
    this.#oid = oid;
    this.#writer = writer;
  }

  async write(bytes: Buffer): Promise<void> {
    const { stdin, exited } = this.#writer;
    if (stdin.destroyed) throw new Error(`the object could not be kept: ${(await exited).stderr}`);
    if (!stdin.write(bytes)) await roomOrClose(stdin);
  }

  async end(): Promise<void> {
    this.#writer.stdin.end();
    const { code, stderr } = await this.#writer.exited;
    if (code !== 0) throw new Error(`the object could not be kept: ${stderr}`);
  }

  async *read(): AsyncGenerator<Buffer> {
    const reader = await this.#programs.start({ op: "lfs-read", repo: this.#repo, oid: this.#oid });
    try {
      reader.stdin.end();
      yield* reader.stdout as AsyncIterable<Buffer>;
      const { code, stderr } = await reader.exited;
      if (code !== 0) throw new Error(`the object could not be read: ${stderr}`);
    } finally {
      reader.kill();
    }
  }

  async remove(): Promise<void> {
    if (this.#removed) return;
    this.#removed = true;
    this.#writer.kill();
    const gone = await this.#programs.start({ op: "lfs-remove", repo: this.#repo, oid: this.#oid });
    gone.stdin.end();
    gone.stdout.resume();
    await gone.exited;
  }
}
