/** What the process that runs a bottle needs to run the git gate's programs: JSON, a part of the bottle's job. */
export interface GitHost {
  /** by name */
  readonly repos: Readonly<Record<string, RepoHost>>;
  /** folder of this bottle's pushes and LFS objects; it is there, and goes with the bottle's scratch */
  readonly folder: string;
  readonly gitleaks: GitleaksHost | undefined;
}

export interface RepoHost {
  /** folder that holds the mirror (`repo`), its lock and its description; it is there */
  readonly mirror: string;
  readonly ssh: SshHost | undefined;
  /** the private key that signs, OpenSSH PEM; undefined: nothing is signed */
  readonly signKey: string | undefined;
}

/** How `ssh` reaches an upstream. Its connection is the sidecar's to make. */
export interface SshHost {
  readonly user: string;
  readonly host: string;
  readonly port: number;
  /** begins with a slash; of the characters that `parseGitUrl` lets through */
  readonly path: string;
  /** `ssh-ed25519 AAAA…` */
  readonly hostKey: string;
  /** OpenSSH PEM */
  readonly key: string;
}

/** gitleaks as it was found: a program of the machine, or the npm package, which node runs. */
export type GitleaksHost =
  | { readonly kind: "program"; readonly path: string }
  | { readonly kind: "package"; readonly folder: string; readonly node: string };
