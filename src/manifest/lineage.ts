import type { Bottle } from "./bottle.ts";
import { MAX_EXTENDS_DEPTH, MAX_MERGED_BOTTLES } from "./limits.ts";
import type { Problems } from "./problem.ts";
import type { SourceFile } from "./source-file.ts";

/** A bottle's name, and where it is written; no place: on the command line. */
export interface NamedBottle {
  readonly name: string;
  readonly place?: { readonly file: SourceFile; readonly start: number; readonly end: number } | undefined;
}

/** A bottle's own file and the bottles it extends. */
export interface BottleFile {
  /** undefined: something is wrong with it, and reported */
  readonly bottle: Bottle | undefined;
  readonly parents: readonly NamedBottle[];
}

export interface BottleFinder {
  /** `broken`: its problems are reported already */
  find(name: string): BottleFile | "missing" | "broken";
  /** what to say of a bottle that is not there */
  missing(name: string): string;
}

/**
 * The files that take part in `names`, parents before children, each once (a diamond is merged once, at its first
 * place). Cycles, missing parents and chains that are too long go to `problems` with the chain.
 */
export function lineage(names: readonly NamedBottle[], finder: BottleFinder, problems: Problems): Bottle[] {
  const order: Bottle[] = [];
  const done = new Set<string>();

  const visit = ({ name, place }: NamedBottle, chain: readonly string[]): void => {
    if (done.has(name)) return;
    const path = [...chain, name].join(" -> ");
    const report = (message: string): void => {
      problems.add({ file: "--bottle", ...place, message });
    };
    if (chain.includes(name)) {
      report(`\`extends\` goes round in a circle: ${path}`);
      return;
    }
    if (chain.length >= MAX_EXTENDS_DEPTH) {
      report(`a chain of more than ${MAX_EXTENDS_DEPTH} bottles: ${path}`);
      return;
    }
    const found = finder.find(name);
    if (found === "missing") {
      report(chain.length === 0 ? finder.missing(name) : `${finder.missing(name)} (${path})`);
    } else if (found !== "broken") {
      for (const parent of found.parents) visit(parent, [...chain, name]);
      if (found.bottle !== undefined) order.push(found.bottle);
      if (order.length === MAX_MERGED_BOTTLES + 1) {
        report(`more than ${MAX_MERGED_BOTTLES} bottles take part`);
      }
    }
    done.add(name);
  };
  for (const name of names) visit(name, []);
  return order;
}
