import { hash } from "node:crypto";
import { ftruncateSync, writeSync } from "node:fs";
import { chainNext, recordLine } from "./chain.ts";
import { findContinuation } from "./continuation.ts";
import { headBytes } from "./head.ts";
import { MAX_ID, MAX_PENDING } from "./limits.ts";
import type { JournalDescriptors } from "./open.ts";
import type { JournalEvent } from "./record.ts";

/**
 * The one writer of a bottle's journal. Records are chained when they are appended and written in batches: one write
 * for the lines, then one for the head, on the next turn of the event loop or at `flush`. Lines always go first, so
 * that a crash leaves the journal ahead of its head, never behind.
 */
export class JournalWriter {
  readonly #fds: JournalDescriptors;
  readonly #id: string;
  readonly #onFailure: (error: Error) => void;
  #count: number;
  #hash: string;
  #bytes: number;
  #pending = "";
  #batch: NodeJS.Immediate | undefined;
  #failed = false;

  private constructor(
    fds: JournalDescriptors,
    state: { id: string; count: number; hash: string; bytes: number },
    onFailure: (error: Error) => void,
  ) {
    this.#fds = fds;
    this.#id = state.id;
    this.#count = state.count;
    this.#hash = state.hash;
    this.#bytes = state.bytes;
    this.#onFailure = onFailure;
  }

  /**
   * Goes on with the journal that `openJournal` opened, or begins it. An unfinished last line that a crash left is taken
   * off and recorded as a lifecycle event `journal_torn` with its length and hash.
   * `onFailure` is called once, when a write fails (disk full, I/O error); nothing is written after that, and the caller
   * must let nothing more happen that ought to be recorded.
   * Throws `Fault` when the files are no journal of this bottle, or were changed.
   */
  static onDescriptors(
    fds: JournalDescriptors,
    id: string,
    onFailure: (error: Error) => void,
  ): JournalWriter {
    if (id.length === 0 || id.length > MAX_ID) throw new Error("no bottle's ID");
    const { head, torn } = findContinuation(fds, id);
    const writer = new JournalWriter(fds, head, onFailure);
    if (torn !== undefined) {
      ftruncateSync(fds.lines, head.bytes);
      const event = {
        kind: "lifecycle",
        event: "journal_torn",
        bytes: torn.length,
        sha256: hash("sha256", torn),
      } as const;
      writer.append(event, Date.now());
    }
    writer.#write();
    return writer;
  }

  /** Adds a record, written with the next batch. `atMs`: milliseconds since 1970. */
  append(event: JournalEvent, atMs: number): void {
    if (this.#failed) return;
    const line = recordLine(this.#count + 1, atMs, event, this.#hash);
    this.#count += 1;
    this.#hash = chainNext(line);
    this.#pending += `${line}\n`;
    if (this.#pending.length >= MAX_PENDING) this.flush();
    else this.#batch ??= setImmediate(() => this.flush());
  }

  /** Writes what waits, and the head, now. After it nothing is left to do: the descriptors may be closed or handed on. */
  flush(): void {
    clearImmediate(this.#batch);
    this.#batch = undefined;
    if (this.#failed || this.#pending === "") return;
    this.#write();
  }

  #write(): void {
    const lines = Buffer.from(this.#pending, "latin1");
    this.#pending = "";
    try {
      writeAll(this.#fds.lines, lines, null);
      this.#bytes += lines.length;
      const head = { id: this.#id, count: this.#count, hash: this.#hash, bytes: this.#bytes };
      writeAll(this.#fds.head, headBytes(head), 0);
    } catch (error) {
      this.#failed = true;
      this.#onFailure(error instanceof Error ? error : new Error(String(error)));
    }
  }
}

function writeAll(fd: number, bytes: Buffer, position: number | null): void {
  let done = 0;
  while (done < bytes.length) {
    const at = position === null ? null : position + done;
    done += writeSync(fd, bytes, done, bytes.length - done, at);
  }
}
