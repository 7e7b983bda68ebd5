import { parseObject } from "./chain.ts";
import { HEAD_SIZE } from "./limits.ts";

/** What the head file says: how far the journal got. */
export interface JournalHead {
  readonly id: string;
  readonly count: number;
  /** chain value after the last line; of an empty journal, its start */
  readonly hash: string;
  /** length of the lines file after that line */
  readonly bytes: number;
}

/** The head as the file holds it: JSON padded with spaces to `HEAD_SIZE` bytes, so that one write replaces all of it. */
export function headBytes({ id, count, hash, bytes }: JournalHead): Buffer {
  return Buffer.from(`${JSON.stringify({ v: 1, id, count, hash, bytes }).padEnd(HEAD_SIZE - 1)}\n`, "latin1");
}

/** Reads a head file's content; undefined: it is none, or of a version this program does not know. */
export function parseHead(content: string): JournalHead | undefined {
  const head = content.length > HEAD_SIZE ? undefined : parseObject(content);
  const id = head?.id;
  const count = head?.count;
  const hash = head?.hash;
  const bytes = head?.bytes;
  if (head?.v !== 1 || typeof id !== "string" || typeof hash !== "string") return undefined;
  if (!isCount(count) || !isCount(bytes)) return undefined;
  return { id, count, hash, bytes };
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}
