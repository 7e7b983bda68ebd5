import { fstatSync, readSync } from "node:fs";
import { Fault } from "../base/fault.ts";
import { chainFields, chainNext, chainStart } from "./chain.ts";
import { type JournalHead, parseHead } from "./head.ts";
import { HEAD_SIZE, MAX_LINE } from "./limits.ts";
import type { JournalDescriptors } from "./open.ts";

export interface Continuation {
  /** where the chain goes on: the head's place, or further when a crash left lines it does not know */
  readonly head: JournalHead;
  /** an unfinished line a crash left after it */
  readonly torn: Buffer | undefined;
}

/**
 * Where to go on in a journal, read from its two files. Of a new pair, the start. Complete lines after the head's place
 * that fit the chain are what a crash left between the two writes: they are adopted.
 * Throws `Fault` when the journal is another bottle's, is behind its head, or does not fit it.
 */
export function findContinuation(descriptors: JournalDescriptors, id: string): Continuation {
  const size = fstatSync(descriptors.lines).size;
  const content = readAt(descriptors.head, 0, HEAD_SIZE + 1).toString("latin1");
  if (content === "" && size === 0) {
    return { head: { id, count: 0, hash: chainStart(id), bytes: 0 }, torn: undefined };
  }
  const head = parseHead(content);
  if (head === undefined) throw broken(id, "its head file is unreadable");
  if (head.id !== id) throw broken(id, "its head file belongs to another bottle");
  if (size < head.bytes) throw broken(id, "it is shorter than its head says");
  if (lastHash(descriptors.lines, head, id) !== head.hash)
    throw broken(id, "its last line is not the one its head names");
  return adoptTail(descriptors.lines, head, size);
}

/** Chain value after the line that ends where the head says the journal ends. */
function lastHash(fd: number, head: JournalHead, id: string): string | undefined {
  if (head.bytes === 0) return chainStart(id);
  const start = Math.max(0, head.bytes - MAX_LINE - 2);
  const window = readAt(fd, start, head.bytes - start);
  if (window.at(-1) !== NEWLINE) return undefined;
  const line = window.subarray(window.lastIndexOf(NEWLINE, window.length - 2) + 1, -1);
  return chainNext(line);
}

function adoptTail(fd: number, from: JournalHead, size: number): Continuation {
  let head = from;
  while (head.bytes < size) {
    const window = readAt(fd, head.bytes, Math.min(size - head.bytes, MAX_LINE + 1));
    const end = window.indexOf(NEWLINE);
    if (end === -1) {
      if (window.length > MAX_LINE) throw broken(head.id, "a line after its head's place is too long");
      return { head, torn: window };
    }
    const line = window.subarray(0, end);
    const fields = chainFields(line.toString("latin1"));
    if (fields === undefined || fields.seq !== head.count + 1 || fields.prev !== head.hash) {
      throw broken(head.id, "a line after its head's place does not fit the chain");
    }
    head = { id: head.id, count: fields.seq, hash: chainNext(line), bytes: head.bytes + end + 1 };
  }
  return { head, torn: undefined };
}

const NEWLINE = 0x0a;

function readAt(fd: number, position: number, length: number): Buffer {
  const buffer = Buffer.alloc(length);
  let filled = 0;
  while (filled < length) {
    const read = readSync(fd, buffer, filled, length - filled, position + filled);
    if (read === 0) break;
    filled += read;
  }
  return buffer.subarray(0, filled);
}

function broken(id: string, what: string): Fault {
  return new Fault(`the journal of ${id} cannot be continued: ${what}`, {
    mend: `bot-bottle audit verify ${id} says more; move its two files away to begin a new one`,
  });
}
