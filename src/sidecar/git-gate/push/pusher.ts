import { randomBytes } from "node:crypto";
import { printable } from "../../../base/printable.ts";
import type { GitEvent } from "../../../journal/record.ts";
import { checkUpdates, isZero } from "../../../policy/git/check-updates.ts";
import { refusalLines } from "../../../policy/refusal.ts";
import { eventOf } from "../event.ts";
import { NO_CACHE, refusalAnswer } from "../http/answers.ts";
import type { GateAnswer } from "../http/gate-exchange.ts";
import { PREPARED_MS } from "../limits.ts";
import type { PreparedPrograms } from "../prepared-programs.ts";
import type { GitProcess } from "../programs.ts";
import type { Repo } from "../repo.ts";
import { run } from "../run.ts";
import { PacketReader } from "../wire/pkt-line.ts";
import { PROBE, type PushRequest, readPushRequest } from "../wire/push-request.ts";
import { encodeReport } from "../wire/report.ts";
import { forward } from "./forward.ts";
import type { Inspected, PushInspector } from "./inspector.ts";
import { failed, type Outcome, refusalOf, refused, refusedByGit, withoutSecrets } from "./outcome.ts";
import { PushOutput } from "./output.ts";
import type { PushJudge } from "./push-judge.ts";
import { receive } from "./receive.ts";
import { recordedFindings, recordedRefs } from "./recorded.ts";
import type { Signer } from "./signer.ts";

export interface PusherParts {
  readonly programs: PreparedPrograms;
  readonly inspector: PushInspector;
  readonly signer: Signer;
  readonly judge: PushJudge;
  record(event: GitEvent): void;
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

  /** What a push that likely comes is looked through with. */
  readRules(repo: Repo): void {
    // When it comes, it hears of an error.
    this.#parts.inspector.rulesOf(repo).catch(() => {});
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
      const refusal = refusalOf(error, repo);
      const { id, ...answer } = refusalAnswer(refusal);
      this.#record(repo, [], { refusal, results: [], id }, startedAt, (text) => text);
      return answer;
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
        void this.#discard(repo.plan.name, push);
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
    // The upstream has moved by this push: the next request needn't wait for what is fetched of it now.
    if (results.some((result) => result.refused === undefined)) repo.mirror.refresh().catch(() => {});
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
    const { programs, inspector, judge } = this.#parts;
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
      const judged = await judge.judge(repo, request, inspected, output, gone);
      if (judged.outcome) return { ...judged.outcome, ...seen };
      let taken = false;
      try {
        const outcome = await this.#forward(repo, push, request, inspected, output);
        taken = outcome.results.some((result) => result.refused === undefined);
        return { ...outcome, ...seen };
      } finally {
        if (!taken) judge.giveBack(judged.approved);
      }
    } finally {
      git?.kill();
    }
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
