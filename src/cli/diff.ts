import { printable, printableJson } from "../base/printable.ts";
import { statePaths } from "../launch/paths.ts";
import type { OperatorIo } from "../launch/request.ts";
import { type Change, workspaceChanges } from "../workspace/changes.ts";
import { diffLines } from "../workspace/diff.ts";
import { findBottle } from "./bottle-id.ts";
import { operatorHome } from "./home.ts";
import { flagOption, formatIsJson, type Values } from "./options.ts";
import { type Colour, paint } from "./paint.ts";

/** Letters of `git status --short`. */
const LETTERS: Readonly<Record<Change["kind"], string>> = {
  added: "A",
  modified: "M",
  deleted: "D",
  type: "T",
  mode: "P",
};

/** `diff ID`: exit code 0 whether or not there are changes, as with git diff. */
export async function diff(given: string, values: Values, io: OperatorIo): Promise<number> {
  const home = operatorHome(io.env);
  const id = await findBottle(home.state, given);
  const paths = statePaths(home, id);
  const found = await workspaceChanges(paths);
  if (formatIsJson(values)) {
    const { changes, commits, base } = found;
    io.stdout.write(`${printableJson({ id, source: base?.source ?? null, commits, changes })}\n`);
    return 0;
  }
  if (flagOption(values, "stat")) {
    for (const { kind, path } of found.changes)
      io.stdout.write(`${LETTERS[kind]} ${printable(path, 4096)}\n`);
  } else {
    const colour = paint(io.stdout, io.env);
    for (const line of diffLines(paths, found)) io.stdout.write(`${colourOf(line, colour)(line)}\n`);
  }
  if (found.changes.length === 0) io.notice(`${id}: nothing was changed`);
  if (found.commits) {
    io.notice(`${id}: commits, branches or tags were made inside .git; they stay in ${paths.workspace}`);
  }
  return 0;
}

function colourOf(line: string, colour: Readonly<Record<"red" | "green" | "bold" | "dim", Colour>>): Colour {
  if (/^(diff|---|\+\+\+|new|old|deleted|Folder|Files|Special) /.test(line)) return colour.bold;
  if (line.startsWith("@@")) return colour.dim;
  if (line.startsWith("+")) return colour.green;
  return line.startsWith("-") ? colour.red : (text) => text;
}
