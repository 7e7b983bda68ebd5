import { randomBytes } from "node:crypto";
import { printable } from "../../base/printable.ts";
import { MAX_ITEMS } from "../../journal/limits.ts";
import type { ProposalEvent } from "../../journal/record.ts";
import {
  PROPOSAL_CHARS,
  PROPOSAL_LIFE_MS,
  PROPOSAL_REASONS,
  PROPOSAL_REF_BYTES,
  PROPOSAL_REFS,
  PROPOSAL_TEXT,
  PROPOSAL_WAIT_MS,
  PROPOSALS_KEPT,
  PROPOSALS_OPEN,
} from "./limits.ts";
import {
  coversHeld,
  type Proposal,
  type ProposalKind,
  type ProposalState,
  type PushAsk,
  proposalDigest,
  pushKey,
} from "./proposal.ts";

/** What came of asking: the proposal that stands for the ask, or why there can be none, fit to print. */
export type Filed =
  | { readonly proposal: Proposal }
  | { readonly refused: string; readonly retryable: boolean };

/** What came of a decision: the proposal as it now is, or why it was not taken. */
export type Decided = { readonly proposal: Proposal } | { readonly refused: string };

interface Entry {
  proposal: Proposal;
  readonly key: string;
  /** when it was filed, decided or expired, milliseconds since 1970 */
  changedAt: number;
  readonly waiting: Set<() => void>;
}

/**
 * What one bottle's agent has asked its operator for, in the sidecar's memory: it ends with the sidecar. A proposal
 * never changes but in its state, so that its id and digest always name the same push.
 */
export class ProposalStore {
  readonly #now: () => number;
  readonly #onEvent: (event: ProposalEvent) => void;
  readonly #entries = new Map<string, Entry>();

  /** `now`: milliseconds since 1970. `onEvent` is told every change, for the journal. */
  constructor({ now, onEvent }: { now: () => number; onEvent: (event: ProposalEvent) => void }) {
    this.#now = now;
    this.#onEvent = onEvent;
  }

  /**
   * Files an ask. The same ask is not filed twice: while a proposal for it is pending, approved or rejected, that one is
   * the answer.
   */
  file(kind: ProposalKind, ask: PushAsk): Filed {
    this.#sweep();
    const push = bounded(ask);
    if (push === undefined) {
      return { refused: "it is more than an operator can be shown: push less at once", retryable: false };
    }
    const key = pushKey(push);
    const known = this.#entriesOf(key).find(
      ({ proposal }) =>
        proposal.kind === kind && ANSWERING.has(proposal.state) && coversHeld(proposal.push, push),
    );
    if (known) return { proposal: known.proposal };
    if (this.open().length >= PROPOSALS_OPEN || !this.#makeRoom()) {
      const refused = `${PROPOSALS_OPEN} proposals wait for the operator already: wait until one is decided`;
      return { refused, retryable: true };
    }
    const createdAt = this.#now();
    const shown = { id: this.#newId(), kind, createdAt, push };
    const proposal: Proposal = { ...shown, state: "pending", digest: proposalDigest(shown) };
    const entry: Entry = { proposal, key, changedAt: createdAt, waiting: new Set() };
    this.#entries.set(proposal.id, entry);
    this.#tell("filed", proposal);
    return { proposal };
  }

