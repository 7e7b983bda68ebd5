import { readdirSync } from "node:fs";
import { join } from "node:path";
import { printable } from "../base/printable.ts";
import { STEM } from "./definitions/key.ts";
import { MAX_FOLDER_ENTRIES } from "./limits.ts";
import type { Problems } from "./problem.ts";
import { closest } from "./suggest.ts";

/** Names of the manifests in a folder, sorted; files whose stem is no manifest name go to `problems`. */
export function manifestNames(folder: string, problems: Problems): string[] {
  let entries: string[];
  try {
    entries = readdirSync(folder);
  } catch {
    return [];
  }
  if (entries.length > MAX_FOLDER_ENTRIES) {
    problems.add({ file: folder, message: `more than ${MAX_FOLDER_ENTRIES} entries` });
    return [];
  }
  const names: string[] = [];
  for (const entry of entries.filter((name) => name.endsWith(".md")).sort()) {
    const stem = entry.slice(0, -3);
    if (STEM.test(stem)) names.push(stem);
    else {
      problems.add({
        file: join(folder, entry),
        message:
          "its name is no manifest name: small letters, digits and hyphens, a letter first, then `.md`",
        mend: "rename it",
      });
    }
  }
  return names;
}

/** What to say when a manifest isn't there. */
export function missingText(
  kind: "bottle" | "agent",
  name: string,
  folder: string,
  known: readonly string[],
): string {
  const near = closest(name, known);
  const guess =
    near !== undefined
      ? `; did you mean \`${near}\`?`
      : known.length > 0
        ? `; there are: ${known.slice(0, 20).join(", ")}`
        : "; there are none yet";
  return `no ${kind} \`${printable(name, 80)}\` in ${printable(folder)}${guess}`;
}
