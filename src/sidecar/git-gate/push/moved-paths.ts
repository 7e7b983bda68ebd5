import { isZero } from "../../../policy/git/check-updates.ts";
import type { RefUpdate } from "../../../policy/git/push-rules.ts";
import type { GitPrograms } from "../programs.ts";
import { collect } from "../run.ts";
import { MAX_PATHS_BYTES } from "../scan/limits.ts";
import { headerIds, type ObjectGraph } from "./graph.ts";

/**
 * Paths that a moved ref has otherwise than before although no commit of the push changes them by itself: the ref moves
 * to what the upstream has elsewhere, or a merge takes one side whole (`diff-tree -c` shows nothing then). What is as on
 * the default branch, whose commit is `head`, was taken there already. Each path, latin1, with the ref's new id. Throws
 * when git can't compare.
 */
export async function movedPaths(
  programs: GitPrograms,
  { repo, push }: { readonly repo: string; readonly push: string },
  updates: readonly RefUpdate[],
  graph: ObjectGraph,
  head: string | undefined,
): Promise<ReadonlyMap<string, string>> {
  const differ = async (one: string, other: string): Promise<readonly string[]> => {
    const job = { op: "push-moved", repo, push } as const;
    const { code, stderr, text } = await collect(programs, job, `${one} ${other}\n`, MAX_PATHS_BYTES);
    if (code !== 0) throw new Error(`${one} and ${other} can't be compared: ${stderr}`);
    return text.split("\0").slice(0, -1);
  };
  const found = new Map<string, string>();
  for (const { old, new: id } of updates) {
    if (isZero(old) || isZero(id) || old === id || adds(graph, old, id)) continue;
    const moved = await differ(old, id);
    const ofHead = head === undefined || head === old ? moved : await differ(head, id);
    const strange = new Set(ofHead);
    for (const path of moved) if (strange.has(path)) found.set(path, id);
  }
  return found;
}

/** Whether the push only adds commits to `old`, one behind the other: then they are all there is to look at. */
function adds(graph: ObjectGraph, old: string, id: string): boolean {
  for (let oid: string | undefined = id; oid !== old; ) {
    const content: Buffer | undefined =
      oid !== undefined && graph.typeOf(oid) === "commit" ? graph.contentOf(oid) : undefined;
    if (content === undefined) return false;
    const parents: readonly string[] = headerIds(content).others;
    if (parents.length !== 1) return false;
    oid = parents[0];
  }
  return true;
}
