import { MAX_STATE_BYTES } from "../limits.ts";
import type { GitPrograms, ObjectFormat } from "../programs.ts";
import { collect, run } from "../run.ts";
import { type Connect, UpstreamRefused } from "../upstream/conversation.ts";
import { feed } from "../upstream/feed.ts";
import { type Advertisement, readAdvertisement } from "../wire/advertisement.ts";
import { WireError } from "../wire/pkt-line.ts";
import { bandOne } from "../wire/side-band.ts";
import { encodeFetch } from "./fetch-request.ts";
import { encodeRefs, isMirrored, readState } from "./packed-refs.ts";

/** What an upstream has, as it was last heard. */
export interface Refs {
  readonly refs: ReadonlyMap<string, string>;
  /** the default branch, `refs/heads/…` */
  readonly head: string | undefined;
  readonly format: ObjectFormat;
}

/**
 * The bare copy of one upstream: nothing but what was fetched from there. Bottles read it; it is written here, and by
 * other sidecars of the same upstream and credential at the same time.
 */
export class Mirror {
  readonly #repo: string;
  readonly #programs: GitPrograms;
  readonly #connect: Connect;
  #known:
    | { readonly format: string; readonly head: string; readonly refs: ReadonlyMap<string, string> }
    | undefined;
  #refreshing: Promise<Refs> | undefined;
  #last: Refs | undefined;

  constructor(repo: string, programs: GitPrograms, connect: Connect) {
    this.#repo = repo;
    this.#programs = programs;
    this.#connect = connect;
  }

  /**
   * Brings it to what the upstream has now; who asks while that is under way gets its result. Rejects with
   * `UpstreamRefused`: what is there then may be old, and isn't to be served.
   * `keep`: as `Connect` has it.
   */
  refresh(keep = false): Promise<Refs> {
    this.#refreshing ??= this.#refresh(keep).finally(() => {
      this.#refreshing = undefined;
    });
    return this.#refreshing;
  }

  /** What the last refresh found: what a pusher was told. */
  get last(): Refs | undefined {
    return this.#last;
  }

  /** The types of those among `ids` that it has. */
  async types(ids: readonly string[]): Promise<ReadonlyMap<string, string>> {
    if (ids.length === 0) return new Map();
    const { text } = await collect(
      this.#programs,
      { op: "mirror-has", repo: this.#repo },
      `${ids.join("\n")}\n`,
      MAX_STATE_BYTES,
    );
    const lines = text.split("\n").map((line) => line.split(" "));
    return new Map(lines.flatMap(([id = "", type = "", size]) => (size === undefined ? [] : [[id, type]])));
  }

  async #refresh(keep: boolean): Promise<Refs> {
    const conversation = await this.#connect("git-upload-pack", keep);
    try {
      const [said] = await Promise.all([readAdvertisement(conversation.advertisement), this.#load()]);
      await this.#bring(said, conversation);
      this.#last = { refs: said.refs, head: said.head, format: said.format };
      return this.#last;
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      const reason = await conversation.reason();
      throw new UpstreamRefused(reason === "" ? `${error.message}.` : `${reason}.`);
    } finally {
      conversation.close();
    }
  }

  /** What is there, read once: another sidecar's newer refs are met as objects that are there already. */
  async #load(): Promise<void> {
    if (this.#known !== undefined) return;
    const { code, text } = await collect(
      this.#programs,
      { op: "mirror-state", repo: this.#repo },
      "",
      MAX_STATE_BYTES,
    );
    this.#known = code === 0 ? readState(text) : undefined;
  }

  async #bring(said: Advertisement, conversation: Awaited<ReturnType<Connect>>): Promise<void> {
    if (this.#known === undefined || (this.#known.format !== said.format && this.#known.refs.size === 0)) {
      await run(this.#programs, { op: "mirror-reset", repo: this.#repo, format: said.format });
      this.#known = { format: said.format, head: "", refs: new Map() };
    }
    const known = this.#known;
    if (known.format !== said.format)
      throw new UpstreamRefused(`the upstream has become a ${said.format} repository.`);
    const have = new Set(known.refs.values());
    const wanted = new Map([...said.refs].filter(([name]) => isMirrored(name)));
    const want = [...new Set(wanted.values())].filter((id) => !have.has(id));
    if (want.length > 0) {
      const answer = await conversation.ask(encodeFetch(want, [...have], said.capabilities));
      await this.#index(bandOne(answer, () => {}));
    }
    const head = said.head ?? known.head;
    if (want.length === 0 && head === known.head && sameRefs(wanted, known.refs)) return;
    const text = encodeRefs({ ...said, head });
    const { code, stderr } = await run(this.#programs, { op: "mirror-refs", repo: this.#repo }, text);
    if (code !== 0) throw new UpstreamRefused(`what the upstream sent is not whole: ${stderr}.`);
    this.#known = { format: said.format, head, refs: wanted };
    // Nobody waits for it; who reads meanwhile finds what is in the new pack in the old ones.
    if (want.length > 0) run(this.#programs, { op: "mirror-tidy", repo: this.#repo }).catch(() => {});
  }

  async #index(pack: AsyncIterable<Buffer>): Promise<void> {
    const git = await this.#programs.start({ op: "mirror-index", repo: this.#repo });
    git.stdout.resume();
    let failure: Error | undefined;
    await feed(pack, git.stdin, (error) => {
      failure = error;
    });
    const { code, stderr } = await git.exited;
    if (failure !== undefined) throw failure;
    if (code !== 0) throw new UpstreamRefused(`the upstream's pack can't be read: ${stderr}.`);
  }
}

function sameRefs(a: ReadonlyMap<string, string>, b: ReadonlyMap<string, string>): boolean {
  return a.size === b.size && [...a].every(([name, id]) => b.get(name) === id);
}
