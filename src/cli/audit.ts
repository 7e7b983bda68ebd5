import { setTimeout as pause } from "node:timers/promises";
import { formatRecord } from "../journal/format.ts";
import { readJournal } from "../journal/read.ts";
import { verifyJournal } from "../journal/verify.ts";
import { listBottles } from "../launch/list.ts";
import { type HomePaths, journalPaths } from "../launch/paths.ts";
import type { OperatorIo } from "../launch/request.ts";
import { findBottle, knownIds } from "./bottle-id.ts";
import { operatorHome } from "./home.ts";
import { FOLLOW_INTERVAL } from "./limits.ts";
import { flagOption, textOption, type Values } from "./options.ts";
import { paint } from "./paint.ts";

/** What a journal's file is called: `ID.jsonl`. */
const SUFFIX = ".jsonl";

/** `audit show ID` */
export async function show(given: string, values: Values, io: OperatorIo): Promise<number> {
  const home = operatorHome(io.env);
  const id = await findBottle(home.journal, given, SUFFIX);
  const json = flagOption(values, "json");
  const verdict = textOption(values, "verdict");
  const { red } = paint(io.stdout, io.env);
  const ended = new AbortController();
  const follow = flagOption(values, "follow");
  const watching = follow ? untilEnded(home, id, ended) : undefined;
  let unreadable = 0;
  for await (const { text, record } of readJournal(journalPaths(home, id), {
    follow,
    signal: ended.signal,
  })) {
    if (record === undefined) unreadable += 1;
    const decided = record?.kind === "request" || record?.kind === "git" ? record.verdict : undefined;
    if (verdict !== undefined && decided !== verdict) continue;
    if (json) io.stdout.write(Buffer.from(`${text}\n`, "latin1"));
    else if (record !== undefined) {
      const line = formatRecord(record);
      io.stdout.write(`${decided === "block" ? red(line) : line}\n`);
    }
  }
  await watching;
  if (unreadable > 0) io.notice(`${unreadable} lines are no records: bot-bottle audit verify ${id}`);
  return 0;
}

/** Ends the following when the bottle has ended and its last lines have been read. */
async function untilEnded(home: HomePaths, id: string, ended: AbortController): Promise<void> {
  const running = async () =>
    (await listBottles(home)).some((bottle) => bottle.id === id && bottle.phase === "running");
  while (await running()) await pause(FOLLOW_INTERVAL);
  await pause(4 * FOLLOW_INTERVAL);
  ended.abort();
}

/** `audit verify [ID]`: exit code 1 when one does not verify. */
export async function verify(given: string | undefined, io: OperatorIo): Promise<number> {
  const home = operatorHome(io.env);
  const ids =
    given === undefined
      ? await knownIds(home.journal, SUFFIX)
      : [await findBottle(home.journal, given, SUFFIX)];
  const { red, green } = paint(io.stdout, io.env);
  let failed = false;
  for (const id of ids) {
    const { ok, count, problems, tailAhead, torn } = await verifyJournal(journalPaths(home, id), id);
    failed ||= !ok;
    const crash = tailAhead > 0 || torn ? `; a crash left ${tailAhead} lines ahead of the head` : "";
    io.stdout.write(`${ok ? green("ok") : red("FAILED")}  ${id}  ${count} records${crash}\n`);
    for (const { line, what } of problems) {
      io.stdout.write(`        ${line === 0 ? "" : `line ${line} `}${what}\n`);
    }
  }
  if (ids.length === 0) io.notice("no journals yet");
  return failed ? 1 : 0;
}
