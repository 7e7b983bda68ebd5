import { randomBytes } from "node:crypto";
import { printable } from "../../../base/printable.ts";
import type { GitEvent } from "../../../journal/record.ts";
import { checkUpdates, isZero } from "../../../policy/git/check-updates.ts";
import { refusalLines } from "../../../policy/refusal.ts";
import { type Refusal, refuse } from "../../../policy/verdict.ts";
import type { ProposalStore } from "../../supervise/proposals.ts";
import { eventOf } from "../event.ts";
import { NO_CACHE } from "../http/answers.ts";
import type { GateAnswer } from "../http/gate-exchange.ts";
import { HOLD_MS, PREPARED_MS } from "../limits.ts";
import type { PreparedPrograms } from "../prepared-programs.ts";
import type { GitProcess } from "../programs.ts";
import type { Repo } from "../repo.ts";
import { run } from "../run.ts";
import { UpstreamRefused } from "../upstream/conversation.ts";
import { PacketReader, WireError } from "../wire/pkt-line.ts";
import { PROBE, type PushRequest, readPushRequest } from "../wire/push-request.ts";
import { encodeReport, type RefResult, readReport } from "../wire/report.ts";

import { forward } from "./forward.ts";
import type { Inspected, PushInspector } from "./inspector.ts";
import { describeFinding, heldReason, judgeFindings, shown } from "./judge.ts";
import { PushOutput } from "./output.ts";
import { receive, TooLarge } from "./receive.ts";
import { recordedFindings, recordedRefs } from "./recorded.ts";
import type { Signer } from "./signer.ts";
import { InvalidObject } from "./tips.ts";

export interface PusherParts {
  readonly programs: PreparedPrograms;
  readonly inspector: PushInspector;
  readonly signer: Signer;
  /** undefined: nobody can be asked (`supervise: false`) */
  readonly proposals: ProposalStore | undefined;
  record(event: GitEvent): void;
}

/** What a push came to. */
interface Outcome {
  readonly refusal?: Refusal;
  readonly hold?: boolean;
  readonly results: readonly RefResult[];
  readonly unpack?: string;
  readonly inspected?: Inspected;
  readonly bytes?: number;
  /** of the refusal or the proposal */
  readonly id?: string;
}

/** Takes pushes: unpacked in a quarantine, looked through whole, and then refused, held, or forwarded. */
export class Pusher {
  readonly #parts: PusherParts;

  constructor(parts: PusherParts) {
    this.#parts = parts;
  }

