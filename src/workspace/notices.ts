import { printable } from "../base/printable.ts";
import { MAX_NAMED } from "./limits.ts";

/** Paths by what is to be said of them: one line a reason, however many paths. */
export class Notices {
  readonly #paths = new Map<string, string[]>();

  add(reason: string, path: string): void {
    const paths = this.#paths.get(reason);
    if (paths === undefined) this.#paths.set(reason, [path]);
    else paths.push(path);
  }

  lines(): string[] {
    return [...this.#paths].map(([reason, paths]) => `${nameSome(paths)} ${reason}`);
  }
}

/** The first of a list of paths, printable, and how many more there are. */
export function nameSome(paths: readonly string[]): string {
  const named = paths
    .slice(0, MAX_NAMED)
    .map((path) => printable(path, 200))
    .join(", ");
  return paths.length > MAX_NAMED ? `${named} and ${paths.length - MAX_NAMED} more` : named;
}
