import { randomBytes } from "node:crypto";
import type { Readable } from "node:stream";
import { printable } from "../../../base/printable.ts";
import type { GitEvent } from "../../../journal/record.ts";
import { type Refusal, refuse } from "../../../policy/verdict.ts";
import { eventOf } from "../event.ts";
import { QuotaExceeded } from "../http/metered.ts";
import { MAX_LFS_OBJECT_BYTES } from "../limits.ts";
import { describeFinding, heldReason, judgeFindings, shown } from "../push/judge.ts";
import { recordedFindings } from "../push/recorded.ts";
import type { Repo } from "../repo.ts";
import type { GitFinding } from "../scan/finding.ts";
import type { LocatedFinding } from "../scan/locate.ts";
import { UpstreamRefused } from "../upstream/conversation.ts";
import { errorAnswer, jsonAnswer, type LfsAnswer, refusalAnswer } from "./answers.ts";
import type { LfsScans } from "./object-scan.ts";
import { type LfsObject, LfsRequestError, type Operation, objectOf, readBatch, readJson } from "./objects.ts";
import { same, type UploadParts, upload } from "./upload.ts";
import type { Offer } from "./upstream-lfs.ts";

export interface LfsRequest {
  readonly method: string;
  /** behind the repository's `info/lfs`, without a query: `/objects/batch` */
  readonly path: string;
  readonly body: Readable;
  /** aborts when the client has gone */
  readonly gone: AbortSignal;
}

export interface LfsParts extends Omit<UploadParts, "repo"> {
  readonly repo: Pick<Repo, "plan" | "rule">;
  /** where the bottle reaches it: `http://HOST/NAME.git/info/lfs` */
  readonly base: string;
  readonly scanText: LfsScans["scanText"];
  record(event: GitEvent): void;
}

/** A request was refused by what was found, or by a rule. */
class LfsRefused extends Error {
  readonly refusal: Refusal;
  readonly findings: readonly GitFinding[];

  constructor(refusal: Refusal, findings: readonly GitFinding[] = []) {
    super(refusal.detail);
    this.name = "LfsRefused";
    this.refusal = refusal;
    this.findings = findings;
  }
}

/** What a request came to, for the journal. */
interface Done {
  readonly objects: number;
  readonly bytes: number;
}

const OBJECT = /^\/objects\/([0-9a-f]{64})\/(0|[1-9][0-9]{0,15})$/;

/**
 * LFS of one repository (git-lfs docs/api): the batch API, and the objects themselves at addresses of the gate's own. Where
 * the upstream keeps them, and what it wants to be shown there, no bottle ever hears.
 */
export class LfsGate {
  readonly #parts: LfsParts;

  constructor(parts: LfsParts) {
    this.#parts = parts;
  }

  /** Rejects only with what is a bug, or when the client has gone. */
  async serve(request: LfsRequest): Promise<LfsAnswer> {
    const startedAt = performance.now();
    try {
      return await this.#serve(request, startedAt);
    } catch (error) {
      if (request.gone.aborted) throw error;
      return this.#failed(error, startedAt);
    }
  }

