import { isGitFolder } from "./names.ts";

/**
 * Whether a symlink at `path` could lead out of the workspace or into a `.git`. `..` is allowed at the beginning only:
 * after a name, that name may itself be a symlink, and `..` then goes up from where it leads.
 */
export function linkLeaves(path: string, target: string): boolean {
  if (target === "" || target.startsWith("/")) return true;
  const names = target.split("/").filter((name) => name !== "" && name !== ".");
  const ups = names.findIndex((name) => name !== "..");
  const up = ups < 0 ? names.length : ups;
  const above = path.split("/").length - 1;
  return up > above || names.slice(up).some((name) => name === ".." || isGitFolder(name));
}
