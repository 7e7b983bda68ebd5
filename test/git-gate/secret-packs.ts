import { deflateSync, gzipSync } from "node:zlib";
import { blob, commit, delta, type PackEntry, pack, type RawObject, tag, tree } from "./raw-pack.ts";
import { NO_ID, type RawCommand, type RawPush } from "./raw-push.ts";

/** What upstream's `main` is when a pack is made by hand. */
export interface Upstream {
  readonly head: string;
  readonly tree: string;
  /** id and content of `README.md`, which it has */
  readonly readme: string;
  readonly text: string;
}

/** A push of a secret that git would never make. */
export interface SecretPack {
  readonly name: string;
  make(upstream: Upstream, secret: string): RawPush;
}

/** A clean commit on top of main, its objects, and the command that pushes it. */
function clean(upstream: Upstream, files: readonly (readonly [string, string, string])[] = []) {
  const root = tree([["100644", "README.md", upstream.readme], ...files]);
  const top = commit({ tree: root.id, parents: [upstream.head] });
  const commands: RawCommand[] = [{ old: upstream.head, new: top.id, ref: "refs/heads/main" }];
  return { objects: [root, top] as readonly RawObject[], top, root, commands };
}

/** A clean push, with an object beside it that nothing leads to. */
function beside(name: string, object: (secret: string, upstream: Upstream) => RawObject): SecretPack {
  return {
    name,
    make: (upstream, secret) => {
      const { objects, commands } = clean(upstream);
      return { commands, pack: pack([...objects, object(secret, upstream)]) };
    },
  };
}

/** `objects` leads to the file, whose entries are these. */
function fileOf(
  name: string,
  entries: (secret: string, upstream: Upstream) => readonly [Buffer, ...PackEntry[]],
): SecretPack {
  return {
    name,
    make: (upstream, secret) => {
      const [content, ...parts] = entries(secret, upstream);
      const { objects, commands } = clean(upstream, [["100644", "file", blob(content).id]]);
      return { commands, pack: pack([...parts, ...objects]) };
    },
  };
}

/** A zlib stream with a block's end between any two bytes. */
function choppy(content: Buffer): Buffer {
  const whole = deflateSync(content, { level: 0 });
  const adler = whole.subarray(-4);
  const blocks = [...content].map((byte, at) =>
    Buffer.from([at === content.length - 1 ? 1 : 0, 1, 0, 0xfe, 0xff, byte]),
  );
  return Buffer.concat([Buffer.from([0x78, 0x01]), ...blocks, adler]);
}

const FILLER = Buffer.from("a line of text that says nothing at all\n".repeat(100));

export const SECRET_PACKS: readonly SecretPack[] = [
  beside("a blob that nothing leads to", (secret) => blob(`key ${secret}\n`)),
  beside("a compressed blob that nothing leads to", (secret) => blob(gzipSync(`key ${secret}\n`))),
  beside("a commit that nothing leads to", (secret, upstream) =>
    commit({ tree: upstream.tree, message: `see ${secret}\n` }),
  ),
  beside("a tree that nothing leads to", (secret, upstream) =>
    tree([["100644", `x-${secret}`, upstream.readme]]),
  ),
  beside("a tag that nothing leads to", (secret, upstream) => tag("v1", upstream.head, `see ${secret}\n`)),
  {
    name: "the base of a delta, which no tree has",
    make: (upstream, secret) => {
      const base = Buffer.concat([FILLER, Buffer.from(secret)]);
      const result = Buffer.concat([FILLER, Buffer.from("nothing\n")]);
      const { objects, commands } = clean(upstream, [["100644", "file", blob(result).id]]);
      const made: PackEntry = {
        type: "ref-delta",
        base: blob(base).id,
        data: delta(base.length, FILLER.length, Buffer.from("nothing\n")),
      };
      return { commands, pack: pack([blob(base), made, ...objects]) };
    },
  },
  fileOf("one half from the base of a delta, the other from the delta", (secret) => {
    const half = Buffer.from(secret.slice(0, secret.length / 2));
    const rest = Buffer.from(`${secret.slice(secret.length / 2)}\n`);
    const base = Buffer.concat([FILLER, half]);
    return [
      Buffer.concat([base, rest]),
      blob(base),
      { type: "ofs-delta", entries: 1, data: delta(base.length, base.length, rest) },
    ];
  }),
  fileOf("a chain of deltas, a character each", (secret) => {
    const entries: PackEntry[] = [blob(FILLER)];
    let content = FILLER;
    for (const letter of secret) {
      entries.push({
        type: "ofs-delta",
        entries: 1,
        data: delta(content.length, content.length, Buffer.from(letter)),
      });
      content = Buffer.concat([content, Buffer.from(letter)]);
    }
    return [content, ...entries];
  }),
  fileOf("a thin pack, whose base the upstream has", (secret, { readme, text }) => {
    const content = Buffer.from(`${text}${secret}\n`);
    return [
      content,
      { type: "ref-delta", base: readme, data: delta(text.length, text.length, Buffer.from(`${secret}\n`)) },
    ];
  }),
  fileOf("a zlib stream that is cut between any two bytes", (secret) => {
    const content = Buffer.from(`key ${secret}\n`);
    return [content, { ...blob(content), deflated: choppy(content) }];
  }),
  {
    name: "the name of a ref that is deleted",
    make: (upstream, secret) => ({
      commands: [{ old: upstream.head, new: NO_ID, ref: `refs/heads/x-${secret}` }],
    }),
  },
  {
    name: "a file of a commit behind the one that is pushed",
    make: (upstream, secret) => {
      const hidden = blob(`${secret}\n`);
      const root = tree([["100644", "hidden", hidden.id]]);
      const first = commit({ tree: root.id, parents: [upstream.head] });
      const top = commit({ tree: upstream.tree, parents: [first.id] });
      return {
        commands: [{ old: upstream.head, new: top.id, ref: "refs/heads/main" }],
        pack: pack([hidden, root, first, top]),
      };
    },
  },
  {
    name: "a request body in gzip",
    make: (upstream, secret) => {
      const leak = blob(`${secret}\n`);
      const { objects, commands } = clean(upstream, [["100644", "file", leak.id]]);
      return { commands, pack: pack([leak, ...objects]), gzip: true };
    },
  },
];