  async #serve({ method, path, body, gone }: LfsRequest, startedAt: number): Promise<LfsAnswer> {
    if (path === "/objects/batch" && method === "POST") return await this.#batch(body);
    const [, oid, size] = OBJECT.exec(path) ?? [];
    const object = objectOf(oid, Number(size));
    if (object !== undefined && method === "PUT") return await this.#upload(object, body, gone, startedAt);
    if (object !== undefined && method === "GET") return await this.#download(object, gone, startedAt);
    // git-lfs asks before each push, and takes this for a server without locks.
    if (/^\/locks(?:\/|$)/.test(path))
      return errorAnswer(404, "bot-bottle: the gate serves no file locks", randomBytes(6).toString("hex"));
    throw new LfsRequestError(404, "the gate serves LFS' batch API and its objects, nothing else");
  }

  async #batch(body: Readable): Promise<LfsAnswer> {
    const { operation, objects } = readBatch(await readJson(body as AsyncIterable<Buffer>));
    if (operation === "upload") this.#mayUpload();
    await this.#scanNames(objects);
    const fitting = objects.filter(({ size }) => size <= MAX_LFS_OBJECT_BYTES);
    const offers = fitting.length === 0 ? [] : await this.#parts.upstream.batch(operation, fitting);
    const offered = new Map(fitting.map((object, at) => [object, offers[at]]));
    const answers = objects.map((object) => this.#answer(operation, object, offered.get(object)));
    return jsonAnswer(200, { transfer: "basic", objects: answers, hash_algo: "sha256" });
  }

  #answer(operation: Operation, object: LfsObject, offer: Offer | undefined): unknown {
    if (offer === undefined) {
      const message = `bot-bottle: git.too_large: an LFS object has more than ${MAX_LFS_OBJECT_BYTES} bytes`;
      return { ...object, error: { code: 422, message } };
    }
    if ("code" in offer) return { ...object, error: { code: offer.code, message: offer.message } };
    if (offer.transfer === undefined) return object;
    const href = `${this.#parts.base}/objects/${object.oid}/${object.size}`;
    return { ...object, authenticated: true, actions: { [operation]: { href } } };
  }

  /** Names go to the upstream before any object is read, and are 32 bytes of the agent's choice each. */
  async #scanNames(objects: readonly LfsObject[]): Promise<void> {
    const oids = objects.map(({ oid }) => oid);
    const found = [
      ...(await this.#parts.scanText("LFS object's name", oids.join("\n"))),
      ...(await this.#parts.scanText("LFS objects' names", oids.join(""))),
    ];
    if (found.length > 0) throw this.#found(found);
  }

  #mayUpload(): void {
    const { plan, rule } = this.#parts.repo;
    if (plan.push.allow.length > 0) return;
    const detail = "Nothing may be pushed to this repository, LFS objects neither.";
    throw new LfsRefused(
      refuse("git.ref_not_allowed", detail, rule, { needed: "push: {allow: […]} of the entry" }),
    );
  }

  async #upload(object: LfsObject, body: Readable, gone: AbortSignal, startedAt: number): Promise<LfsAnswer> {
    this.#mayUpload();
    if (object.size > MAX_LFS_OBJECT_BYTES) {
      const detail = `An LFS object has more than ${MAX_LFS_OBJECT_BYTES} bytes.`;
      throw new LfsRefused(refuse("git.too_large", detail, this.#parts.repo.rule));
    }
    await this.#scanNames([object]);
    const { repo, ...parts } = this.#parts;
    const findings = await upload({ ...parts, repo: repo.plan.name }, object, body, gone);
    if (findings.length > 0) throw this.#found(findings);
    this.#done({ objects: 1, bytes: object.size }, startedAt);
    return jsonAnswer(200, {});
  }

  async #download(object: LfsObject, gone: AbortSignal, startedAt: number): Promise<LfsAnswer> {
    await this.#scanNames([object]);
    const { upstream } = this.#parts;
    const [offer] = await upstream.batch("download", [object]);
    if (offer === undefined || "code" in offer)
      throw new LfsRequestError(404, "the upstream has no such object");
    if (offer.transfer === undefined) throw new LfsRequestError(404, "the upstream has no such object");
    const source = await upstream.get(offer.transfer, gone);
    const done = () => this.#done({ objects: 1, bytes: object.size }, startedAt);
    const body = (async function* () {
      yield* same(object, source as AsyncIterable<Buffer>);
      done();
    })();
    return {
      status: 200,
      fields: ["content-type", "application/octet-stream", "cache-control", "no-store"],
      body,
    };
  }

  #found(findings: readonly GitFinding[]): LfsRefused {
    const { code, refused, held } = judgeFindings(findings.map(placed));
    const [first] = held;
    // No operator is asked for a single object: what could be held is refused here.
    const decided = code ?? (first === undefined ? "dlp.token_pattern" : heldReason(first).code);
    const lines = shown([...refused, ...held].map(describeFinding)).map((line) => line.trim());
    const detail = `An LFS object holds what must not leave: ${lines.join("; ")}.`;
    return new LfsRefused(refuse(decided, detail, this.#parts.repo.rule), findings);
  }

  #done(done: Done, startedAt: number): void {
    const { repo, record } = this.#parts;
    record({ ...eventOf(repo, startedAt), event: "lfs", verdict: "allow", ...done });
  }

  #failed(error: unknown, startedAt: number): LfsAnswer {
    const { repo, record } = this.#parts;
    const id = randomBytes(6).toString("hex");
    const refusal = this.#refusalOf(error);
    const findings = error instanceof LfsRefused ? error.findings.map(placed) : [];
    const { findings: recorded = [], ...rest } = recordedFindings(findings);
    record({
      ...eventOf(repo, startedAt),
      event: "lfs",
      verdict: "block",
      code: refusal.code,
      error: refusal.detail,
      id,
      ...rest,
      ...(recorded.length > 0 && { findings: recorded.map((finding) => ({ ...finding, action: "block" })) }),
    });
    if (error instanceof LfsRequestError)
      return errorAnswer(error.status, `bot-bottle: ${error.message}`, id);
    const answer = refusalAnswer(refusal, id);
    return refusal.retryable ? { ...answer, status: 502 } : answer;
  }

  #refusalOf(error: unknown): Refusal {
    const { rule } = this.#parts.repo;
    if (error instanceof LfsRefused || error instanceof QuotaExceeded) return error.refusal;
    if (error instanceof UpstreamRefused)
      return refuse("git.upstream_failed", error.message, rule, { retryable: true });
    if (error instanceof LfsRequestError) return refuse("git.protocol_error", `${error.message}.`, rule);
    const reason = printable(error instanceof Error ? error.message : String(error), 500);
    return refuse("sidecar.internal", `An LFS object could not be taken: ${reason}.`, rule);
  }
}

/** It lies in no commit and at no path that is known yet. */
function placed(finding: GitFinding): LocatedFinding {
  return { ...finding, commit: undefined, path: undefined };
}
