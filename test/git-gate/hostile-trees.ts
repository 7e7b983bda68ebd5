import { blob, commit, object, type PackEntry, pack, type RawObject, tag, tree } from "./raw-pack.ts";
import { NO_ID, type RawPush } from "./raw-push.ts";
import type { Upstream } from "./secret-packs.ts";

/** A pack of objects that no upstream should ever see. */
export interface HostilePack {
  readonly name: string;
  make(upstream: Upstream): RawPush;
}

const FILE = blob("harmless\n");

function pushed(top: RawObject, entries: readonly PackEntry[], { head }: Upstream): RawPush {
  const commands = [{ old: head, new: top.id, ref: "refs/heads/main" }];
  return { commands, pack: pack([...entries, top]) };
}

/** A commit of one tree, and what else is in the pack. */
function ofTree(
  name: string,
  make: (upstream: Upstream) => readonly [RawObject, ...PackEntry[]],
): HostilePack {
  return {
    name,
    make: (upstream) => {
      const [root, ...others] = make(upstream);
      const top = commit({ tree: root.id, parents: [upstream.head] });
      return pushed(top, [FILE, ...others, root], upstream);
    },
  };
}

const ofEntry = (name: string, mode: string, path: string | Uint8Array) =>
  ofTree(name, () => [tree([[mode, path, FILE.id]])]);

/** A tree in a folder that is named so. */
const inFolder = (name: string, folder: string) =>
  ofTree(name, () => {
    const inner = tree([["100644", "config", FILE.id]]);
    return [tree([["40000", folder, inner.id]]), inner];
  });

/** One file's content and name. */
const withFile = (name: string, path: string, content: string, mode = "100644") =>
  ofTree(name, () => [tree([[mode, path, blob(content).id]]), blob(content)]);

const withCommit = (name: string, text: (upstream: Upstream) => string): HostilePack => ({
  name,
  make: (upstream) => pushed(object("commit", text(upstream)), [], upstream),
});

const WHO = "Test <test@example.com> 1767323045 +0000";

/** Each is refused as an object that is broken or dangerous, whatever its push may do to refs. */
export const HOSTILE_TREES: readonly HostilePack[] = [
  inFolder("a folder .git", ".git"),
  inFolder("a folder .GIT", ".GIT"),
  inFolder("a folder that Windows takes for .git", "git~1"),
  inFolder("a folder that NTFS takes for .git", ".git . ."),
  inFolder("a folder that HFS takes for .git", ".g\u200cit"),
  inFolder("a folder ..", ".."),
  inFolder("a folder .", "."),
  inFolder("a folder without a name", ""),
  ofEntry("a symlink .git", "120000", ".git"),
  ofEntry("a symlink .gitmodules", "120000", ".gitmodules"),
  ofEntry("a name with a slash", "100644", "a/../../b"),
  ofTree("an entry twice", () => [
    tree([
      ["100644", "a", FILE.id],
      ["100644", "a", FILE.id],
    ]),
  ]),
  ofTree("entries in no order", () => [
    tree([
      ["100644", "b", FILE.id],
      ["100644", "a", FILE.id],
    ]),
  ]),
  ofTree("an entry of no object", () => [tree([["100644", "a", NO_ID]])]),
  ofTree("an object that is not there", () => [tree([["100644", "a", "12".repeat(20)]])]),
  ofTree("a tree where a file should be", () => [tree([["40000", "a", FILE.id]])]),
  ofTree("half an entry", () => [object("tree", Buffer.from("100644 a\0abc"))]),
  withFile(
    "a submodule's URL that is an option",
    ".gitmodules",
    '[submodule "x"]\n\tpath = x\n\turl = -u./run\n',
  ),
  withFile(
    "a submodule named ..",
    ".gitmodules",
    '[submodule "../../x"]\n\tpath = x\n\turl = https://e.example/x\n',
  ),
  withFile(
    "a submodule's path that is an option",
    ".gitmodules",
    '[submodule "x"]\n\tpath = -x\n\turl = https://e.example/x\n',
  ),
  withCommit(
    "a commit without a tree",
    ({ head }) => `parent ${head}\nauthor ${WHO}\ncommitter ${WHO}\n\nx\n`,
  ),
  withCommit(
    "a commit without an author",
    ({ head, tree: root }) => `tree ${root}\nparent ${head}\ncommitter ${WHO}\n\nx\n`,
  ),
  withCommit(
    "two authors",
    ({ head, tree: root }) =>
      `tree ${root}\nparent ${head}\nauthor ${WHO}\nauthor ${WHO}\ncommitter ${WHO}\n\nx\n`,
  ),
  withCommit(
    "a parent that is not there",
    ({ tree: root }) => `tree ${root}\nparent ${"34".repeat(20)}\nauthor ${WHO}\ncommitter ${WHO}\n\nx\n`,
  ),
  withCommit(
    "a NUL in a header",
    ({ head, tree: root }) =>
      `tree ${root}\nparent ${head}\nauthor A\0B <a@b.example> 1767323045 +0000\ncommitter ${WHO}\n\nx\n`,
  ),
  {
    name: "a branch of a tag",
    make: (upstream) => {
      const named = tag("v1", upstream.head, "x\n");
      return {
        commands: [{ old: upstream.head, new: named.id, ref: "refs/heads/main" }],
        pack: pack([named]),
      };
    },
  },
  {
    name: "a branch of a blob",
    make: ({ head }) => ({
      commands: [{ old: head, new: FILE.id, ref: "refs/heads/main" }],
      pack: pack([FILE]),
    }),
  },
  {
    name: "a pack of other objects than the one pushed",
    make: ({ head }) => ({
      commands: [{ old: head, new: "56".repeat(20), ref: "refs/heads/main" }],
      pack: pack([FILE]),
    }),
  },
  {
    name: "no pack",
    make: ({ head }) => ({ commands: [{ old: head, new: "56".repeat(20), ref: "refs/heads/main" }] }),
  },
];

