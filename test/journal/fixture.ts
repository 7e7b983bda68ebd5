import { closeSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type JournalPaths, openJournal } from "../../src/journal/open.ts";
import type { RequestEvent } from "../../src/journal/record.ts";
import { JournalWriter } from "../../src/journal/writer.ts";

export interface Fixture {
  readonly folder: string;
  readonly paths: JournalPaths;
  remove(): void;
}

export function journalFolder(id = "dev-1"): Fixture {
  const folder = mkdtempSync(join(tmpdir(), "journal-"));
  return {
    folder,
    paths: pathsIn(folder, id),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

export function pathsIn(folder: string, id: string): JournalPaths {
  return { lines: join(folder, `${id}.jsonl`), head: join(folder, `${id}.head`) };
}

export function request(path: string): RequestEvent {
  return {
    kind: "request",
    way: "transparent",
    protocol: "h2",
    host: "api.example.com",
    port: 443,
    dialled: "198.18.0.1",
    method: "GET",
    path,
    verdict: "allow",
    rule: "route api.example.com (dev.md:12)",
    status: 200,
    bytes_out: 120,
    bytes_in: 4096,
    ms: 12,
  };
}

/** Opens, lets `work` write, flushes and closes. */
export function write(paths: JournalPaths, id: string, work: (writer: JournalWriter) => void): void {
  const fds = openJournal(paths);
  try {
    const writer = JournalWriter.onDescriptors(fds, id, (error) => {
      throw error;
    });
    work(writer);
    writer.flush();
  } finally {
    closeSync(fds.lines);
    closeSync(fds.head);
  }
}

/** A journal with `count` requests for `/1`, `/2`, … */
export function writeRequests(paths: JournalPaths, id: string, count: number): void {
  write(paths, id, (writer) => {
    for (let i = 1; i <= count; i++) writer.append(request(`/${i}`), 1_700_000_000_000 + i);
  });
}
