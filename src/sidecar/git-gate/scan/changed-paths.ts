import { MAX_CHANGE_RECORD, MAX_CHANGES, MAX_PATHS_BYTES } from "./limits.ts";

/** A path that a commit changes, as it is afterwards. */
export interface Change {
  readonly commit: string;
  /** latin1: a character a byte */
  readonly path: string;
  /** octal, six digits: `100644`, `120000` a symlink, `160000` a submodule, `000000` removed */
  readonly mode: string;
  /** all zeros: removed */
  readonly oid: string;
  /** `A`, `M`, `D`, `T`; of a merge a letter for each parent */
  readonly status: string;
}

/** What came is not what `git diff-tree` prints. */
export class ChangesError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "ChangesError";
  }
}

/** The commits of a push change more than is kept of them. */
export class TooManyChanges extends Error {
  constructor(message: string) {
    super(message);
    this.name = "TooManyChanges";
  }
}

const COMMIT = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/;
/** The job's own, where a commit or a record would stand. */
const END_OF_CHANGES = "end of changes";
/** As many colons as parents, then their modes and the result's, their ids and the result's. */
const RECORD = /^(:+)((?:[0-7]{6} )+)((?:(?:[0-9a-f]{40}|[0-9a-f]{64}) )+)([AMDTX]+)$/;

/**
 * Reads `git diff-tree --stdin -c --root -r -z --raw --no-renames --no-abbrev`: a commit's id, then its changes, each a
 * record and a path, all of them ended by NUL. Keeps them all, the paths once each.
 */
export class ChangedPaths {
  #part: Buffer[] = [];
  #partBytes = 0;
  #record: { readonly mode: string; readonly oid: string; readonly status: string } | undefined;
  readonly #commits: string[] = [];
  readonly #paths: string[] = [];
  readonly #pathIds = new Map<string, number>();
  #pathBytes = 0;
  /** by change */
  readonly #ofCommit: number[] = [];
  readonly #ofPath: number[] = [];
  readonly #modes: string[] = [];
  readonly #oids: string[] = [];
  readonly #statuses: string[] = [];
  /** by path: the commit, from 1 on, that adds it; of several the last that came, which is the oldest */
  readonly #addedBy: number[] = [];
  /** modes and statuses are few */
  readonly #words = new Map<string, string>();

  #ended = false;

  /** Throws `ChangesError`, and `TooManyChanges`; then nothing more is to be written. */
  write(bytes: Buffer): void {
    let at = 0;
    for (let nul = bytes.indexOf(0); nul >= 0; nul = bytes.indexOf(0, at)) {
      const last = bytes.subarray(at, nul);
      this.#token(this.#part.length === 0 ? last : Buffer.concat([...this.#part, last]));
      this.#part = [];
      this.#partBytes = 0;
      at = nul + 1;
    }
    if (at === bytes.length) return;
    this.#part.push(Buffer.from(bytes.subarray(at)));
    this.#partBytes += bytes.length - at;
    if (this.#partBytes > MAX_CHANGE_RECORD) throw new ChangesError("a changed path is too long");
  }

  /** Whether the word that ends all changes has come; a program's own end is seen later. */
  get ended(): boolean {
    return this.#ended;
  }

  /** Nothing follows. Throws `ChangesError` when something breaks off. */
  end(): void {
    if (this.#partBytes > 0 || this.#record !== undefined)
      throw new ChangesError("the changed paths break off");
  }

  #token(token: Buffer): void {
    const text = token.toString("latin1");
    if (this.#ended) throw new ChangesError("something follows the end of the changes");
    if (this.#record !== undefined) {
      this.#add(text, this.#record);
      this.#record = undefined;
    } else if (text === END_OF_CHANGES) this.#ended = true;
    else if (text.startsWith(":")) this.#record = this.#readRecord(text);
    else if (COMMIT.test(text)) this.#commits.push(text);
    else throw new ChangesError("neither a commit nor a change");
  }

  #readRecord(text: string): { readonly mode: string; readonly oid: string; readonly status: string } {
    const [, colons = "", modes = "", oids = "", status = ""] = RECORD.exec(text) ?? [];
    const ids = oids.trimEnd().split(" ");
    const parents = colons.length;
    const oid = ids.at(-1);
    if (
      oid === undefined ||
      ids.length !== parents + 1 ||
      modes.length !== 7 * ids.length ||
      status.length !== parents
    )
      throw new ChangesError("a change can't be read");
    return { mode: this.#word(modes.slice(-7, -1)), oid, status: this.#word(status) };
  }

  #add(path: string, { mode, oid, status }: Omit<Change, "path" | "commit">): void {
    const commit = this.#commits.length - 1;
    if (path === "" || commit < 0) throw new ChangesError("a change without a path or a commit");
    if (this.#oids.length === MAX_CHANGES)
      throw new TooManyChanges(`Its commits change more than ${MAX_CHANGES} paths.`);
    let id = this.#pathIds.get(path);
    if (id === undefined) {
      this.#pathBytes += path.length;
      if (this.#pathBytes > MAX_PATHS_BYTES)
        throw new TooManyChanges(
          `The paths that its commits change have more than ${MAX_PATHS_BYTES} bytes.`,
        );
      id = this.#paths.length;
      this.#paths.push(path);
      this.#pathIds.set(path, id);
      this.#addedBy.push(0);
    }
    if (status.includes("A")) this.#addedBy[id] = commit + 1;
    this.#ofCommit.push(commit);
    this.#ofPath.push(id);
    this.#modes.push(mode);
    this.#oids.push(oid);
    this.#statuses.push(status);
  }

  #word(word: string): string {
    const known = this.#words.get(word);
    if (known === undefined && this.#words.size < 1000) this.#words.set(word, word);
    return known ?? word;
  }

  /** Each path that a commit adds, once, latin1, and the oldest such commit. */
  *added(): Generator<{ readonly path: string; readonly commit: string }> {
    for (const [id, path] of this.#paths.entries()) {
      const commit = this.#commits[(this.#addedBy[id] ?? 0) - 1];
      if (commit !== undefined) yield { path, commit };
    }
  }

  /** All changes, commit by commit. */
  *all(): Generator<Change> {
    for (const [at, oid] of this.#oids.entries()) yield this.#change(at, oid);
  }

  /** The changes that bring in one of these objects, by its id, the newest commit's first. */
  bringing(oids: ReadonlySet<string>): ReadonlyMap<string, readonly Change[]> {
    const found = new Map<string, Change[]>();
    if (oids.size === 0) return found;
    for (const [at, oid] of this.#oids.entries()) {
      if (!oids.has(oid)) continue;
      const changes = found.get(oid) ?? [];
      changes.push(this.#change(at, oid));
      found.set(oid, changes);
    }
    return found;
  }

  #change(at: number, oid: string): Change {
    return {
      commit: this.#commits[this.#ofCommit[at] ?? -1] ?? "",
      path: this.#paths[this.#ofPath[at] ?? -1] ?? "",
      mode: this.#modes[at] ?? "",
      oid,
      status: this.#statuses[at] ?? "",
    };
  }
}
