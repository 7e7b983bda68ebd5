import type { RefUpdate } from "../../../policy/git/push-rules.ts";
import type { GitPrograms } from "../programs.ts";
import type { Repo } from "../repo.ts";
import type { RawObject } from "../sign/commit.ts";
import { SignFailure } from "../sign/failure.ts";
import { signObjects } from "../sign/rewrite.ts";
import { sshSigner } from "../sign/ssh-signer.ts";
import { feed } from "../upstream/feed.ts";
import { encodePack } from "../wire/pack-writer.ts";
import type { Inspected } from "./inspector.ts";

/** What goes out instead of what was pushed. */
export interface SignedPush {
  readonly updates: readonly RefUpdate[];
  readonly objects: ReadonlyMap<string, string>;
  /** for the pusher; undefined: nothing was signed */
  readonly note: string | undefined;
}

/** Signs what was looked through, where the repository's entry says `sign`. */
export class Signer {
  readonly #programs: GitPrograms;

  constructor(programs: GitPrograms) {
    this.#programs = programs;
  }

  /** Throws `SignFailure`. */
  async sign(
    repo: Repo,
    push: string,
    updates: readonly RefUpdate[],
    { objects, graph, format }: Inspected,
  ): Promise<SignedPush> {
    const unsigned = { updates, objects, note: undefined };
    if (repo.plan.sign === undefined || graph === undefined) return unsigned;
    const own = new Map<string, RawObject>();
    for (const id of objects.keys()) {
      const [type, content] = [graph.typeOf(id), graph.contentOf(id)];
      if ((type === "commit" || type === "tag") && content) own.set(id, { type, content });
    }
    if (own.size === 0) return unsigned;
    const tips = updates.map((update) => update.new);
    const signed = await signObjects({
      format,
      tips,
      objects: own,
      sign: sshSigner(this.#programs, repo.plan.name),
    });
    await this.#write(repo, push, encodePack(signed.objects, format));
    const kept = [...objects].filter(([id]) => !signed.ids.has(id));
    return {
      updates: updates.map((update) => ({ ...update, new: signed.ids.get(update.new) ?? update.new })),
      objects: new Map([...kept, ...signed.objects.map(({ id }) => [id, ""] as const)]),
      note: `bot-bottle: ${signed.objects.length} commits and tags were signed and have new ids; take them with: git pull --rebase`,
    };
  }

  async #write({ plan }: Repo, push: string, pack: Buffer): Promise<void> {
    const git = await this.#programs.start({ op: "write-objects", repo: plan.name, push });
    git.stdout.resume();
    void feed(
      (async function* () {
        yield pack;
      })(),
      git.stdin,
    );
    const { code, stderr } = await git.exited;
    if (code !== 0) throw new SignFailure(`the signed objects could not be written: ${stderr}`);
  }
}