  /** A push of this repository is likely to come: the programs that will look at it are started. */
  expect(repo: Repo): void {
    const { name } = repo.plan;
    if (repo.nextPush !== undefined) return;
    const push = newId();
    const jobs = (["receive-pack", "inspect", "pack-objects"] as const).map((op) => ({
      op,
      repo: name,
      push,
    }));
    repo.nextPush = push;
    this.#parts.programs.prepare(jobs, PREPARED_MS, () => {
      if (repo.nextPush === push) repo.nextPush = undefined;
      void this.#discard(name, push);
    });
  }

  /** Answers one `git-receive-pack` request. */
  async serve(repo: Repo, body: AsyncIterable<Buffer>, gone: AbortSignal): Promise<GateAnswer> {
    const startedAt = performance.now();
    const reader = new PacketReader(body);
    const fields = ["content-type", "application/x-git-receive-pack-result", ...NO_CACHE];
    let request: PushRequest | typeof PROBE;
    try {
      request = await readPushRequest(reader);
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      const refusal = refuse(
        "git.protocol_error",
        `The push can't be read: ${printable(error.message)}.`,
        repo.rule,
      );
      const id = newId();
      this.#record(repo, [], { refusal, results: [], id }, startedAt, (text) => text);
      return {
        status: 400,
        fields: ["content-type", "text/plain"],
        body: Buffer.from(`${refusalLines(refusal, id).join("\n")}\n`),
      };
    }
    if (request === PROBE) return { status: 200, fields, body: Buffer.alloc(0) };
    const output = new PushOutput(request.sideBand);
    void this.#inTurn(repo, request, reader, output, gone, startedAt);
    return { status: 200, fields, body: output };
  }

  async #inTurn(
    repo: Repo,
    request: PushRequest,
    reader: PacketReader,
    output: PushOutput,
    gone: AbortSignal,
    startedAt: number,
  ): Promise<void> {
    const push = repo.nextPush ?? newId();
    repo.nextPush = undefined;
    const before = repo.pushing;
    const done = (async () => {
      await before.catch(() => {});
      try {
        return await this.#push(repo, push, request, reader, output, gone);
      } catch (error) {
        return failed(error, repo, request);
      } finally {
        await this.#discard(repo.plan.name, push);
      }
    })();
    repo.pushing = done;
    const outcome = await done;
    const { results, unpack } = outcome;
    const id = outcome.id ?? newId();
    // A refusal may name a ref that nothing has looked at.
    const redacted = await this.#parts.inspector.redactor(repo);
    const refusal = outcome.refusal && withoutSecrets(outcome.refusal, redacted);
    if (refusal) output.say(...refusalLines(refusal, id));
    this.#record(repo, request.updates, { ...outcome, ...(refusal && { refusal }), id }, startedAt, redacted);
    output.end(encodeReport(request.report, request.sideBand, unpack, results));
  }

  async #discard(repo: string, push: string): Promise<void> {
    await run(this.#parts.programs, { op: "discard", repo, push }).catch(() => {});
  }

  async #push(
    repo: Repo,
    push: string,
    request: PushRequest,
    reader: PacketReader,
    output: PushOutput,
    gone: AbortSignal,
  ): Promise<Outcome> {
    const { programs, inspector } = this.#parts;
    const { updates } = request;
    const refs = repo.mirror.last ?? (await repo.mirror.refresh());
    const { push: rules, name } = repo.plan;
    const facts = { repo: name, rule: repo.rule, refs: refs.refs, head: refs.head };
    const early = checkUpdates(rules, updates, { ...facts, fastForward: undefined });
    if (early) {
      await drain(reader);
      return refused(early, request);
    }
    let git: GitProcess | undefined;
    try {
      let inspected: Inspected;
      let bytes = 0;
      const packed = updates.some((update) => !isZero(update.new));
      if (packed) {
        const received = await receive(programs, repo.plan.name, push, request, reader, refs.format);
        if (received.kind === "refused") return await refusedByGit(received, repo, request);
        ({ git, bytes } = received);
        inspected = await inspector.inspect(repo, push, request, refs, gone);
      } else {
        await drain(reader);
        inspected = await inspector.names(repo, request, refs);
      }
      const seen = { inspected, bytes };
      const { fastForward } = inspected;
      const late = packed ? checkUpdates(rules, updates, { ...facts, fastForward }) : undefined;
      if (late) return { ...refused(late, request), ...seen };
      const held = await this.#holdOrRefuse(repo, request, inspected, output, gone);
      if (held.outcome) return { ...held.outcome, ...seen };
      const outcome = await this.#forward(repo, push, request, inspected, output);
      const nothing = outcome.results.every((result) => result.refused !== undefined);
      if (nothing && held.approved !== undefined) this.#parts.proposals?.giveBack(held.approved);
      return { ...outcome, ...seen };
    } finally {
      git?.kill();
    }
  }

  /** What was found in it, and the paths that wait for the operator. */
  async #holdOrRefuse(
    repo: Repo,
    request: PushRequest,
    { findings, heldPaths }: Inspected,
    output: PushOutput,
    gone: AbortSignal,
  ): Promise<{ readonly outcome?: Outcome; readonly approved?: string }> {
    const judged = judgeFindings(findings);
    if (judged.code !== undefined) {
      output.say(
        "bot-bottle: the push was not forwarded; in it:",
        ...shown(judged.refused.map(describeFinding)),
      );
      const detail =
        "What is listed above would leave: take it out of every commit that is pushed (git rebase, git commit --amend), and push again.";
      return { outcome: refused(refuse(judged.code, detail, repo.rule), request) };
    }
    const reasons = [
      ...heldPaths.map(({ path, commit }) => ({
        code: "git.held" as const,
        text: `${printable(path, 200)} (commit ${commit.slice(0, 12)})`,
      })),
      ...judged.held.map(heldReason),
    ];
    if (reasons.length === 0) return {};
    return await this.#hold(
      repo,
      request,
      reasons,
      judged.held.length > 0 ? "gitleaks-allow" : "push",
      output,
      gone,
    );
  }

  async #hold(
    repo: Repo,
    request: PushRequest,
    held: Parameters<ProposalStore["file"]>[1]["held"],
    kind: Parameters<ProposalStore["file"]>[0],
    output: PushOutput,
    gone: AbortSignal,
  ): Promise<{ readonly outcome?: Outcome; readonly approved?: string }> {
    const { proposals } = this.#parts;
    const { updates, options } = request;
    const ask = { repo: repo.plan.name, upstream: repo.plan.url, updates, options, held };
    const taken = proposals?.take(ask);
    if (taken) {
      output.say(`bot-bottle: the operator has approved this push (${taken.id})`);
      return { approved: taken.id };
    }
    output.say("bot-bottle: this push waits for the operator, for:", ...shown(held.map(({ text }) => text)));
    if (proposals === undefined) {
      const detail = "It needs the operator, and this bottle's manifest says supervise: false.";
      return { outcome: refused(refuse("git.held", detail, repo.rule), request) };
    }
    const filed = proposals.file(kind, ask);
    if ("refused" in filed) {
      const { retryable } = filed;
      return { outcome: refused(refuse("git.held", `${filed.refused}.`, repo.rule, { retryable }), request) };
    }
    const { id } = filed.proposal;
    if (filed.proposal.state === "pending")
      output.say(`bot-bottle: asked as ${id}; waiting up to ${HOLD_MS / 1000} s`);
    await proposals.wait(id, HOLD_MS, gone);
    const used = proposals.take(ask);
    if (used) return { approved: used.id };
    const state = proposals.find(id);
    const detail =
      state?.state === "rejected"
        ? `The operator rejected it${state.reason === undefined ? "" : `: ${printable(state.reason, 300)}`}.`
        : `Pending as ${id}: push again after approval.`;
    const needed = `the operator's: bot-bottle supervise approve ${id}`;
    const refusal = refuse("git.held", detail, repo.rule, { needed, retryable: state?.state === "pending" });
    return { outcome: { ...refused(refusal, request), hold: true, id } };
  }

  async #forward(
    repo: Repo,
    push: string,
    request: PushRequest,
    inspected: Inspected,
    output: PushOutput,
  ): Promise<Outcome> {
    const { programs, signer } = this.#parts;
    const { updates, options, atomic } = request;
    const signed = await signer.sign(repo, push, updates, inspected);
    const sent = {
      repo: repo.plan.name,
      push,
      updates: signed.updates,
      options,
      atomic,
      objects: signed.objects,
      edges: inspected.edges,
    };
    const results = await forward(programs, repo.connect, sent, (line) => output.say(line));
    if (signed.note !== undefined) output.say(signed.note);
    return {
      results: results.map((result, at) => {
        const [was, is] = [updates[at]?.new, signed.updates[at]?.new];
        return result.refused === undefined && is !== undefined && is !== was
          ? { ...result, signed: is }
          : result;
      }),
    };
  }

  #record(
    repo: Repo,
    updates: PushRequest["updates"],
    outcome: Outcome,
    startedAt: number,
    redacted: (text: string) => string,
  ): void {
    const { refusal, hold, results, inspected, bytes, id } = outcome;
    const failures = results.flatMap(({ ref, refused: why }) =>
      why === undefined ? [] : [`${ref}: ${why}`],
    );
    this.#parts.record({
      ...eventOf(repo, startedAt),
      event: "push",
      ...recordedRefs(updates, redacted),
      verdict: hold === true ? "hold" : refusal ? "block" : "allow",
      ...(refusal && { code: refusal.code }),
      ...(inspected && inspected.objectCount > 0 && { objects: inspected.objectCount }),
      ...(bytes !== undefined && bytes > 0 && { bytes }),
      ...recordedFindings(inspected?.findings ?? []),
      ...(refusal
        ? { error: refusal.detail }
        : failures.length > 0 && { error: printable(redacted(failures.join("; ")), 1000) }),
      ...(refusal && id !== undefined && { id }),
    });
  }
}

