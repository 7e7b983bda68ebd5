import { type FileHandle, open } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { Fault } from "../base/fault.ts";
import { parseObject } from "./chain.ts";
import { FOLLOW_INTERVAL } from "./limits.ts";
import { splitLines } from "./lines.ts";
import type { JournalPaths } from "./open.ts";
import type { JournalRecord } from "./record.ts";

export interface JournalLine {
  /** counts from 1 */
  readonly number: number;
  /** as it stands in the file; empty: it is too long to be a record */
  readonly text: string;
  /** undefined: the line is no record, `audit verify` says more */
  readonly record: JournalRecord | undefined;
}

/**
 * Reads a journal from its first line, without checking the chain. With `follow` it goes on as lines are written, until
 * `signal` aborts; what stands there then is still read. Throws `Fault` when the file cannot be opened.
 */
export async function* readJournal(
  paths: Pick<JournalPaths, "lines">,
  { follow = false, signal }: { readonly follow?: boolean; readonly signal?: AbortSignal } = {},
): AsyncGenerator<JournalLine> {
  const file = await open(paths.lines, "r").catch((cause: unknown) => {
    throw new Fault(`cannot read the journal ${paths.lines}`, {
      mend: "bot-bottle list shows the IDs",
      cause,
    });
  });
  try {
    let number = 0;
    for await (const { bytes, complete } of splitLines(chunks(file, follow, signal))) {
      if (!complete) return;
      number += 1;
      const text = bytes?.toString("latin1") ?? "";
      yield { number, text, record: parseRecord(text) };
    }
  } finally {
    await file.close();
  }
}

async function* chunks(
  file: FileHandle,
  follow: boolean,
  signal: AbortSignal | undefined,
): AsyncGenerator<Buffer> {
  for (;;) {
    // Looked at before the read: what was written before the end was told is then read.
    const last = !follow || signal?.aborted === true;
    const { buffer, bytesRead } = await file.read(Buffer.allocUnsafe(65_536), 0, 65_536, null);
    if (bytesRead > 0) yield buffer.subarray(0, bytesRead);
    else if (last) return;
    else
      await sleep(FOLLOW_INTERVAL, undefined, signal === undefined ? {} : { signal }).catch(() => undefined);
  }
}

function parseRecord(text: string): JournalRecord | undefined {
  const value = parseObject(text);
  return value !== undefined && isRecord(value) ? value : undefined;
}

const KINDS: ReadonlySet<string> = new Set<JournalRecord["kind"]>([
  "lifecycle",
  "request",
  "dns",
  "git",
  "proposal",
]);

/** Fields are the writer's: only what tells the kinds apart is checked, and printing bounds and escapes the rest. */
function isRecord(value: object): value is JournalRecord {
  const { seq, at, prev, kind }: { seq?: unknown; at?: unknown; prev?: unknown; kind?: unknown } = value;
  if (typeof seq !== "number" || typeof at !== "string" || typeof prev !== "string") return false;
  return typeof kind === "string" && KINDS.has(kind);
}