const DEFLATED_LIE = Buffer.from("this is no zlib stream");

/** Packs that are broken as packs. */
export const HOSTILE_PACKS: readonly HostilePack[] = [
  ...(
    [
      ["an entry that is no zlib stream", { ...FILE, deflated: DEFLATED_LIE }],
      ["an entry shorter than it says", { ...FILE, size: FILE.data.length + 10 }],
      ["an entry longer than it says", { ...FILE, size: 2 }],
      ["an entry that says it has a terabyte", { ...FILE, size: 1024 ** 4 }],
      ["a delta of nothing", { type: "ref-delta", base: "78".repeat(20), data: Buffer.from([9, 1, 1, 65]) }],
      ["a delta of itself", { type: "ofs-delta", entries: 0, data: Buffer.from([9, 1, 1, 65]) }],
      [
        "a delta that copies from beyond its base",
        { type: "ref-delta", base: FILE.id, data: Buffer.from([9, 200, 1, 0x91, 250, 200]) },
      ],
      [
        "a delta with an instruction that is none",
        { type: "ref-delta", base: FILE.id, data: Buffer.from([9, 1, 0]) },
      ],
    ] as const satisfies readonly (readonly [string, PackEntry])[]
  ).map(
    ([name, entry]): HostilePack => ({
      name,
      make: (upstream) => {
        const top = commit({ tree: upstream.tree, parents: [upstream.head] });
        return pushed(top, [FILE, entry], upstream);
      },
    }),
  ),
  ...(
    [
      ["a pack that ends early", (whole: Buffer) => whole.subarray(0, whole.length - 30)],
      ["a pack of another version", (_: Buffer, parts: readonly PackEntry[]) => pack(parts, { version: 4 })],
      [
        "a pack with a false checksum",
        (_: Buffer, parts: readonly PackEntry[]) => pack(parts, { checksum: Buffer.alloc(20) }),
      ],
      [
        "a pack that says it has more",
        (_: Buffer, parts: readonly PackEntry[]) => pack(parts, { count: parts.length + 1 }),
      ],
      [
        "a pack that says it has less",
        (_: Buffer, parts: readonly PackEntry[]) => pack(parts, { count: parts.length - 1 }),
      ],
      ["no pack but words", () => Buffer.from("PICK and some other words that are no pack")],
    ] as const
  ).map(
    ([name, spoil]): HostilePack => ({
      name,
      make: (upstream) => {
        const top = commit({ tree: upstream.tree, parents: [upstream.head] });
        const parts = [FILE, top];
        return {
          commands: [{ old: upstream.head, new: top.id, ref: "refs/heads/main" }],
          pack: spoil(pack(parts), parts),
        };
      },
    }),
  ),
];
