import type { Duplex, Readable } from "node:stream";

/**
 * What the sidecar, which may start no process, has its launcher run for it: each job a program in a sandbox of its own.
 * A closed list, and each text in it is checked by whoever runs it (`readGitJob`).
 */
export type GitJob =
  /** the mirror's object format, HEAD and packed-refs, and how many of its refs' objects are missing; see `mirror/state.ts` */
  | { readonly op: "mirror-state"; readonly repo: string }
  /** makes the mirror anew and empty; ends at once */
  | { readonly op: "mirror-reset"; readonly repo: string; readonly format: ObjectFormat }
  /** a pack from the upstream on stdin */
  | { readonly op: "mirror-index"; readonly repo: string }
  /** HEAD's line and the text of packed-refs on stdin: all refs of the mirror from now on, if their history is whole */
  | { readonly op: "mirror-refs"; readonly repo: string }
  /** fewer packs, if there are many */
  | { readonly op: "mirror-tidy"; readonly repo: string }
  /** ids on stdin, each answered as `git cat-file --batch-check` does */
  | { readonly op: "mirror-has"; readonly repo: string }
  /** revisions on stdin (`HEAD:.gitleaks.toml`), each answered as `git cat-file --batch` does */
  | { readonly op: "mirror-read"; readonly repo: string }
  /** `git upload-pack --stateless-rpc`; `protocol`: Git-Protocol of the request, or nothing */
  | {
      readonly op: "upload-pack";
      readonly repo: string;
      readonly advertise: boolean;
      readonly protocol: string;
    }
  /** `git receive-pack --stateless-rpc` in a repository made for this push; its pre-receive hook asks on the socket */
  | { readonly op: "receive-pack"; readonly repo: string; readonly push: string }
  /**
   * New ids on stdin. stdout: every object of the push's quarantine as `git cat-file --batch` prints it; the socket: the
   * paths each new commit changes, as `git diff-tree -c -r -z --raw` prints them.
   */
  | { readonly op: "inspect"; readonly repo: string; readonly push: string }
  /** `OLD ^NEW` pairs of lines on stdin: prints nothing if each old one is reached from its new one */
  | { readonly op: "push-ancestor"; readonly repo: string; readonly push: string }
  /** `ONE OTHER` on stdin: the paths that two commits' trees differ in, each ended by NUL */
  | { readonly op: "push-moved"; readonly repo: string; readonly push: string }
  /**
   * On stdin `offsets` (deltas may name their base by its place) or `ids`, then ids with their path, and as `-ID` commits
   * that deltas may lean on; a pack with just those objects on stdout.
   */
  | { readonly op: "pack-objects"; readonly repo: string; readonly push: string }
  /** a pack on stdin, whose objects are the push's from then on */
  | { readonly op: "write-objects"; readonly repo: string; readonly push: string }
  /** forgets the push and all its objects; ends at once */
  | { readonly op: "discard"; readonly repo: string; readonly push: string }
  /** `ssh` to the upstream, which runs the service; the socket is its connection to the upstream */
  | { readonly op: "connect"; readonly repo: string; readonly service: SshService }
  /**
   * `ssh` that runs `git-upload-pack` on stdin and stdout, and, when a line comes on the second socket, `git-receive-pack`
   * there, over the same connection. The first socket is that connection.
   */
  | { readonly op: "connect-twice"; readonly repo: string }
  /** `ssh-keygen -Y sign -n git`: payload on stdin, armored signature on stdout */
  | { readonly op: "sign"; readonly repo: string }
  /** texts on stdin, a JSON report on stdout; `config`: the text of its configuration */
  | { readonly op: "gitleaks"; readonly config: string }
  /** the spool of LFS objects: stdin to file, file to stdout, gone */
  | { readonly op: "lfs-write" | "lfs-read" | "lfs-remove"; readonly repo: string; readonly oid: string };

export type ObjectFormat = "sha1" | "sha256";

export const SSH_SERVICES = [
  "git-upload-pack",
  "git-receive-pack",
  "git-lfs-authenticate upload",
  "git-lfs-authenticate download",
] as const;
export type SshService = (typeof SSH_SERVICES)[number];

/** A job that runs. Its streams' errors are handled; how it ended, `exited` says. */
export interface GitProcess {
  readonly stdin: Duplex;
  readonly stdout: Readable;
  /** descriptor 3, where the job has one */
  readonly socket: Duplex | undefined;
  /** descriptor 4 */
  readonly second?: Duplex | undefined;
  /** stderr: its last bytes, printable */
  readonly exited: Promise<{ readonly code: number; readonly stderr: string }>;
  kill(): void;
}

export interface GitPrograms {
  /** Rejects when it can't be started: too many run, or the launcher can't. */
  start(job: GitJob): Promise<GitProcess>;
}

/** How many sockets a job has, besides stdin and stdout. */
export function socketCount({ op }: GitJob): 0 | 1 | 2 {
  if (op === "connect-twice") return 2;
  return op === "receive-pack" || op === "inspect" || op === "connect" ? 1 : 0;
}

/** Which the launcher does itself. */
export const WITHOUT_PROGRAM: ReadonlySet<GitJob["op"]> = new Set(["mirror-reset", "discard", "lfs-remove"]);