function withoutSecrets(refusal: Refusal, redacted: (text: string) => string): Refusal {
  const { detail, needed } = refusal;
  return { ...refusal, detail: redacted(detail), ...(needed !== undefined && { needed: redacted(needed) }) };
}

/** All refs with the code as their reason, which porcelain output shows. */
function refused(refusal: Refusal, { updates }: PushRequest): Outcome {
  return { refusal, results: updates.map(({ ref }) => ({ ref, refused: refusal.code })) };
}

async function refusedByGit(
  { said, stderr }: { readonly said: Buffer; readonly stderr: string },
  repo: Repo,
  request: PushRequest,
): Promise<Outcome> {
  const report = await readReport(
    new PacketReader(
      (async function* () {
        yield said;
      })(),
    ),
  ).catch(() => undefined);
  const problem = printable(stderr.split("\n").slice(-3).join("; ") || report?.unpack || "git ended", 600);
  const large = /exceeds maximum allowed size|pack exceeds/.test(stderr);
  const refusal = refuse(
    large ? "git.too_large" : "git.object_invalid",
    `git would not take the push: ${problem}.`,
    repo.rule,
  );
  const outcome = refused(refusal, request);
  if (report === undefined) return outcome;
  return {
    ...outcome,
    results: request.updates.map(({ ref }) => ({
      ref,
      refused: report.results.find((result) => result.ref === ref)?.refused ?? refusal.code,
    })),
    ...(report.unpack !== undefined && { unpack: printable(report.unpack, 200) }),
  };
}

function failed(error: unknown, repo: Repo, request: PushRequest): Outcome {
  if (error instanceof UpstreamRefused) {
    const detail = `${repo.plan.upstream.host}: ${error.message}`;
    return refused(refuse("git.upstream_failed", detail, repo.rule, { retryable: true }), request);
  }
  if (error instanceof InvalidObject)
    return refused(refuse("git.object_invalid", error.message, repo.rule), request);
  if (error instanceof TooLarge) return refused(refuse("git.too_large", error.message, repo.rule), request);
  if (error instanceof WireError) {
    return refused(
      refuse("git.protocol_error", `The push can't be read: ${printable(error.message)}.`, repo.rule),
      request,
    );
  }
  const detail = `The gate failed; nothing was forwarded: ${printable(error instanceof Error ? error.message : String(error), 300)}.`;
  return refused(refuse("sidecar.internal", detail, "fail closed", { retryable: true }), request);
}

/** What is left of a request that is refused: git reads no answer before it has sent all. */
async function drain(reader: PacketReader): Promise<void> {
  let total = 0;
  for await (const bytes of reader.rest()) {
    total += bytes.length;
    if (total > 1024 * 1024 * 1024) return;
  }
}

function newId(): string {
  return randomBytes(6).toString("hex");
}
