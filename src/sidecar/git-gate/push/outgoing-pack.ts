import type { GitProcess, GitPrograms } from "../programs.ts";
import { feed } from "../upstream/feed.ts";
import type { Forwarded } from "./forward.ts";

/** The pack of a push that goes on: the objects that were looked through and are reached, and no other. */
export class OutgoingPack {
  readonly #git: Promise<GitProcess>;
  readonly #thin: boolean;
  readonly #offsets: boolean;
  #stopped = false;

  private constructor(git: Promise<GitProcess>, thin: boolean, offsets: boolean) {
    this.#git = git;
    this.#thin = thin;
    this.#offsets = offsets;
    git.catch(() => {});
  }

  /** `capabilities`: of the upstream's `git receive-pack` (gitprotocol-capabilities). */
  static begin(
    programs: GitPrograms,
    { repo, push, objects, edges }: Forwarded,
    capabilities: ReadonlySet<string>,
  ): OutgoingPack {
    const [thin, offsets] = [!capabilities.has("no-thin"), capabilities.has("ofs-delta")];
    const started = programs.start({ op: "pack-objects", repo, push }).then((git) => {
      void feed(idLines(objects, thin ? edges : NONE, offsets), git.stdin);
      return git;
    });
    return new OutgoingPack(started, thin, offsets);
  }

  /** Whether an upstream takes it as it was begun. */
  fits(capabilities: ReadonlySet<string>): boolean {
    return this.#thin === !capabilities.has("no-thin") && this.#offsets === capabilities.has("ofs-delta");
  }

  /** Throws at its end when it isn't whole. */
  async *bytes(): AsyncGenerator<Buffer> {
    const git = await this.#git;
    yield* git.stdout as AsyncIterable<Buffer>;
    const { code, stderr } = await git.exited;
    if (code !== 0) throw new Error(`the pack could not be made: ${stderr}`);
  }

  /** Safe to call twice, and after its end. */
  stop(): void {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#git.then(
      ({ kill }) => kill(),
      () => {},
    );
  }
}

const NONE: ReadonlySet<string> = new Set();

async function* idLines(
  objects: ReadonlyMap<string, string>,
  edges: ReadonlySet<string>,
  offsets: boolean,
): AsyncGenerator<Buffer> {
  let lines = [offsets ? "offsets\n" : "ids\n", ...[...edges].map((id) => `-${id}\n`)];
  for (const [id, path] of objects) {
    // The path is a hint for good deltas only.
    lines.push(path === "" || path.includes("\n") ? `${id}\n` : `${id} ${path}\n`);
    if (lines.length < 4096) continue;
    yield Buffer.from(lines.join(""), "latin1");
    lines = [];
  }
  yield Buffer.from(lines.join(""), "latin1");
}
