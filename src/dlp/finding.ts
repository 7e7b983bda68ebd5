/** The last two are no secrets: they stand for what can't be searched for any. */
export type Detector = "known_secrets" | "canary" | "token_patterns" | "entropy" | "unreadable" | "too_large";

/** Something that should not leave, in one text: a body, a message, a head. Never holds the value. */
export interface Finding {
  readonly detector: Detector;
  /** the secret's name, or the rule's id; printable */
  readonly name: string;
  /** how it was spelled, outermost first: `raw`, `base64`, `gzip > hex`, `folded` */
  readonly encoding: string;
  /** bytes of the text that carry it, counted from the text's beginning, end excluded; of an encoded run the whole run */
  readonly start: number;
  readonly end: number;
  /** false: replacing those bytes would not take it out for certain (found after folding, or split), so block */
  readonly replaceable: boolean;
}

/** Whether it stands for something that can't be searched for secrets. */
export function isUnsearched({ detector }: Finding): boolean {
  return detector === "unreadable" || detector === "too_large";
}

/** The places that findings cover, in order, none overlapping another: each with the name of the first that begins there. */
export function coveredBy(findings: readonly Finding[]): readonly Pick<Finding, "name" | "start" | "end">[] {
  const covered: { name: string; start: number; end: number }[] = [];
  for (const { name, start, end } of [...findings].sort((a, b) => a.start - b.start)) {
    const last = covered.at(-1);
    if (last && start < last.end) last.end = Math.max(last.end, end);
    else covered.push({ name, start, end });
  }
  return covered;
}
