import { listBottles } from "../launch/list.ts";
import type { OperatorIo } from "../launch/request.ts";
import { operatorHome } from "./home.ts";
import { formatIsJson, type Values } from "./options.ts";
import { table } from "./table.ts";

/** `list`: oldest first. */
export async function list(values: Values, io: OperatorIo): Promise<number> {
  const bottles = await listBottles(operatorHome(io.env));
  if (formatIsJson(values)) {
    io.stdout.write(`${JSON.stringify(bottles, null, 2)}\n`);
    return 0;
  }
  if (bottles.length === 0) {
    io.notice("no bottles; bot-bottle start AGENT makes one");
    return 0;
  }
  const rows = bottles.map((bottle) => [
    bottle.id,
    bottle.phase === "exited" && bottle.exitCode !== undefined ? `exited ${bottle.exitCode}` : bottle.phase,
    bottle.createdAt.slice(0, 16).replace("T", " "),
    bottle.bottles.join(","),
    bottle.changes ? "not applied" : "-",
    bottle.workspace ?? "-",
  ]);
  io.stdout.write(table([["ID", "PHASE", "CREATED", "BOTTLES", "CHANGES", "WORKSPACE"], ...rows]));
  return 0;
}
