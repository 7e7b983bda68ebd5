import { printable } from "../../base/printable.ts";
import { neededAllow, neededPush } from "../needed.ts";
import { type Refusal, refuse } from "../verdict.ts";
import { type Glob, isLiteral, matchesGlob, parseGlob } from "./glob.ts";
import type { PushRules, RefUpdate } from "./push-rules.ts";
import { findClash, refNameProblem } from "./ref-name.ts";

/** What a push is judged by, besides its commands. */
export interface RefFacts {
  /** name of the entry */
  readonly repo: string;
  /** how verdicts name it: `git-gate.repos.widgets (dev.md:12)` */
  readonly rule: string;
  /** the upstream's refs, without peeled ones */
  readonly refs: ReadonlyMap<string, string>;
  /** full name of the upstream's default branch; undefined: it doesn't say */
  readonly head: string | undefined;
  /**
   * Whether an update's new id has its old one among its ancestors; asked only where both are there and differ.
   * Undefined: the pack was not read yet, so that force is not judged.
   */
  readonly fastForward: ((update: RefUpdate) => boolean) | undefined;
}

/**
 * The ref policy of a push, all of whose updates must pass. `old` is what the pusher says: an update is forwarded with
 * it as its lease, so that one that lies about it changes nothing.
 */
export function checkUpdates(
  rules: PushRules,
  updates: readonly RefUpdate[],
  facts: RefFacts,
): Refusal | undefined {
  const seen = new Set<string>();
  const allow = rules.allow.map(parseGlob);
  for (const update of updates) {
    const { ref } = update;
    const problem = seen.has(ref) ? "is pushed twice" : refNameProblem(ref);
    const refusal =
      problem === undefined ? checkUpdate(rules, allow, update, facts) : no(facts, update, problem);
    if (refusal !== undefined) return refusal;
    seen.add(ref);
  }
  // one that is deleted and isn't there, too: where case doesn't count it would be another, the default branch perhaps
  const strange = updates.filter(({ ref }) => !facts.refs.has(ref)).map(({ ref }) => ref);
  const clash = findClash(strange, facts.refs.keys());
  if (clash === undefined) return undefined;
  const { ref, other } = clash;
  return refuse(
    "git.ref_not_allowed",
    `${printable(ref)} and ${printable(other)} can't both be where the case of letters does not count.`,
    facts.rule,
  );
}

function checkUpdate(
  rules: PushRules,
  allow: readonly Glob[],
  update: RefUpdate,
  facts: RefFacts,
): Refusal | undefined {
  const { ref, old, new: id } = update;
  const tag = ref.startsWith("refs/tags/");
  const need = (key: "force" | "delete" | "tags") => neededPush(facts.repo, `${key}: true`);
  if (tag && !rules.tags)
    return no(facts, update, "is a tag, which the entry lets nobody push", need("tags"));
  if (!isAllowed(allow, ref))
    return no(
      facts,
      update,
      "is none of the refs that the entry allows",
      neededAllow(facts.repo, rules.allow, ref),
    );
  if (isZero(id)) {
    if (ref === facts.head)
      return no(facts, update, "is the upstream's default branch, which is never deleted");
    if (!rules.delete) return no(facts, update, "would be deleted", need("delete"));
    if (facts.head === undefined && ref.startsWith("refs/heads/"))
      return no(facts, update, "would be deleted, and the upstream doesn't say which branch is its default");
    return undefined;
  }
  if (isZero(old) || old === id || rules.force) return undefined;
  if (tag) return no(facts, update, "is a tag that is there already and would be moved", need("force"));
  if (facts.fastForward === undefined || facts.fastForward(update)) return undefined;
  return no(facts, update, "would not be a fast-forward: commits would be lost", need("force"));
}

/**
 * `tags: true` is a word on tags of its own: where no glob is about tags, it is on all of them. Outside of branches and
 * tags a ref may mean anything to a forge (`refs/for/` opens a change): a glob must name its namespace.
 */
function isAllowed(allow: readonly Glob[], ref: string): boolean {
  const segments = ref.split("/");
  const [, namespace = ""] = segments;
  const common = namespace === "heads" || namespace === "tags";
  if (namespace === "tags" && !allow.some(([, second = ""]) => second === "tags" || !isLiteral(second)))
    return true;
  return allow.some((glob) => (common || isLiteral(glob[1] ?? "*")) && matchesGlob(glob, segments));
}

export function isZero(id: string): boolean {
  return /^0+$/.test(id);
}

function no({ rule }: RefFacts, { ref }: RefUpdate, problem: string, needed?: string): Refusal {
  return refuse("git.ref_not_allowed", `${printable(ref, 300)} ${problem}.`, rule, { needed });
}
