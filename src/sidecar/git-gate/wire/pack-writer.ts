import { createHash } from "node:crypto";
import { deflateSync } from "node:zlib";
import type { ObjectFormat } from "../programs.ts";

const TYPES = { commit: 1, tag: 4 } as const;

/** A pack of whole objects (gitformat-pack, version 2). */
export function encodePack(
  objects: readonly { readonly type: keyof typeof TYPES; readonly content: Buffer }[],
  format: ObjectFormat,
): Buffer {
  const head = Buffer.from("PACK\0\0\0\x02\0\0\0\0", "latin1");
  head.writeUInt32BE(objects.length, 8);
  const body = Buffer.concat([
    head,
    ...objects.flatMap(({ type, content }) => [entryHead(TYPES[type], content.length), deflateSync(content)]),
  ]);
  return Buffer.concat([body, createHash(format).update(body).digest()]);
}

/** Type in three bits, size in four and then seven at a time, the lowest first. */
function entryHead(type: number, size: number): Buffer {
  const bytes: number[] = [];
  let first = (type << 4) | (size & 15);
  for (let rest = size >>> 4; ; rest >>>= 7) {
    bytes.push(rest > 0 ? first | 128 : first);
    if (rest === 0) return Buffer.from(bytes);
    first = rest & 127;
  }
}