  /**
   * Uses the approval of this very push up, if there is one that covers all it is held for now. Of two pushes at once
   * one gets it. Undefined: there is none.
   */
  take(ask: PushAsk): Proposal | undefined {
    this.#sweep();
    const push = bounded(ask);
    if (push === undefined) return undefined;
    const entry = this.#entriesOf(pushKey(push)).find(
      ({ proposal }) => proposal.state === "approved" && coversHeld(proposal.push, push),
    );
    return entry && this.#change(entry, "used", {});
  }

  /** Makes an approval that was taken usable again: the upstream took nothing of the push. */
  giveBack(id: string): void {
    const entry = this.#entries.get(id);
    if (entry?.proposal.state === "used") this.#change(entry, "approved", { event: "returned" });
  }

  /** Its state when it is decided, when `ms` are over (at most `PROPOSAL_WAIT_MS`) or when `signal` aborts. */
  async wait(id: string, ms: number, signal?: AbortSignal): Promise<ProposalState> {
    this.#sweep();
    const entry = this.#entries.get(id);
    if (entry?.proposal.state === "pending" && signal?.aborted !== true) {
      await new Promise<void>((resolve) => {
        const done = () => {
          clearTimeout(timer);
          entry.waiting.delete(done);
          signal?.removeEventListener("abort", done);
          resolve();
        };
        const timer = setTimeout(done, Math.min(ms, PROPOSAL_WAIT_MS));
        entry.waiting.add(done);
        signal?.addEventListener("abort", done);
      });
      this.#sweep();
    }
    // one that was forgotten meanwhile
    return entry?.proposal.state ?? "expired";
  }

  /** Those that wait for the operator, oldest first. */
  open(): Proposal[] {
    this.#sweep();
    return [...this.#entries.values()].flatMap(({ proposal }) =>
      proposal.state === "pending" ? [proposal] : [],
    );
  }

  /** Decided or not. Undefined: there is none, or it was forgotten. */
  find(id: string): Proposal | undefined {
    this.#sweep();
    return this.#entries.get(id)?.proposal;
  }

  /** `digest`: of what the operator was shown. A rejection may be taken back so. */
  approve(id: string, digest: string): Decided {
    return this.#decide(id, digest, "approved", {});
  }

  /** An approval that was not used may be taken back so. `reason` is shown to the agent. */
  reject(id: string, digest: string, reason: string | undefined): Decided {
    const text = reason === undefined ? undefined : printable(reason, PROPOSAL_TEXT);
    return this.#decide(id, digest, "rejected", text === undefined ? {} : { reason: text });
  }

  #decide(id: string, digest: string, state: "approved" | "rejected", detail: { reason?: string }): Decided {
    this.#sweep();
    const entry = this.#entries.get(id);
    if (!entry) return { refused: "there is no such proposal" };
    const { proposal } = entry;
    if (digest !== proposal.digest) return { refused: "it is not what was shown" };
    if (!ANSWERING.has(proposal.state)) return { refused: `it is ${proposal.state}` };
    return { proposal: proposal.state === state ? proposal : this.#change(entry, state, detail) };
  }

  #change(
    entry: Entry,
    state: ProposalState,
    { reason, event }: { reason?: string; event?: ProposalEvent["event"] },
  ): Proposal {
    const { reason: _before, ...same } = entry.proposal;
    entry.proposal = { ...same, state, ...(reason !== undefined && { reason }) };
    // using it and giving it back don't make an approval younger: an upstream that keeps failing would keep it for ever
    if (state !== "used" && event !== "returned") entry.changedAt = this.#now();
    for (const done of [...entry.waiting]) done();
    if (state !== "pending") this.#tell(event ?? state, entry.proposal);
    return entry.proposal;
  }

  #entriesOf(key: string): Entry[] {
    return [...this.#entries.values()].filter((entry) => entry.key === key);
  }

  /** Lets what is too old expire. */
  #sweep(): void {
    const latest = this.#now() - PROPOSAL_LIFE_MS;
    for (const entry of this.#entries.values()) {
      if (ANSWERING.has(entry.proposal.state) && entry.changedAt <= latest) {
        this.#change(entry, "expired", {});
      }
    }
  }

  /** Whether one more can be remembered. */
  #makeRoom(): boolean {
    for (const states of [SPENT, REJECTED]) {
      for (const [id, { proposal }] of this.#entries) {
        if (this.#entries.size < PROPOSALS_KEPT) return true;
        if (states.has(proposal.state)) this.#entries.delete(id);
      }
    }
    return this.#entries.size < PROPOSALS_KEPT;
  }

  #newId(): string {
    for (;;) {
      const letters = [...randomBytes(8)].map((byte) => ALPHABET.charAt(byte % ALPHABET.length));
      const id = `p${letters.join("")}`;
      if (!this.#entries.has(id)) return id;
    }
  }

  #tell(event: ProposalEvent["event"], { id, kind, push, reason, digest }: Proposal): void {
    const refs = push.updates.slice(0, MAX_ITEMS);
    const held = push.held.slice(0, MAX_ITEMS).map(({ code, text }) => `${code} ${text}`);
    this.#onEvent({
      kind: "proposal",
      event,
      id,
      asks: kind,
      repo: push.repo,
      upstream: push.upstream,
      refs: refs.map((update) => ({ ref: update.ref, old: update.old, new: update.new })),
      ...(push.updates.length > refs.length && { refs_left_out: push.updates.length - refs.length }),
      ...(push.options.length > 0 && { options: push.options }),
      held,
      ...(push.held.length > held.length && { held_left_out: push.held.length - held.length }),
      digest,
      ...(reason !== undefined && { reason }),
    });
  }
}

/** 32 of them, none that looks like another: an id is read out and typed. */
const ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz";

/** States in which a proposal can still be decided, and answers the same ask. */
const ANSWERING: ReadonlySet<ProposalState> = new Set(["pending", "approved", "rejected"]);
const SPENT: ReadonlySet<ProposalState> = new Set(["used", "expired"]);
const REJECTED: ReadonlySet<ProposalState> = new Set(["rejected"]);

/** The ask with its texts made printable and cut; undefined: it is more than can be shown whole. */
function bounded({ repo, upstream, updates, options, held }: PushAsk): PushAsk | undefined {
  if (updates.length > PROPOSAL_REFS || held.length > PROPOSAL_REASONS) return undefined;
  if (updates.some(({ ref }) => Buffer.byteLength(ref) > PROPOSAL_REF_BYTES)) return undefined;
  const reasons = held.map(({ code, text }) => ({ code, text: printable(text, PROPOSAL_TEXT) }));
  const push = { repo, upstream, updates, options, held: reasons };
  return JSON.stringify(push).length <= PROPOSAL_CHARS ? push : undefined;
}
