import type { HeaderList } from "../../../policy/facts.ts";
import { refusalLines } from "../../../policy/refusal.ts";
import type { Refusal } from "../../../policy/verdict.ts";

/** The media type of LFS' own JSON (git-lfs docs/api). */
export const LFS_JSON = "application/vnd.git-lfs+json";

export interface LfsAnswer {
  readonly status: number;
  /** `[name, value, …]` */
  readonly fields: HeaderList;
  /** one that throws breaks the answer off */
  readonly body: Buffer | AsyncIterable<Buffer>;
}

export function jsonAnswer(status: number, value: unknown): LfsAnswer {
  return {
    status,
    fields: ["content-type", LFS_JSON, "cache-control", "no-store"],
    body: Buffer.from(`${JSON.stringify(value)}\n`),
  };
}

/** An error as git-lfs prints it. `message` is printable. */
export function errorAnswer(status: number, message: string, id: string): LfsAnswer {
  return jsonAnswer(status, { message, request_id: id });
}

/**
 * A refusal as git-lfs prints it. Its status is 400 whatever the code: git-lfs tries again what was answered with 403 (an
 * expired authorization, for it) or 429, and takes an upload answered with 422 for one that went well.
 */
export function refusalAnswer(refusal: Refusal, id: string): LfsAnswer {
  const answer = errorAnswer(400, refusalLines(refusal, id).join("\n"), id);
  return { ...answer, fields: [...answer.fields, "x-bot-bottle-verdict", refusal.code] };
}
