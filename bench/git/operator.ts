import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { SshUpstream } from "../../test/support/ssh-upstream.ts";
import { SHELL, Shell } from "./shell.ts";

const PROGRAM = join(dirname(dirname(import.meta.dirname)), "bin", "bot-bottle");
/** A name that the bottle's settings lead to the upstream's address. */
const HOST = "forge.example.com";

/** The repositories of the upstream's, with who scans what is pushed to each. */
export const REPOS = { small: "builtin", leaks: "gitleaks", large: "builtin" } as const;
export type RepoName = keyof typeof REPOS;

/** A throw-away operator, whose one bottle may push to the upstream's repositories. */
export class Operator {
  readonly #home: string;
  readonly #upstream: SshUpstream;

  constructor(folder: string, upstream: SshUpstream, repos: readonly RepoName[]) {
    this.#home = join(folder, "operator");
    this.#upstream = upstream;
    for (const name of ["bottles", "user"])
      mkdirSync(join(this.#home, name), { recursive: true, mode: 0o700 });
    const entries = repos.map((name) => `    ${name}: ${JSON.stringify(this.#entry(name))}\n`);
    const bottle = `supervise: false\ngit-gate:\n  user: {name: Bench, email: bench@example.com}\n  repos:\n${entries.join("")}`;
    const { port } = upstream;
    const settings = `upstream:\n  resolve: {"${HOST}:${port}": "127.0.0.1:${port}"}\n`;
    writeFileSync(join(this.#home, "bottles", "bench.md"), `---\n${bottle}---\nPushes.\n`, { mode: 0o600 });
    writeFileSync(join(this.#home, "settings.yml"), settings, { mode: 0o600 });
  }

  url(name: RepoName): string {
    return this.#upstream.url(name, HOST);
  }

  /** A shell in a fresh bottle, with a copy of the folder as its workspace. */
  bottle(workspace: string): Shell {
    const flags = ["--workspace", workspace, "--workspace-mode", "copy", "--yes"];
    const env = { PATH: process.env.PATH, HOME: join(this.#home, "user"), BOT_BOTTLE_HOME: this.#home };
    return new Shell([PROGRAM, "run", "--bottle", "bench", ...flags, "--", ...SHELL], env, workspace);
  }

  #entry(name: RepoName): object {
    return {
      url: this.url(name),
      key: { provider: "static", path: this.#upstream.keyFile },
      host_key: this.#upstream.hostKey,
      push: { allow: ["refs/heads/**"] },
      scanner: REPOS[name],
    };
  }
}

/** A shell without a bottle, whose git goes to the upstream itself. */
export function directShell(folder: string, { sshCommand }: SshUpstream): Shell {
  const home = join(folder, "direct");
  mkdirSync(home, { recursive: true });
  const env = {
    ...{ PATH: process.env.PATH, HOME: home, GIT_CONFIG_NOSYSTEM: "1", GIT_SSH_COMMAND: sshCommand },
    ...{ GIT_CONFIG_COUNT: "1", GIT_CONFIG_KEY_0: "safe.directory", GIT_CONFIG_VALUE_0: "*" },
    ...{ GIT_AUTHOR_NAME: "Bench", GIT_AUTHOR_EMAIL: "bench@example.com" },
    ...{ GIT_COMMITTER_NAME: "Bench", GIT_COMMITTER_EMAIL: "bench@example.com" },
  };
  return new Shell(SHELL, env, home);
}
