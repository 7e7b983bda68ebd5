import type { Advertisement } from "../wire/advertisement.ts";

/** Refs that forges make by the thousand for themselves, which a clone doesn't fetch either. */
const FORGES_OWN =
  /^refs\/(?:pull|pulls|merge-requests|keep-around|environments|pipelines|changes|cache-automerge|replace|original|stash)\//;

/** Whether a mirror keeps that ref of its upstream. */
export function isMirrored(ref: string): boolean {
  return ref.startsWith("refs/") && !FORGES_OWN.test(ref);
}

/** HEAD's line, and packed-refs (gitrepository-layout) with all refs of an advertisement that are mirrored, sorted as git does. */
export function encodeRefs({ refs, peeled, head }: Pick<Advertisement, "refs" | "peeled" | "head">): string {
  const names = [...refs.keys()].filter(isMirrored).sort();
  const lines = names.map((name) => {
    const stands = peeled.get(name);
    return `${refs.get(name)} ${name}\n${stands === undefined ? "" : `^${stands}\n`}`;
  });
  const named = head?.startsWith("refs/heads/") === true ? head : "refs/heads/main";
  return `ref: ${named}\n# pack-refs with: peeled fully-peeled sorted \n${lines.join("")}`;
}

/** Reads what the job `mirror-state` prints: undefined where that is no whole mirror. */
export function readState(
  text: string,
):
  | { readonly format: string; readonly head: string; readonly refs: ReadonlyMap<string, string> }
  | undefined {
  const lines = text.split("\n");
  const [format = "", head = ""] = lines;
  if (!head.startsWith("ref: ") || lines.at(-2) !== "missing 0") return undefined;
  const refs = new Map<string, string>();
  for (const line of lines.slice(2, -2)) {
    const [, id = "", name = ""] = /^([0-9a-f]{40,64}) (refs\/.+)$/.exec(line) ?? [];
    if (name !== "") refs.set(name, id);
  }
  return { format, head: head.slice("ref: ".length), refs };
}
