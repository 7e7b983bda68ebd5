import { createHash } from "node:crypto";
import { fstatSync, readSync } from "node:fs";
import { SMALL_FILE } from "./limits.ts";

/** SHA-256 of an open regular file from its beginning, hex; reads at most `size` bytes, as many as fstat told. */
export function hashFile(fd: number, size: number): string {
  const hash = createHash("sha256");
  const buffer = Buffer.allocUnsafe(Math.min(Math.max(size, 1), SMALL_FILE));
  for (let at = 0; at < size; ) {
    const length = readSync(fd, buffer, 0, Math.min(buffer.length, size - at), at);
    if (length === 0) break;
    hash.update(buffer.subarray(0, length));
    at += length;
  }
  return hash.digest("hex");
}

/** Up to `size` bytes of an open regular file. */
export function readContent(fd: number, size: number): Buffer {
  const buffer = Buffer.allocUnsafe(size);
  let at = 0;
  while (at < size) {
    const length = readSync(fd, buffer, at, size - at, at);
    if (length === 0) break;
    at += length;
  }
  return buffer.subarray(0, at);
}

/** Inode and ctime in nanoseconds: equal means nothing about the file was changed since, content or mode. */
export function changeMark(fd: number): string {
  const { ino, ctimeNs } = fstatSync(fd, { bigint: true });
  return `${ino}-${ctimeNs}`;
}
