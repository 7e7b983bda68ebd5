import { SignFailure } from "./failure.ts";

/** A commit or tag as git stores it (gitformat-pack's "object data"), without git's `TYPE SIZE\0` before it. */
export type RawObject = { readonly type: "commit" | "tag"; readonly content: Buffer };

/** Gives the id an object has now, for that it had before; undefined: it is still the same. */
export type Moved = (id: string) => string | undefined;

/** Names of the headers that hold a signature: of the repository's hash, and of the other where both are kept. */
const SIGNATURES = new Set(["gpgsig", "gpgsig-sha256"]);

/**
 * What of a commit is signed: all of it but a signature, its parents as they are called now. Every other byte stays as
 * it was, but that a `mergetag` goes whose tag is of a commit that moved: it would vouch for one that isn't there.
 */
export function commitPayload(content: Buffer, moved: Moved): Buffer {
  const end = endOfHeaders(content);
  let parents = true;
  const kept = headersOf(content.toString("latin1", 0, end)).flatMap((header, index) => {
    const [name = "", value = ""] = header.split(/[ \n]/, 2);
    // git reads parents right behind the tree only
    if (index > 0 && name !== "parent") parents = false;
    if (name === "parent" && parents) return `parent ${moved(value) ?? value}`;
    if (SIGNATURES.has(name)) return [];
    if (name === "mergetag" && moved(/^mergetag object ([0-9a-f]+)$/m.exec(header)?.[1] ?? "")) return [];
    return header;
  });
  return Buffer.concat([Buffer.from(kept.join("\n"), "latin1"), content.subarray(end)]);
}

/** The commit of a payload and its signature: as `git commit -S` puts it, behind all other headers. */
export function signedCommit(payload: Buffer, signature: string, format: "sha1" | "sha256"): Buffer {
  const end = endOfHeaders(payload);
  const name = format === "sha1" ? "gpgsig" : "gpgsig-sha256";
  const header = `\n${name} ${signature.trimEnd().replaceAll("\n", "\n ")}`;
  return Buffer.concat([payload.subarray(0, end), Buffer.from(header), payload.subarray(end)]);
}

/** The ids that a commit's `parent` headers name. */
export function parentsOf(content: Buffer): readonly string[] {
  const parents: string[] = [];
  for (const line of content.toString("latin1", 0, endOfHeaders(content)).split("\n").slice(1)) {
    if (!line.startsWith("parent ")) break;
    parents.push(line.slice("parent ".length));
  }
  return parents;
}

/** Where the line feed of the last header stands, which an empty line follows. */
function endOfHeaders(content: Buffer): number {
  const end = content.indexOf("\n\n");
  if (end < 0) throw new SignFailure("a commit without a message can't be signed");
  return end;
}

/** Each header with the lines that continue it. */
function headersOf(text: string): readonly string[] {
  return text.split(/\n(?! )/);
}
