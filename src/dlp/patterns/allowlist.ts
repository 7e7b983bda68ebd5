import { RE2JS } from "re2js";
import type { Allowlist } from "./rule.ts";

/** A find as an allowlist looks at it. */
export interface Candidate {
  readonly secret: string;
  readonly match: string;
  readonly line: string;
}

/** Allowlists with their regexes compiled. */
export class Allowed {
  readonly #lists: readonly { readonly list: Allowlist; readonly regexes: readonly RE2JS[] }[];

  constructor(lists: readonly Allowlist[]) {
    this.#lists = lists.map((list) => ({ list, regexes: list.regexes.map((regex) => RE2JS.compile(regex)) }));
  }

  /** Traffic has neither path nor commit: what an allowlist says of those does not hold. */
  spares(find: Candidate): boolean {
    return this.#lists.some(({ list, regexes }) => {
      const target = find[list.regexTarget];
      const secret = find.secret.toLowerCase();
      const holds: boolean[] = [];
      if (list.paths.length > 0) holds.push(false);
      if (list.commits.length > 0) holds.push(false);
      if (regexes.length > 0) holds.push(regexes.some((regex) => regex.test(target)));
      if (list.stopwords.length > 0) holds.push(list.stopwords.some((word) => secret.includes(word)));
      return list.condition === "and" ? holds.every(Boolean) : holds.some(Boolean);
    });
  }
}
