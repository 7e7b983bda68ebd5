import { Readable } from "node:stream";
import { printable } from "../../base/printable.ts";
import type { GitEvent } from "../../journal/record.ts";
import { fieldValue, queryValues } from "../../policy/headers.ts";
import type { Quotas } from "../../policy/quota.ts";
import { type Refusal, refuse } from "../../policy/verdict.ts";
import type { IncomingRequest, InnerPlane } from "../egress/stream.ts";
import { eventOf } from "./event.ts";
import { serveFetch } from "./fetch.ts";
import { NO_CACHE, refusalAnswer } from "./http/answers.ts";
import { type GateAnswer, GateExchange, type GateRequest } from "./http/gate-exchange.ts";
import { metered, quotaRoute } from "./http/metered.ts";
import type { Asked, RepoPaths } from "./http/repo-path.ts";
import { requestBody } from "./http/request-body.ts";
import type { LfsGate } from "./lfs/lfs-gate.ts";
import { PREPARED_MS } from "./limits.ts";
import type { PreparedPrograms } from "./prepared-programs.ts";
import type { Pusher } from "./push/pusher.ts";
import { hostKeyRefusal, type Repo } from "./repo.ts";
import { UpstreamRefused } from "./upstream/conversation.ts";
import { FLUSH, packet } from "./wire/pkt-line.ts";
import { encodeReceiveAdvertisement } from "./wire/receive-advertisement.ts";

export interface GateParts {
  readonly repos: ReadonlyMap<string, Repo>;
  readonly paths: RepoPaths;
  readonly programs: PreparedPrograms;
  readonly pusher: Pusher;
  readonly quotas: Quotas;
  /** by repository */
  readonly lfs: ReadonlyMap<string, LfsGate>;
  record(event: GitEvent): void;
}

type Service = "git-upload-pack" | "git-receive-pack";

/** The git plane: smart HTTP towards the bottle (gitprotocol-http) for the repositories its manifest declares. */
export class GitGate implements InnerPlane {
  readonly #parts: GateParts;

  constructor(parts: GateParts) {
    this.#parts = parts;
  }

  takes(facts: IncomingRequest["facts"]): boolean {
    return this.#parts.paths.find(facts) !== undefined;
  }

  open(...[client, incoming]: Parameters<InnerPlane["open"]>): GateExchange {
    const asked = this.#parts.paths.find(incoming.facts);
    return new GateExchange(
      client,
      incoming,
      (request) => this.#serve(asked, request),
      (_, refusal) => this.#refused(asked, refusal, performance.now()),
    );
  }

