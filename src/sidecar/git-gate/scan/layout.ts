/** A stretch of a text, from `start` to where the next one begins. */
export interface Part {
  /** bytes */
  readonly start: number;
  /** what it is: `commit author`, `trailer`, … */
  readonly kind: string;
  /** what stands in it first, up to its value: a field's name; anyone's text */
  readonly name?: string;
  /** bytes; where the value begins */
  readonly value?: number;
}

/** An object as a text to be searched, and what stands where in it. */
export interface Layout {
  readonly text: Buffer;
  /** in order; the first one begins at 0 */
  readonly parts: readonly Part[];
  /** bytes; lines are counted from here, before it there are none. Undefined: there are none at all */
  readonly lines: number | undefined;
  /** values that stand apart and could be read as one */
  readonly joined: string;
}

const TRAILER = /^([A-Za-z0-9][A-Za-z0-9-]*)[ \t]*[:=]/;

/** A commit or a tag: its header fields, their continuation lines put together, and its message, its last lines trailers. */
export function layoutMessage(type: "commit" | "tag", content: Buffer): Layout {
  const end = content.indexOf("\n\n");
  const headEnd = end < 0 ? content.length : end + 1;
  // what a signature or a merged tag says goes on over lines that begin with a space (git's commit.c)
  const head = content.toString("latin1", 0, headEnd).replaceAll("\n ", "\n");
  const message = content.subarray(headEnd);
  const text = Buffer.concat([Buffer.from(head, "latin1"), message]);
  const fields = content.toString("latin1", 0, headEnd).split(/\n(?! )/);
  const parts: Part[] = [];
  const people: string[] = [];
  let start = 0;
  for (const field of fields) {
    const space = field.indexOf(" ");
    const name = space < 0 ? field : field.slice(0, space);
    if (name === "author" || name === "committer" || name === "tagger") people.push(field.slice(space + 1));
    parts.push({ start, kind: kindOf(type, name), name, value: start + name.length + 1 });
    start += field.replaceAll("\n ", "\n").length + 1;
  }
  parts.push({ start: head.length, kind: `${type} message` }, ...trailersOf(type, message, head.length));
  // behind the empty line
  const lines = head.length + (end < 0 ? 0 : 1);
  return { text, parts, lines, joined: joinPeople(people) };
}

function kindOf(type: "commit" | "tag", name: string): string {
  if (type === "commit" && (name === "author" || name === "committer")) return `commit ${name}`;
  if (type === "tag" && name === "tagger") return "tagger";
  return type === "tag" && name === "tag" ? "tag name" : `${type} header`;
}

/** Names and addresses without what stands between them, in the orders in which someone may put them together. */
function joinPeople(people: readonly string[]): string {
  const said = people.map((person) => {
    const [, name = "", address = ""] = /^([^<]*)<?([^>]*)/.exec(person) ?? [];
    return { name: name.replaceAll(/\s/g, ""), address: address.replaceAll(/\s/g, "") };
  });
  return [
    said.map(({ name, address }) => name + address).join(""),
    said.map(({ name }) => name).join(""),
    said.map(({ address }) => address).join(""),
  ].join("\n");
}

/** The last paragraph's lines that are trailers (git-interpret-trailers). */
function trailersOf(type: "commit" | "tag", message: Buffer, offset: number): readonly Part[] {
  const text = message.toString("latin1").trimEnd();
  const begin = text.lastIndexOf("\n\n");
  if (begin < 0) return [];
  const parts: Part[] = [];
  let start = offset + begin + 2;
  for (const line of text.slice(begin + 2).split("\n")) {
    const [whole, name] = TRAILER.exec(line) ?? [];
    if (whole !== undefined && name !== undefined)
      parts.push({ start, kind: "trailer", name, value: start + whole.length });
    else if (!/^[ \t]/.test(line)) parts.push({ start, kind: `${type} message` });
    start += line.length + 1;
  }
  return parts;
}

/** What a tree says. */
export interface TreeNames {
  /** latin1 */
  readonly names: readonly string[];
  /** an empty folder is in it: git's tools make none, and no changed path shows its name */
  readonly hasEmptyFolder: boolean;
}

/** Ids of the empty tree. */
const EMPTY_TREES: readonly Buffer[] = [
  Buffer.from("4b825dc642cb6eb9a060e54bf8d69288fbee4904", "hex"),
  Buffer.from("6ef19b41225c5369f1c104d45d8d85efa9b057b53b14b4b9b939dd74decc5321", "hex"),
];

/** Undefined: it is no tree. `idBytes`: of an object's id. */
export function treeNames(content: Buffer, idBytes: number): TreeNames | undefined {
  const names: string[] = [];
  let hasEmptyFolder = false;
  for (let at = 0; at < content.length; ) {
    const space = content.indexOf(0x20, at);
    const nul = space < 0 ? -1 : content.indexOf(0, space);
    const end = nul + 1 + idBytes;
    if (nul < 0 || end > content.length || !MODE.test(content.toString("latin1", at, space)))
      return undefined;
    names.push(content.toString("latin1", space + 1, nul));
    const id = content.subarray(nul + 1, end);
    hasEmptyFolder ||= EMPTY_TREES.some((empty) => empty.equals(id));
    at = end;
  }
  return { names, hasEmptyFolder };
}

const MODE = /^[0-7]{5,6}$/;
