import { MAX_GRAPH_BYTES } from "../limits.ts";

export type ObjectType = "commit" | "tree" | "blob" | "tag";

const HEADER = /^(tree|parent|object) ([0-9a-f]{40,64})$/;

/**
 * What the objects of a push say of each other: which of them are reached from its new ids, and so may go on, and where
 * they lie. Memory grows with commits, trees and tags; blobs are ids only.
 */
export class ObjectGraph {
  readonly #types = new Map<string, ObjectType>();
  readonly #named = new Map<string, Buffer>();
  #bytes = 0;

  /** `content`: of all but blobs. False: more than is held. */
  add(oid: string, type: ObjectType, content: Buffer | undefined): boolean {
    this.#types.set(oid, type);
    if (content === undefined || type === "blob") return true;
    this.#bytes += content.length;
    this.#named.set(oid, content);
    return this.#bytes <= MAX_GRAPH_BYTES;
  }

  get size(): number {
    return this.#types.size;
  }

  typeOf(oid: string): ObjectType | undefined {
    return this.#types.get(oid);
  }

  contentOf(oid: string): Buffer | undefined {
    return this.#named.get(oid);
  }

  /**
   * All that is reached from `tips` of what was pushed: each with a path it has, latin1, empty for what has none. `edges`:
   * commits that are reached and aren't in the push.
   */
  reachable(tips: Iterable<string>): {
    readonly objects: ReadonlyMap<string, string>;
    readonly edges: ReadonlySet<string>;
  } {
    const objects = new Map<string, string>();
    const edges = new Set<string>();
    const queue: [string, string][] = [...tips].map((id) => [id, ""]);
    for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
      const [oid, path] = next;
      if (objects.has(oid)) continue;
      const type = this.#types.get(oid);
      if (type === undefined) {
        edges.add(oid);
        continue;
      }
      objects.set(oid, path);
      const content = this.#named.get(oid);
      if (content === undefined) continue;
      if (type === "tree") {
        for (const { id, name } of entries(content, oid.length / 2)) {
          if (this.#types.has(id)) queue.push([id, path === "" ? name : `${path}/${name}`]);
        }
      } else {
        const { tree, others } = headerIds(content);
        if (tree !== undefined && this.#types.has(tree)) queue.push([tree, ""]);
        for (const id of others) queue.push([id, ""]);
      }
    }
    return { objects, edges };
  }

  /** Whether `old` is reached from `tip` through commits of the push alone. False says nothing: it may be reached behind them. */
  reaches(tip: string, old: string): boolean {
    const seen = new Set<string>();
    const queue = [tip];
    for (let oid = queue.pop(); oid !== undefined; oid = queue.pop()) {
      if (oid === old) return true;
      if (seen.has(oid)) continue;
      seen.add(oid);
      const content = this.#types.get(oid) === "tree" ? undefined : this.#named.get(oid);
      if (content !== undefined) queue.push(...headerIds(content).others);
    }
    return false;
  }
}

/** A commit's tree and parents, or what a tag is of. */
export function headerIds(content: Buffer): {
  readonly tree: string | undefined;
  readonly others: readonly string[];
} {
  const end = content.indexOf("\n\n");
  const others: string[] = [];
  let tree: string | undefined;
  for (const line of content.toString("latin1", 0, end < 0 ? content.length : end).split("\n")) {
    const [, key = "", id = ""] = HEADER.exec(line) ?? [];
    if (key === "tree") tree ??= id;
    else if (key !== "") others.push(id);
    // They stand first; a header of many lines (gpgsig, mergetag) may hold lines that look alike.
    else break;
  }
  return { tree, others };
}

/** A tree's entries; what breaks off in the middle has ended, fsck has refused it. */
function* entries(tree: Buffer, idBytes: number): Generator<{ readonly id: string; readonly name: string }> {
  for (let at = 0; at < tree.length; ) {
    const space = tree.indexOf(0x20, at);
    const nul = tree.indexOf(0, space);
    if (space < 0 || nul < 0 || nul + idBytes >= tree.length + 1) return;
    yield {
      id: tree.toString("hex", nul + 1, nul + 1 + idBytes),
      name: tree.toString("latin1", space + 1, nul),
    };
    at = nul + 1 + idBytes;
  }
}
