import { HELD_BY_DEFAULT } from "../policy/git/held-paths.ts";
import type { PushRules } from "../policy/git/push-rules.ts";
import type { GitKeyPlan, GitRepoPlan } from "./git.ts";

/** One line a repository: where its pushes go, with which key, and what may be pushed. */
export function describeGit(repos: readonly GitRepoPlan[], supervise: boolean): readonly string[] {
  return repos.map(({ name, url, upstream, key, hostKey, push, scanner, sign, source }) => {
    const facts = [
      `${name}: ${url}`,
      upstream.scheme === "ssh" && hostKey === undefined
        ? "no host_key, all of it is refused"
        : describeKey(key),
      describePush(push),
      describeHold(push.hold, supervise),
      ...(scanner === undefined ? [] : [`scanner ${scanner}`]),
      ...(sign === undefined ? [] : [`signed with ${sign.key}`]),
    ];
    return `${facts.join("; ")} (${source})`;
  });
}

function describeKey(key: GitKeyPlan): string {
  if (key.provider === "static") return `with the key file ${key.path}`;
  if (key.provider === "token") return `with ${key.secret}`;
  return `with a deploy key that ${key.secret} adds at ${key.apiUrl}`;
}

function describePush({ allow, force, delete: deletes, tags }: PushRules): string {
  const more = [
    ...(force ? ["by force too"] : []),
    ...(deletes ? ["deletions too"] : []),
    ...(tags ? ["tags too"] : []),
  ];
  return [`may push ${allow.join(" ")}`, ...more].join(", ");
}

function describeHold(hold: readonly string[], supervise: boolean): string {
  if (hold.length === 0) return "no path is held";
  const paths = hold.join() === HELD_BY_DEFAULT.join() ? "CI and hook files" : hold.join(" ");
  return supervise ? `${paths} wait for the operator` : `${paths} are refused: supervise is false`;
}
