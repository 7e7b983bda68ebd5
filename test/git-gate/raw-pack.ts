import { createHash } from "node:crypto";
import { deflateSync } from "node:zlib";

/** gitformat-pack's numbers. */
const TYPES = { commit: 1, tree: 2, blob: 3, tag: 4, "ofs-delta": 6, "ref-delta": 7 } as const;

export type ObjectType = "commit" | "tree" | "blob" | "tag";

export interface RawObject {
  readonly type: ObjectType;
  readonly data: Buffer;
  /** hex */
  readonly id: string;
}

/** An entry of a pack; `size`: what its head claims, if not the truth; `deflated`: its body, if not just deflated. */
export type PackEntry = (
  | RawObject
  | { readonly type: "ref-delta"; readonly base: string; readonly data: Buffer }
  /** `back`: how many bytes before this entry its base begins; or how many entries before it, as `entries` */
  | { readonly type: "ofs-delta"; readonly entries: number; readonly data: Buffer }
) & { readonly size?: number; readonly deflated?: Buffer };

export function object(type: ObjectType, content: string | Uint8Array): RawObject {
  const data = Buffer.from(content);
  const id = createHash("sha1").update(`${type} ${data.length}\0`).update(data).digest("hex");
  return { type, data, id };
}

export const blob = (content: string | Uint8Array) => object("blob", content);

/** Entries as given: in no order that git would want, with any mode and name. */
export function tree(
  entries: readonly (readonly [mode: string, name: string | Uint8Array, id: string])[],
): RawObject {
  const parts = entries.flatMap(([mode, name, id]) => [
    Buffer.from(`${mode} `),
    Buffer.from(name),
    Buffer.from([0]),
    Buffer.from(id, "hex"),
  ]);
  return object("tree", Buffer.concat(parts));
}

const WHO = "Test <test@example.com> 1767323045 +0000";

export interface CommitParts {
  readonly tree: string;
  readonly parents?: readonly string[];
  readonly author?: string;
  readonly committer?: string;
  /** whole lines between committer and message */
  readonly headers?: readonly string[];
  readonly message?: string;
}

export function commit(parts: CommitParts): RawObject {
  const { parents = [], author = WHO, committer = WHO, headers = [], message = "made by hand\n" } = parts;
  const head = [
    `tree ${parts.tree}`,
    ...parents.map((parent) => `parent ${parent}`),
    `author ${author}`,
    `committer ${committer}`,
    ...headers,
  ];
  return object("commit", `${head.join("\n")}\n\n${message}`);
}

export function tag(
  name: string,
  target: string,
  message: string,
  tagger = WHO,
  type: ObjectType = "commit",
): RawObject {
  return object("tag", `object ${target}\ntype ${type}\ntag ${name}\ntagger ${tagger}\n\n${message}`);
}

function varint(value: number): number[] {
  const bytes: number[] = [];
  for (let left = value; ; left = Math.floor(left / 128)) {
    if (left < 128) return [...bytes, left];
    bytes.push((left % 128) | 0x80);
  }
}

/** A delta that copies `keep` bytes of a base of `length` from its begin and adds `insert`. */
export function delta(length: number, keep: number, insert: Uint8Array): Buffer {
  const steps: number[] = [];
  for (let at = 0; at < keep; at += 0xffff) {
    const size = Math.min(0xffff, keep - at);
    steps.push(
      0x80 | 0x0f | 0x30,
      at & 0xff,
      (at >> 8) & 0xff,
      (at >> 16) & 0xff,
      at >>> 24,
      size & 0xff,
      size >> 8,
    );
  }
  for (let at = 0; at < insert.length; at += 127) {
    const part = insert.subarray(at, at + 127);
    steps.push(part.length, ...part);
  }
  return Buffer.from([...varint(length), ...varint(keep + insert.length), ...steps]);
}

/** As the first byte of an entry's head: three bits of type, four of size, then seven at a time. */
function entryHead(type: number, size: number): Buffer {
  const rest = Math.floor(size / 16);
  const first = (type << 4) | (size & 0x0f);
  return rest === 0 ? Buffer.from([first]) : Buffer.from([first | 0x80, ...varint(rest)]);
}

function offset(distance: number): Buffer {
  const bytes = [distance & 0x7f];
  for (let left = distance >>> 7; left > 0; left >>>= 7) {
    left -= 1;
    bytes.unshift(0x80 | (left & 0x7f));
  }
  return Buffer.from(bytes);
}

export interface PackOptions {
  /** what the header claims */
  readonly count?: number;
  readonly version?: number;
  /** of the trailer; the true one otherwise */
  readonly checksum?: Buffer;
}

/** A pack with exactly these entries, true or not. */
export function pack(entries: readonly PackEntry[], options: PackOptions = {}): Buffer {
  const head = Buffer.alloc(12);
  head.write("PACK", "latin1");
  head.writeUInt32BE(options.version ?? 2, 4);
  head.writeUInt32BE(options.count ?? entries.length, 8);
  const parts: Buffer[] = [head];
  const starts: number[] = [];
  let at = head.length;
  for (const [index, entry] of entries.entries()) {
    starts.push(at);
    const base =
      entry.type === "ref-delta"
        ? Buffer.from(entry.base, "hex")
        : entry.type === "ofs-delta"
          ? offset(at - (starts[index - entry.entries] ?? 0))
          : Buffer.alloc(0);
    const bytes = Buffer.concat([
      entryHead(TYPES[entry.type], entry.size ?? entry.data.length),
      base,
      entry.deflated ?? deflateSync(entry.data),
    ]);
    parts.push(bytes);
    at += bytes.length;
  }
  const body = Buffer.concat(parts);
  return Buffer.concat([body, options.checksum ?? createHash("sha1").update(body).digest()]);
}
