import { printable, printableJson } from "../base/printable.ts";
import type { GitEvent } from "../journal/record.ts";
import { type MirrorSummary, readMirrors } from "../launch/git/mirrors.ts";
import { lastPushes, type RecordedPush } from "../launch/git/pushes.ts";
import type { OperatorIo } from "../launch/request.ts";
import { findBottle, knownIds } from "./bottle-id.ts";
import { operatorHome } from "./home.ts";
import { MAX_QUOTE, PAGE_COLUMNS, PUSHES_SHOWN } from "./limits.ts";
import { flagOption, type Values } from "./options.ts";
import { type Colour, paint } from "./paint.ts";
import { quotedLines } from "./quoted.ts";
import { table } from "./table.ts";

/** What a journal's file is called: `ID.jsonl`. */
const SUFFIX = ".jsonl";

/** `git [BOTTLE]`: the mirrors, which all bottles share, and the last pushes; of one bottle, its pushes. */
export async function git(given: string | undefined, values: Values, io: OperatorIo): Promise<number> {
  const home = operatorHome(io.env);
  const bottles =
    given === undefined
      ? await knownIds(home.journal, SUFFIX)
      : [await findBottle(home.journal, given, SUFFIX)];
  const mirrors = given === undefined ? readMirrors(home) : [];
  const pushes = await lastPushes(home, bottles, PUSHES_SHOWN);
  if (flagOption(values, "json")) {
    const shown = pushes.map(({ bottle, at, push: { kind: _kind, ...push } }) => ({ bottle, at, ...push }));
    io.stdout.write(
      `${printableJson(given === undefined ? { mirrors, pushes: shown } : { pushes: shown })}\n`,
    );
    return 0;
  }
  const { red, yellow } = paint(io.stdout, io.env);
  const colours: Partial<Record<GitEvent["verdict"], Colour>> = { block: red, hold: yellow };
  const parts = [
    ...(mirrors.length > 0
      ? [table([["UPSTREAM", "SIZE", "REFRESHED (UTC)"], ...mirrors.map(mirrorRow)])]
      : []),
    ...pushes.map((recorded) => pushEntry(recorded, colours[recorded.push.verdict] ?? ((text) => text))),
  ];
  io.stdout.write(parts.join("\n"));
  if (pushes.length === 0) io.notice("no pushes yet");
  return 0;
}

function mirrorRow({ upstream, bytes, refreshedAt }: MirrorSummary): string[] {
  return [upstream, bytes === undefined ? "?" : roughSize(bytes), minuteOf(refreshedAt)];
}

/** In the largest unit of which there is one: `12.3 MiB`. */
function roughSize(bytes: number): string {
  const unit = Math.max(0, Math.min(UNITS.length - 1, Math.floor(Math.log2(bytes) / 10)));
  return unit === 0 ? `${bytes} B` : `${(bytes / 1024 ** unit).toFixed(1)} ${UNITS[unit]}`;
}

const UNITS = ["B", "KiB", "MiB", "GiB", "TiB"];

/** `2026-11-24 20:11` */
function minuteOf(iso: string): string {
  return iso.slice(0, 16).replace("T", " ");
}

/** The lines with texts of an agent's in them are marked. */
function pushEntry({ bottle, at, push }: RecordedPush, colour: Colour): string {
  const quoted = (text: string) => quotedLines(text, "    ", PAGE_COLUMNS, MAX_QUOTE);
  const verdict = [push.verdict, push.code ?? "", push.id ?? ""].filter((text) => text !== "").join(" ");
  const more = (count: number | undefined, what: string) =>
    count === undefined ? [] : [`    ${count} more ${what}`];
  const lines = [
    `${printable(minuteOf(at))}  ${printable(bottle, PAGE_COLUMNS / 2)}  ${colour(printable(verdict))}`,
    ...quoted([push.repo, push.upstream].filter((text) => text !== "").join(" at ")),
    ...(push.refs ?? []).flatMap((change) =>
      quoted(`${change.old.slice(0, 12)}..${change.new.slice(0, 12)}  ${change.ref}`),
    ),
    ...more(push.refs_left_out, "refs"),
    ...(push.findings ?? []).flatMap(({ name, surface, path, line }) =>
      quoted(
        `${name} in ${surface}${path === undefined ? "" : ` ${path}`}${line === undefined ? "" : `:${line}`}`,
      ),
    ),
    ...more(push.findings_left_out, "findings"),
    ...(push.error === undefined ? [] : quoted(`error: ${push.error}`)),
  ];
  return lines.map((text) => `${text}\n`).join("");
}
