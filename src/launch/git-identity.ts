import type { HomeFile, LaunchPlan } from "../plan/launch-plan.ts";

/**
 * `git-gate.user` as the bottle's ~/.gitconfig. Quoted as git-config(1) says: in double quotes, with `"` and `\`
 * escaped; the manifest lets no control character through.
 */
export function gitIdentity(user: LaunchPlan["gitUser"]): readonly HomeFile[] {
  if (user === undefined) return [];
  const lines = Object.entries(user).map(
    ([key, value]) => `\t${key} = "${value.replaceAll(/["\\]/g, "\\$&")}"`,
  );
  return [{ path: ".gitconfig", content: `[user]\n${lines.join("\n")}\n`, mode: 0o600 }];
}
