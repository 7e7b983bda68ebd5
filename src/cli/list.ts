import { printableJson } from "../base/printable.ts";
import { listBottles } from "../launch/list.ts";
import type { OperatorIo } from "../launch/request.ts";
import { operatorHome } from "./home.ts";
import { formatIsJson, type Values } from "./options.ts";
import { type Colour, LABEL_COLOURS, paint } from "./paint.ts";
import { table } from "./table.ts";

/** `list`: oldest first. */
export async function list(values: Values, io: OperatorIo): Promise<number> {
  const bottles = await listBottles(operatorHome(io.env));
  if (formatIsJson(values)) {
    io.stdout.write(`${printableJson(bottles)}\n`);
    return 0;
  }
  if (bottles.length === 0) {
    io.notice("no bottles; bot-bottle start AGENT makes one");
    return 0;
  }
  const rows = bottles.map((bottle) => [
    bottle.id,
    bottle.label ?? "-",
    bottle.phase === "exited" && bottle.exitCode !== undefined ? `exited ${bottle.exitCode}` : bottle.phase,
    bottle.createdAt.slice(0, 16).replace("T", " "),
    bottle.bottles.join(",") || "-",
    bottle.changes ? "not applied" : "-",
    bottle.workspace ?? "-",
  ]);
  const colours = paint(io.stdout, io.env);
  const plain: Colour = (text) => text;
  const colourOf = (row: number): Colour => {
    const wanted = LABEL_COLOURS.find((name) => name === bottles[row - 1]?.color);
    return wanted === undefined ? plain : colours[wanted];
  };
  const head = ["ID", "LABEL", "PHASE", "CREATED", "BOTTLES", "CHANGES", "WORKSPACE"];
  io.stdout.write(table([head, ...rows], colourOf));
  return 0;
}
