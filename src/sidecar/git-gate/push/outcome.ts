import { printable } from "../../../base/printable.ts";
import { type Refusal, refuse } from "../../../policy/verdict.ts";
import { QuotaExceeded } from "../http/metered.ts";
import type { Repo } from "../repo.ts";
import { TooManyChanges } from "../scan/changed-paths.ts";
import { UpstreamRefused } from "../upstream/conversation.ts";
import { PacketReader, WireError } from "../wire/pkt-line.ts";
import type { PushRequest } from "../wire/push-request.ts";
import { type RefResult, readReport } from "../wire/report.ts";
import type { Inspected } from "./inspector.ts";
import { TooLarge } from "./receive.ts";
import { InvalidObject } from "./tips.ts";

/** What a push came to. */
export interface Outcome {
  readonly refusal?: Refusal;
  readonly hold?: boolean;
  readonly results: readonly RefResult[];
  readonly unpack?: string;
  readonly inspected?: Inspected;
  readonly bytes?: number;
  /** of the refusal or the proposal */
  readonly id?: string;
}

/** A refusal with everything taken out that `redacted` takes out: it may name a ref that nothing has looked at. */
export function withoutSecrets(refusal: Refusal, redacted: (text: string) => string): Refusal {
  const { detail, needed } = refusal;
  return { ...refusal, detail: redacted(detail), ...(needed !== undefined && { needed: redacted(needed) }) };
}

/** All refs with the code as their reason, which porcelain output shows. */
export function refused(refusal: Refusal, { updates }: PushRequest): Outcome {
  return { refusal, results: updates.map(({ ref }) => ({ ref, refused: refusal.code })) };
}

/** What git said of a push that it did not take. */
export async function refusedByGit(
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

/** What an error comes to: nothing was forwarded, or it is not known what the upstream made of it. */
export function failed(error: unknown, repo: Repo, request: PushRequest): Outcome {
  return refused(refusalOf(error, repo), request);
}

export function refusalOf(error: unknown, repo: Repo): Refusal {
  if (error instanceof UpstreamRefused) {
    const detail = `${repo.plan.upstream.host}: ${error.message}`;
    return refuse("git.upstream_failed", detail, repo.rule, { retryable: true });
  }
  if (error instanceof QuotaExceeded) return error.refusal;
  if (error instanceof InvalidObject) return refuse("git.object_invalid", error.message, repo.rule);
  if (error instanceof TooLarge || error instanceof TooManyChanges)
    return refuse("git.too_large", error.message, repo.rule);
  if (error instanceof WireError) {
    return refuse("git.protocol_error", `The push can't be read: ${printable(error.message)}.`, repo.rule);
  }
  const detail = `The gate failed: ${printable(error instanceof Error ? error.message : String(error), 300)}.`;
  return refuse("sidecar.internal", detail, "fail closed", { retryable: true });
}
