import { rmSync } from "node:fs";
import { join } from "node:path";
import type { GitPlace } from "../support/git-repo.ts";
import { noise } from "./secret-files.ts";

/** One clone's folder, as the session names it, and one run of git in it. */
export type Step = readonly [folder: string, ...args: readonly string[]];

/** A person's (or agent's) work with one upstream: every command is compared with and without a gate. */
export interface Session {
  readonly name: string;
  /** what the upstream is made of; "empty": nothing */
  readonly seed?: "empty" | "sha256";
  /** before anything else, in the upstream: arguments of git */
  readonly upstream?: readonly (readonly string[])[];
  readonly hooks?: Readonly<Partial<Record<"pre-receive" | "update" | "post-receive", string>>>;
  /** runs the commands; `$URL` in an argument is the upstream's */
  run(at: Steps): Promise<void>;
}

/** What a session can do: run git and have it compared, change files, and change the upstream behind git's back. */
export interface Steps {
  readonly place: GitPlace;
  /** git in a folder of the session's; its exit code and stdout are compared */
  git(...step: Step): Promise<void>;
  /** A commit in a clone; not compared, the same in both. */
  commit(
    folder: string,
    message: string,
    files?: Readonly<Record<string, string | Uint8Array>>,
  ): Promise<string>;
  /** git in the upstream's repository */
  behind(...args: readonly string[]): Promise<string>;
}

const TRIM = ["-c", "advice.diverging=false"];

