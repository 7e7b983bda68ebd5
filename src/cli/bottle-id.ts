import { readdir } from "node:fs/promises";
import { usageFault } from "../base/fault.ts";
import { printable } from "../base/printable.ts";

const ID = /^[a-z][a-z0-9-]*$/;

/**
 * The whole ID of a bottle that has something in `folder` (its state folder, or `ID.jsonl` in the journal), from the ID
 * itself or a beginning only one of them has. The answer is a name read from the folder, so `../x` finds nothing.
 * Throws `Fault` (exit 2) when there is none or more than one.
 */
export async function findBottle(folder: string, given: string, suffix = ""): Promise<string> {
  const ids = await knownIds(folder, suffix);
  if (ids.includes(given)) return given;
  const matches = ids.filter((id) => given !== "" && id.startsWith(given));
  const [only] = matches;
  if (only !== undefined && matches.length === 1) return only;
  if (matches.length > 1) {
    throw usageFault(
      `${printable(given)} is the beginning of ${matches.length} bottles' IDs`,
      `write more of it: ${matches.join(", ")}`,
    );
  }
  throw usageFault(
    `there is no bottle ${printable(given)}`,
    ids.length > 0 ? `there are: ${ids.slice(0, 20).join(", ")}` : "bot-bottle list shows the bottles",
  );
}

/** Every ID that has something in `folder`, sorted. */
export async function knownIds(folder: string, suffix = ""): Promise<string[]> {
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return [];
    throw error;
  });
  return names
    .filter((name) => name.endsWith(suffix))
    .map((name) => name.slice(0, name.length - suffix.length))
    .filter((id) => ID.test(id))
    .sort();
}
