import { gunzipSync } from "node:zlib";

const BLOCK = 512;

/** The files of a package as npm packs it: a gzip file of a tar archive with plain and pax headers. */
export function* filesOf(tgz: Buffer): Generator<{ readonly name: string; readonly body: Buffer }> {
  const tar = gunzipSync(tgz);
  for (let at = 0; at + BLOCK <= tar.length; ) {
    const name = text(tar, at, 100);
    if (name === "") return;
    const size = Number.parseInt(text(tar, at + 124, 12), 8) || 0;
    const type = String.fromCharCode(tar[at + 156] ?? 0);
    const body = tar.subarray(at + BLOCK, at + BLOCK + size);
    if (type === "0" || type === "\0") yield { name: `${prefix(tar, at)}${name}`, body };
    at += BLOCK + Math.ceil(size / BLOCK) * BLOCK;
  }
}

function prefix(tar: Buffer, at: number): string {
  const folder = text(tar, at + 345, 155);
  return folder === "" ? "" : `${folder}/`;
}

function text(bytes: Buffer, at: number, length: number): string {
  return bytes.toString("utf8", at, at + length).replace(/\0[\s\S]*$/, "");
}