  async #serve(asked: Asked | undefined, request: GateRequest): Promise<GateAnswer> {
    const startedAt = performance.now();
    const repo = asked?.repo && this.#parts.repos.get(asked.repo.name);
    if (!asked || !repo) return this.#refused(asked, notDeclared(asked), startedAt);
    const { host } = repo.plan.upstream;
    const { facts } = request.incoming;
    const over = this.#parts.quotas.admit(quotaRoute(repo.plan), host, facts, performance.now());
    const refusal = hostKeyRefusal(repo) ?? over;
    if (refusal) return this.#refused(asked, refusal, startedAt);
    try {
      return await this.#service(repo, asked, request, startedAt);
    } catch (error) {
      if (!(error instanceof UpstreamRefused)) throw error;
      const detail = `${repo.plan.upstream.host}: ${error.message}`;
      return this.#refused(
        asked,
        refuse("git.upstream_failed", detail, repo.rule, { retryable: true }),
        startedAt,
      );
    }
  }

  async #service(
    repo: Repo,
    { below, query }: Asked,
    request: GateRequest,
    startedAt: number,
  ): Promise<GateAnswer> {
    const { method } = request.incoming.facts;
    const { programs, pusher, quotas } = this.#parts;
    if (below === "info/refs" && (method === "GET" || method === "HEAD")) {
      const [service] = queryValues(query, "service");
      if (service !== "git-upload-pack" && service !== "git-receive-pack")
        return this.#protocolError(repo, "git's dumb protocol is not served", startedAt);
      return await this.#advertise(repo, service, request, startedAt);
    }
    if (below.startsWith("info/lfs")) {
      const { gone } = request;
      const body = Readable.from(
        metered(request.body as AsyncIterable<Buffer>, quotas, quotaRoute(repo.plan)),
      );
      body.on("error", () => {});
      const lfs = this.#parts.lfs.get(repo.plan.name);
      if (lfs) return await lfs.serve({ method, path: below.slice("info/lfs".length), body, gone });
    }
    if (method !== "POST" || (below !== "git-upload-pack" && below !== "git-receive-pack"))
      return this.#protocolError(
        repo,
        `${printable(method)} of ${printable(below, 100)} is no request of git's`,
        startedAt,
      );
    const type = fieldValue(request.incoming.fields, "content-type");
    if (type !== `application/x-${below}-request`)
      return this.#protocolError(repo, "its content-type is not git's", startedAt);
    const coded = requestBody(request);
    if (coded === undefined) return this.#protocolError(repo, "its content-encoding is not gzip", startedAt);
    const body = metered(coded, quotas, quotaRoute(repo.plan));
    if (below === "git-receive-pack") return pusher.serve(repo, body, request.gone);
    this.#parts.record({ ...eventOf(repo, startedAt), event: "fetch", verdict: "allow" });
    return await serveFetch(repo.plan.name, programs, body, protocolOf(request.incoming), request.gone);
  }

  /** The mirror is what the upstream is, or nothing is served. */
  async #advertise(
    repo: Repo,
    service: Service,
    { incoming, gone }: GateRequest,
    startedAt: number,
  ): Promise<GateAnswer> {
    const { programs, pusher } = this.#parts;
    const { name } = repo.plan;
    const protocol = protocolOf(incoming);
    const fields = ["content-type", `application/x-${service}-advertisement`, ...NO_CACHE];
    const rpc = { op: "upload-pack", repo: name, protocol, advertise: false } as const;
    // Version 2 says nothing of refs before it is asked, with the next request.
    const second = service === "git-upload-pack" && protocol.includes("version=2");
    // A mirror that was never looked at may be made anew, under what is started now.
    const seen = repo.mirror.last !== undefined;
    // Its connection is what takes longest: it is begun first.
    const refreshing = repo.mirror.refresh(service === "git-receive-pack");
    if (seen && service === "git-receive-pack") pusher.expect(repo);
    if (seen && second) programs.prepare([{ ...rpc, advertise: true }, rpc], PREPARED_MS);
    const refs = await refreshing;
    this.#parts.record({
      ...eventOf(repo, startedAt),
      event: "refresh",
      verdict: "allow",
      refs: [],
      refs_left_out: refs.refs.size,
    });
    if (service === "git-receive-pack") {
      pusher.readRules(repo);
      return { status: 200, fields, body: encodeReceiveAdvertisement(refs) };
    }
    const git = await programs.start({ ...rpc, advertise: true });
    gone.addEventListener("abort", () => git.kill());
    git.stdin.end();
    // gitprotocol-http: version 2's capabilities come without the line that names the service.
    const named = second ? [] : [packet(`# service=${service}\n`), FLUSH];
    const body = (async function* () {
      yield* named;
      yield* git.stdout as AsyncIterable<Buffer>;
      const { code, stderr } = await git.exited;
      if (code !== 0) throw new Error(`${service} failed: ${stderr}`);
    })();
    return { status: 200, fields, body };
  }

  #protocolError(repo: Repo, problem: string, startedAt: number): GateAnswer {
    const refusal = refuse("git.protocol_error", `The request can't be served: ${problem}.`, repo.rule);
    return this.#refused({ repo: repo.plan, named: repo.plan.url, below: "", query: "" }, refusal, startedAt);
  }

  #refused(asked: Asked | undefined, refusal: Refusal, startedAt: number): GateAnswer {
    const { id, ...answer } = refusalAnswer(refusal);
    this.#parts.record({
      kind: "git",
      event: "refused",
      repo: asked?.repo?.name ?? "",
      upstream: printable(asked?.named ?? "", 300),
      verdict: "block",
      code: refusal.code,
      rule: refusal.rule,
      ms: Math.round(performance.now() - startedAt),
      error: refusal.detail,
      id,
    });
    return answer;
  }
}

function notDeclared(asked: Asked | undefined): Refusal {
  return refuse(
    "git.not_declared",
    `No git-gate entry declares ${printable(asked?.named ?? "", 300)}.`,
    "default deny",
    { needed: "a git-gate.repos entry with its url and a key" },
  );
}

/** Git-Protocol of a request, where it is one that git sends. */
function protocolOf({ fields }: IncomingRequest): string {
  const value = fieldValue(fields, "git-protocol") ?? "";
  return /^[a-z0-9=:-]{1,100}$/.test(value) ? value : "";
}
