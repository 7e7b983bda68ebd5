import type { GitEvent } from "../../journal/record.ts";
import type { Repo } from "./repo.ts";

/** What every event of a repository's says. `startedAt`: of `performance.now`. */
export function eventOf(
  { plan, rule }: Pick<Repo, "plan" | "rule">,
  startedAt: number,
): Pick<GitEvent, "kind" | "repo" | "upstream" | "rule" | "ms"> {
  const ms = Math.round(performance.now() - startedAt);
  return { kind: "git", repo: plan.name, upstream: plan.url, rule, ms };
}
