import { createReadStream } from "node:fs";
import { open } from "node:fs/promises";
import { chainFields, chainNext, chainStart } from "./chain.ts";
import { type JournalHead, parseHead } from "./head.ts";
import { HEAD_SIZE, MAX_LINE, MAX_PROBLEMS } from "./limits.ts";
import { type Line, splitLines } from "./lines.ts";
import type { JournalPaths } from "./open.ts";

export interface Verification {
  /** nothing was changed, removed, put in or reordered, as far as the chain and its head can tell */
  readonly ok: boolean;
  /** complete lines */
  readonly count: number;
  /** `line` counts from 1; 0: the head or the whole file */
  readonly problems: readonly { readonly line: number; readonly what: string }[];
  /** lines after the head's place, which a crash leaves; no problem in themselves */
  readonly tailAhead: number;
  /** whether the last line is unfinished, which a crash leaves; no problem in itself */
  readonly torn: boolean;
}

/**
 * Checks a bottle's journal against its chain and head, in one pass and in constant memory. A journal that is still
 * written to verifies too: its lines may be ahead of its head. Never throws for what the files hold.
 */
export async function verifyJournal(paths: JournalPaths, id: string): Promise<Verification> {
  const problems: { line: number; what: string }[] = [];
  let more = 0;
  const report = (line: number, what: string): void => {
    if (problems.length < MAX_PROBLEMS) problems.push({ line, what });
    else more += 1;
  };
  // The head first: what is written meanwhile is then a tail ahead of it.
  const head = await readHead(paths.head, id, report);
  const end = await walkChain(paths.lines, id, head, report);
  if (head !== undefined && end.count < head.count) {
    report(
      0,
      `${head.count - end.count} lines are gone: the head counts ${head.count}, the file has ${end.count}`,
    );
  }
  if (more > 0) problems.push({ line: 0, what: `and ${more} more` });
  const tailAhead = head === undefined ? 0 : Math.max(0, end.count - head.count);
  return { ok: problems.length === 0, count: end.count, problems, tailAhead, torn: end.torn };
}

type Report = (line: number, what: string) => void;

async function readHead(path: string, id: string, report: Report): Promise<JournalHead | undefined> {
  let content: string;
  try {
    const file = await open(path, "r");
    try {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(HEAD_SIZE + 1), 0, HEAD_SIZE + 1, 0);
      content = buffer.toString("latin1", 0, bytesRead);
    } finally {
      await file.close();
    }
  } catch (error) {
    report(0, `the head cannot be read: ${reason(error)}`);
    return undefined;
  }
  const head = parseHead(content);
  if (head === undefined) report(0, content === "" ? "the head is empty" : "the head is not readable as one");
  else if (head.id !== id) report(0, "the head belongs to another bottle's journal");
  return head;
}

async function walkChain(
  path: string,
  id: string,
  head: JournalHead | undefined,
  report: Report,
): Promise<{ count: number; torn: boolean }> {
  let number = 0;
  let expectedHash = chainStart(id);
  let expectedSeq = 1;
  const checkHead = (bytes: number): void => {
    if (head === undefined || number !== head.count) return;
    if (expectedHash !== head.hash) report(number, "is not the line that the head names");
    else if (bytes !== head.bytes) report(number, "does not end where the head says");
  };
  const check = (line: Line): void => {
    number += 1;
    const fields = line.bytes === undefined ? undefined : chainFields(line.bytes.toString("latin1"));
    if (line.bytes === undefined) report(number, `is longer than ${MAX_LINE} bytes`);
    else if (fields === undefined) report(number, "is not a record");
    else if (fields.prev !== expectedHash) {
      report(
        number,
        number === 1
          ? "is not the first line of this bottle's journal"
          : "does not follow from the line before it",
      );
    } else if (fields.seq !== expectedSeq)
      report(number, `has number ${fields.seq} where ${expectedSeq} belongs`);
    // Go on from what stands here, so that one change is one problem and not one a line.
    expectedSeq = (fields?.seq ?? expectedSeq) + 1;
    expectedHash = line.bytes === undefined ? "" : chainNext(line.bytes);
    checkHead(line.end);
  };
  let torn = false;
  checkHead(0);
  try {
    for await (const line of splitLines(createReadStream(path, { highWaterMark: 1 << 18 }))) {
      if (line.complete) check(line);
      else torn = true;
    }
  } catch (error) {
    report(0, `the journal cannot be read: ${reason(error)}`);
  }
  return { count: number, torn };
}

function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
