/** Segments of a glob, taken apart once. */
export type Glob = readonly string[];

/**
 * A glob of refs or paths: `*` any characters of one segment, `?` one of them, a segment `**` any number of segments, at
 * the end one or more. Nothing else is special; `globProblem` refuses what looks as if it were.
 */
export function parseGlob(glob: string): Glob {
  const segments = glob.split("/");
  // `a/**` is what lies below a: at least one segment is left to it
  return segments.at(-1) === "**" ? [...segments.slice(0, -1), "*", "**"] : segments;
}

/** What is wrong with a glob, as the end of a sentence. */
export function globProblem(glob: string): string | undefined {
  if (/[[\]{}\\!]/.test(glob)) return "uses [ ] { } ! or \\: only `*`, `?` and `**` are special";
  const segments = glob.split("/");
  if (segments.some((segment) => segment === "" || segment === "." || segment === ".."))
    return "has an empty, `.` or `..` segment";
  if (segments.some((segment) => segment.includes("**") && segment !== "**"))
    return "has `**` beside other characters: it stands for whole segments";
  return undefined;
}

/** Whether a segment stands for itself. */
export function isLiteral(segment: string): boolean {
  return !/[*?]/.test(segment);
}

/**
 * Whether a glob is a whole name. Time is the product of both lengths at most, whatever the glob. `same` compares a
 * segment that stands for itself.
 */
export function matchesGlob(
  glob: Glob,
  segments: readonly string[],
  same: (literal: string, segment: string) => boolean = (literal, segment) => literal === segment,
): boolean {
  return matches(glob, segments, "**", (want, segment) =>
    isLiteral(want) ? same(want, segment) : matches(want, segment, "*", sameCharacter),
  );
}

function sameCharacter(want: string, character: string): boolean {
  return want === "?" || want === character;
}

/** What `star` stands for grows by one at each failure, and only the last star's has to. */
function matches(
  pattern: readonly string[] | string,
  items: readonly string[] | string,
  star: string,
  same: (want: string, item: string) => boolean,
): boolean {
  let want = 0;
  let back = -1;
  let from = 0;
  for (let at = 0; at < items.length; ) {
    const wanted = pattern[want];
    if (wanted === star) {
      back = want;
      from = at;
      want += 1;
    } else if (wanted !== undefined && same(wanted, items[at] ?? "")) {
      want += 1;
      at += 1;
    } else if (back >= 0) {
      from += 1;
      at = from;
      want = back + 1;
    } else return false;
  }
  while (pattern[want] === star) want += 1;
  return want === pattern.length;
}

/** A glob of `push.allow` as one of whole refs: what does not begin with `refs/` is about branches. */
export function refGlob(glob: string): string {
  return glob.startsWith("refs/") ? glob : `refs/heads/${glob}`;
}