export const GIT_SESSIONS: readonly Session[] = [
  {
    name: "clone, fetch, pull and push, of two who work together",
    run: async ({ git, commit }) => {
      await git(".", "clone", "-q", "$URL", "a");
      await git("a", "remote", "show", "origin");
      await commit("a", "second", { "a.txt": "a\n" });
      await git("a", "push", "--porcelain", "origin", "main");
      await git("a", "push", "--porcelain", "origin", "main");
      await git(".", "clone", "-q", "$URL", "b");
      await commit("b", "third", { "b.txt": "b\n" });
      await git("b", "push", "--porcelain", "--dry-run", "origin", "HEAD");
      await git("b", "push", "--porcelain", "-u", "origin", "HEAD:refs/heads/work/b");
      await git("b", "push", "--porcelain");
      await git("b", "push", "--porcelain", "origin", "HEAD");
      await git("a", "fetch", "-q");
      await git("a", "pull", "-q", "--ff-only");
      await git("a", "log", "--oneline", "--all", "--graph");
    },
  },
  {
    name: "what is no fast-forward is refused, forced, and leased",
    run: async ({ git, commit }) => {
      for (const name of ["a", "b"]) await git(".", "clone", "-q", "$URL", name);
      await commit("a", "of a", { "x.txt": "a\n" });
      await git("a", "push", "--porcelain");
      await commit("b", "of b", { "x.txt": "b\n" });
      await git("b", "push", "--porcelain");
      await git("b", "push", "--porcelain", "--force-with-lease");
      await git("b", "push", "--porcelain", "--force-with-lease=main:HEAD~1", "origin", "main");
      await git("b", "fetch", "-q");
      await git("b", ...TRIM, "pull", "-q", "--ff-only");
      await git("b", "push", "--porcelain", "--force-with-lease", "origin", "main");
      await git("a", "push", "--porcelain", "--force", "origin", "main", "main:side");
      await git("b", "fetch", "-q", "--prune");
      await git("b", "push", "--porcelain", "origin", ":side");
      await git("b", "push", "--porcelain", "--delete", "origin", "side");
      await git("a", "fetch", "-q", "--prune");
    },
  },
  {
    name: "several refs at once, all or none",
    hooks: { update: 'case $1 in *guarded*) echo "no, $1"; exit 1 ;; esac' },
    run: async ({ git, commit }) => {
      await git(".", "clone", "-q", "$URL", "a");
      await commit("a", "one", { "1.txt": "1\n" });
      await git("a", "push", "--porcelain", "--atomic", "origin", "main:one", "main:two", "main:three/four");
      await git("a", "push", "--porcelain", "--atomic", "origin", "main:five", "main:guarded", "main:six");
      await git("a", "push", "--porcelain", "origin", "main:guarded");
      await git("a", "reset", "-q", "--hard", "HEAD~1");
      await commit("a", "other", { "2.txt": "2\n" });
      await git("a", "push", "--porcelain", "--atomic", "origin", "main:one", "main:seven");
      await git("a", "push", "--porcelain", "--all", "origin");
      await git("a", "push", "--porcelain", "--prune", "origin", "refs/heads/*:refs/heads/*");
    },
  },
  {
    name: "tags and notes",
    run: async ({ git, commit }) => {
      await git(".", "clone", "-q", "$URL", "a");
      await git("a", "tag", "light");
      await git("a", "tag", "-a", "-m", "of weight", "v1");
      await git("a", "push", "--porcelain", "--tags", "origin");
      await commit("a", "more", { "a.txt": "a\n" });
      await git("a", "tag", "-a", "-m", "next", "v2");
      await git("a", "push", "--porcelain", "--follow-tags", "origin", "main");
      await git("a", "tag", "-f", "light");
      await git("a", "push", "--porcelain", "origin", "light");
      await git("a", "push", "--porcelain", "--force", "origin", "light");
      await git("a", "push", "--porcelain", "origin", ":refs/tags/v1");
      await git("a", "notes", "add", "-m", "well done", "HEAD");
      await git("a", "push", "--porcelain", "origin", "refs/notes/*");
      await git(".", "clone", "-q", "$URL", "b");
      await git("b", "fetch", "-q", "origin", "refs/notes/*:refs/notes/*");
      await git("b", "log", "-1", "--format=%H %N");
      await git("b", "ls-remote", "--tags", "origin");
    },
  },
  {
    name: "a shallow clone, deeper, pushed from, and whole at last",
    run: async ({ git, commit }) => {
      await git(".", "clone", "-q", "$URL", "a");
      for (let index = 0; index < 6; index += 1)
        await commit("a", `step ${index}`, { "a.txt": `${index}\n` });
      await git("a", "push", "--porcelain");
      await git(".", "clone", "-q", "--depth", "1", "--no-single-branch", "$URL", "s");
      await git("s", "rev-list", "--all");
      await git("s", "fetch", "-q", "--depth", "3");
      await git("s", "rev-list", "--all");
      await commit("s", "from the shallow", { "s.txt": "s\n" });
      await git("s", "push", "--porcelain");
      await git("s", "fetch", "-q", "--deepen", "1");
      await git("s", "rev-list", "--all");
      await git("s", "fetch", "-q", "--unshallow");
      await git("s", "rev-list", "--all");
      await git("a", "pull", "-q");
      await git(".", "clone", "-q", "--shallow-since=2027-01-01", "$URL", "none");
    },
  },
  {
    name: "a partial clone, which fetches what it needs when it needs it",
    upstream: [["config", "uploadpack.allowFilter", "true"]],
    run: async ({ git, commit }) => {
      await git(".", "clone", "-q", "$URL", "a");
      await commit("a", "files", {
        "dir/one.txt": "one\n",
        "dir/two.txt": "two\n",
        "big.bin": noise(200_000),
      });
      await git("a", "push", "--porcelain");
      await git(".", "clone", "-q", "--filter=blob:none", "--no-checkout", "$URL", "p");
      await git("p", "rev-list", "--objects", "--all", "--missing=print");
      await git("p", "show", "HEAD:dir/two.txt");
      await git("p", "checkout", "-q", "main");
      await git("p", "rev-list", "--objects", "--all", "--missing=print");
      await git(".", "clone", "-q", "--filter=blob:limit=1k", "--no-checkout", "$URL", "l");
      await git("l", "rev-list", "--objects", "--all", "--missing=print");
      await git(".", "clone", "-q", "--filter=tree:0", "--no-checkout", "$URL", "t");
      await git("t", "ls-tree", "-r", "HEAD");
      await commit("p", "of the partial", { "dir/three.txt": "three\n" });
      await git("p", "push", "--porcelain");
    },
  },
  ...["0", "1", "2"].map(
    (version): Session => ({
      name: `version ${version} of the protocol`,
      run: async ({ git, commit }) => {
        const of = ["-c", `protocol.version=${version}`];
        await git(".", ...of, "ls-remote", "--symref", "$URL");
        await git(".", ...of, "clone", "-q", "$URL", "a");
        await commit("a", "more", { "a.txt": "a\n" });
        await git("a", ...of, "push", "--porcelain", "origin", "main", "main:other");
        await git(".", ...of, "clone", "-q", "--depth", "1", "$URL", "s");
        await git("s", ...of, "fetch", "-q", "--unshallow");
        await git("s", ...of, "fetch", "-q", "origin", "other");
        await git("s", "rev-list", "--all", "FETCH_HEAD");
        await git(".", ...of, "ls-remote", "$URL", "refs/heads/*");
      },
    }),
  ),
  {
    name: "an upstream without a commit",
    seed: "empty",
    run: async ({ git, commit }) => {
      await git(".", "clone", "-q", "$URL", "a");
      await git("a", "ls-remote", "origin");
      await git("a", "fetch", "-q");
      await git("a", "push", "--porcelain");
      await commit("a", "the first", { "a.txt": "a\n" });
      await git("a", "push", "--porcelain", "-u", "origin", "HEAD:refs/heads/main");
      await git("a", "ls-remote", "--symref", "origin");
      await git(".", "clone", "-q", "$URL", "b");
      await git("b", "push", "--porcelain", "origin", "main:other");
      await git("b", "push", "--porcelain", "--delete", "origin", "other");
      await git("b", "ls-remote", "origin");
    },
  },
  {
    name: "an upstream of SHA-256",
    seed: "sha256",
    run: async ({ git, commit }) => {
      await git(".", "clone", "-q", "$URL", "a");
      await commit("a", "more", { "a.txt": "a\n" });
      await git("a", "push", "--porcelain", "origin", "HEAD:refs/heads/main", "HEAD:refs/heads/other");
      await git(".", "clone", "-q", "$URL", "b");
      await git("b", "log", "--format=%H %T");
    },
  },
  {
    name: "a branch that is checked out at the upstream",
    upstream: [
      ["config", "receive.denyCurrentBranch", "refuse"],
      ["config", "core.bare", "false"],
    ],
    run: async ({ git, commit }) => {
      await git(".", "clone", "-q", "$URL", "a");
      await commit("a", "more", { "a.txt": "a\n" });
      await git("a", "push", "--porcelain", "origin", "main");
      await git("a", "push", "--porcelain", "origin", "main:other");
    },
  },
  {
    name: "hooks that talk, refuse, and are told options",
    upstream: [["config", "receive.advertisePushOptions", "true"]],
    hooks: {
      "pre-receive":
        'echo "options: $GIT_PUSH_OPTION_COUNT $GIT_PUSH_OPTION_0"; while read -r old new ref; do case $ref in */no) echo "$ref is closed"; exit 1 ;; esac; done',
      "post-receive": 'echo "thank you"',
    },
    run: async ({ git, commit }) => {
      await git(".", "clone", "-q", "$URL", "a");
      await commit("a", "more", { "a.txt": "a\n" });
      await git("a", "push", "--porcelain", "-o", "ci.skip", "origin", "main");
      await git("a", "push", "--porcelain", "origin", "main:no");
      await git("a", "push", "--porcelain", "-o", "one", "-o", "two", "origin", "main:yes");
    },
  },
  {
    name: "an upstream that changes behind one's back",
    run: async ({ git, commit, behind }) => {
      await git(".", "clone", "-q", "$URL", "a");
      const first = await behind("rev-parse", "main");
      const tree = await behind("rev-parse", "main^{tree}");
      const other = await behind("commit-tree", "-m", "other", tree);
      await behind("update-ref", "refs/heads/main", other);
      await behind("update-ref", "refs/custom/1/head", first);
      await behind("update-ref", "refs/heads/gone", first);
      await git("a", "fetch", "-q");
      await git("a", "fetch", "-q", "origin", "refs/custom/*:refs/remotes/custom/*");
      await git("a", "fetch", "-q", "origin", other);
      await git("a", "rev-parse", "FETCH_HEAD");
      await behind("update-ref", "-d", "refs/heads/gone");
      await git("a", "push", "--porcelain", "origin", ":gone");
      await git("a", "fetch", "-q", "--prune");
      await behind("update-ref", "refs/heads/trunk", first);
      await behind("symbolic-ref", "HEAD", "refs/heads/trunk");
      await git("a", "remote", "set-head", "origin", "--auto");
      await git(".", "clone", "-q", "$URL", "b");
      await git("b", "branch", "--show-current");
      await commit("b", "of trunk", { "t.txt": "t\n" });
      await git("b", "push", "--porcelain");
    },
  },
  {
    name: "a mirror",
    run: async ({ git, commit }) => {
      await git(".", "clone", "-q", "--mirror", "$URL", "m");
      await git(".", "clone", "-q", "m", "w");
      await commit("w", "more", { "a.txt": "a\n" });
      await git("w", "push", "-q", "origin", "main", "main:refs/heads/two", "main:refs/custom/x");
      await git("m", "push", "--porcelain", "--mirror", "$URL");
      await git("w", "push", "-q", "origin", ":two");
      await git("m", "push", "--porcelain", "--mirror", "$URL");
      await git("m", "fetch", "-q", "--prune");
      await git("m", "for-each-ref");
    },
  },
  {
    name: "two thousand branches, and packs of some megabytes",
    run: async ({ git, commit, behind, place }) => {
      const head = await behind("rev-parse", "main");
      for (let at = 0; at < 2000; at += 500) {
        const branches = Array.from({ length: 500 }, (_, index) => `refs/heads/b${at + index}`);
        await behind("fetch", "-q", ".", ...branches.map((ref) => `${head}:${ref}`));
      }
      await git(".", "clone", "-q", "$URL", "a");
      await git("a", "ls-remote", "origin");
      const files = Object.fromEntries(
        Array.from({ length: 300 }, (_, index) => [
          `f/${index % 17}/${index}.bin`,
          noise(20_000, `file ${index}`),
        ]),
      );
      await commit("a", "many", files);
      await git("a", "push", "--porcelain");
      await git(".", "clone", "-q", "$URL", "b");
      await git("b", "fsck", "--connectivity-only");
      rmSync(join(place.root, "b"), { recursive: true });
      const refs = Array.from({ length: 700 }, (_, index) => `:b${index}`);
      await git("a", "push", "--porcelain", "origin", ...refs);
    },
  },
];
