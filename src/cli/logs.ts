import { existsSync } from "node:fs";
import { printable } from "../base/printable.ts";
import { listBottles } from "../launch/list.ts";
import { statePaths } from "../launch/paths.ts";
import type { OperatorIo } from "../launch/request.ts";
import { findBottle } from "./bottle-id.ts";
import { fileLines } from "./follow.ts";
import { operatorHome } from "./home.ts";
import { MAX_LOG_LINE } from "./limits.ts";
import { flagOption, type Values } from "./options.ts";

// ECMA-48 control sequences (colours, cursor moves): a full-screen program prints thousands, and none is worth reading
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are the point
const CONTROL_SEQUENCE = /\u001b\[[0-?]*[ -/]*[@-~]/g;

/** `logs ID`: well-formed control sequences are left out, every other control character is escaped. */
export async function logs(given: string, values: Values, io: OperatorIo): Promise<number> {
  const home = operatorHome(io.env);
  const id = await findBottle(home.state, given);
  const { transcript } = statePaths(home, id);
  if (!existsSync(transcript)) {
    io.notice(`${id} has printed nothing`);
    return 0;
  }
  const follow = flagOption(values, "follow");
  const growing = async () =>
    follow && (await listBottles(home)).some((bottle) => bottle.id === id && bottle.phase === "running");
  for await (const line of fileLines(transcript, growing)) {
    io.stdout.write(`${readable(line)}\n`);
  }
  return 0;
}

function readable(line: string): string {
  const plain = line.replace(CONTROL_SEQUENCE, "").replace(/\r$/, "");
  // tabs only move to the right
  return plain
    .split("\t")
    .map((part) => printable(part, MAX_LOG_LINE * 2))
    .join("\t");
}
