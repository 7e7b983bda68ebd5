/**
 * Files and folders that some program of the host runs, or takes commands from, without being asked: CI services,
 * editors, git hook managers, shells' folder hooks, other coding agents. In `bind` mode those that exist are
 * read-only; `apply` writes them only when that was confirmed on its own.
 */
export const RUN_BY_THEMSELVES: ReadonlySet<string> = new Set([
  // CI services
  ".github",
  ".gitlab",
  ".gitlab-ci.yml",
  ".gitea",
  ".forgejo",
  ".circleci",
  ".buildkite",
  ".woodpecker",
  ".woodpecker.yml",
  ".woodpecker.yaml",
  ".drone.yml",
  ".travis.yml",
  ".appveyor.yml",
  "appveyor.yml",
  ".azure-pipelines",
  "azure-pipelines.yml",
  "bitbucket-pipelines.yml",
  "cloudbuild.yaml",
  "jenkinsfile",
  ".ci",
  // editors
  ".vscode",
  ".idea",
  ".zed",
  ".fleet",
  ".devcontainer",
  ".devcontainer.json",
  ".vimrc",
  ".vim",
  ".exrc",
  ".nvimrc",
  ".nvim.lua",
  ".dir-locals.el",
  // git
  ".gitmodules",
  ".gitattributes",
  ".gitconfig",
  ".githooks",
  ".husky",
  ".lefthook",
  "lefthook.yml",
  ".lefthook.yml",
  ".pre-commit-config.yaml",
  // other version control: hgrc and jj's repo config hold hooks and aliases, and prompts run `hg status`
  ".hg",
  ".jj",
  // shells, debuggers, interpreters and package managers, on entering the folder or before any script
  ".envrc",
  ".autoenv.zsh",
  ".mise",
  ".mise.toml",
  "mise.toml",
  ".tool-versions",
  ".gdbinit",
  ".lldbinit",
  ".rprofile",
  ".irbrc",
  ".pnp.cjs",
  ".npmrc",
  ".yarnrc",
  ".yarnrc.yml",
  ".pnpmfile.cjs",
  ".cargo",
  ".bazelrc",
  // agents
  ".claude",
  ".mcp.json",
  ".cursor",
  ".cursorrules",
  ".windsurf",
  ".continue",
  ".aider.conf.yml",
  ".codex",
  ".gemini",
  ".opencode",
  ".bot-bottle",
]);

/** Whether one name of a path is `.git` to any file system or to git itself (CVE-2014-9390, CVE-2019-1353). */
export function isGitFolder(name: string): boolean {
  const folded = fold(name);
  return folded === ".git" || folded === "git~1" || folded.startsWith(".git::$");
}

/**
 * Whether a path is, or lies in, something that is run by itself, at any depth; or a file called HEAD, without which git
 * takes no folder for a bare repository and so does not do what its config says.
 */
export function runsByItself(path: string): boolean {
  const names = path.split("/").map(fold);
  return names.at(-1) === "head" || names.some((name) => RUN_BY_THEMSELVES.has(name));
}

// HFS+ ignores these characters in names; NTFS ignores dots and spaces at the end; both ignore case
function fold(name: string): string {
  return name
    .replace(/[\u200c-\u200f\u202a-\u202e\u206a-\u206f\ufeff]/g, "")
    .replace(/[. ]+$/, "")
    .toLowerCase();
}
