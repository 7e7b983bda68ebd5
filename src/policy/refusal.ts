import { printable } from "../base/printable.ts";
import { MAX_REFUSAL_TEXT } from "./limits.ts";
import { CODES, type Code, type Refusal } from "./verdict.ts";

/** An HTTP answer with its whole body. */
export interface HttpAnswer {
  readonly status: number;
  /** lower-case field names; `content-length` is among them */
  readonly headers: Readonly<Record<string, string>>;
  /** JSON, UTF-8 */
  readonly body: Buffer;
}

/** The codes whose answer is not 403 (SPEC §3): the client's broken message, and what failed behind the sidecar. */
const STATUS: Partial<Record<Code, number>> = {
  "egress.protocol_error": 400,
  "egress.upstream_tls_invalid": 502,
  "egress.upstream_unreachable": 502,
  "git.protocol_error": 400,
  "git.upstream_failed": 502,
};

/**
 * The one place where a refusal becomes an HTTP answer: problem details (RFC 9457) that say what was refused, by which
 * rule, what the manifest would have to say, and how to ask. `id` names the refusal in the journal and in asks.
 * Every text is printable and bounded by `MAX_REFUSAL_TEXT`.
 */
export function problemJson(refusal: Refusal, { id }: { readonly id: string }): HttpAnswer {
  const status = STATUS[refusal.code] ?? 403;
  const needed = refusal.needed === undefined ? undefined : lines(refusal.needed);
  const problem = {
    type: `urn:bot-bottle:refusal:${refusal.code}`,
    title: CODES[refusal.code],
    status,
    code: refusal.code,
    detail: printable(refusal.detail, MAX_REFUSAL_TEXT),
    rule: printable(refusal.rule, MAX_REFUSAL_TEXT),
    ...(needed === undefined ? {} : { needed }),
    ask: howToAsk(refusal),
    retryable: refusal.retryable,
    id: printable(id, MAX_REFUSAL_TEXT),
  };
  const body = Buffer.from(`${JSON.stringify(problem, undefined, 2)}\n`);
  const headers = {
    "content-type": "application/problem+json",
    "content-length": String(body.length),
    "cache-control": "no-store",
    "x-bot-bottle-verdict": refusal.code,
  };
  return { status, headers, body };
}

/**
 * The same for git, which prints a plain text line by line behind `remote:` and nothing of JSON (http.c,
 * show_http_message).
 */
export function plainText(refusal: Refusal, { id }: { readonly id: string }): HttpAnswer {
  const body = Buffer.from(`${refusalLines(refusal, id).join("\n")}\n`);
  const headers = {
    "content-type": "text/plain; charset=utf-8",
    "content-length": String(body.length),
    "cache-control": "no-store",
    "x-bot-bottle-verdict": refusal.code,
  };
  return { status: STATUS[refusal.code] ?? 403, headers, body };
}

/** What a person reads of a refusal, printable, line by line. */
export function refusalLines(refusal: Refusal, id: string): readonly string[] {
  const needed = refusal.needed === undefined ? [] : ["needed:", ...lines(refusal.needed).split("\n")];
  return [
    `bot-bottle: ${refusal.code}: ${printable(refusal.detail, MAX_REFUSAL_TEXT)}`,
    `rule: ${printable(refusal.rule, MAX_REFUSAL_TEXT)}`,
    ...needed,
    `${howToAsk(refusal)} (refusal ${printable(id, MAX_REFUSAL_TEXT)})`,
  ];
}

function howToAsk({ code, needed, retryable }: Refusal): string {
  if (code === "git.held" && needed !== undefined)
    return "Push the same again once the operator has approved it.";
  if (needed !== undefined) return "Ask the operator to add what `needed` says to the bottle's manifest.";
  return retryable
    ? "Nothing to ask for: try again later."
    : "No manifest entry allows this request as it is: change the request, or tell the operator.";
}

/** Printable line by line: the line breaks of the YAML stay. */
function lines(text: string): string {
  return text
    .slice(0, MAX_REFUSAL_TEXT)
    .split("\n")
    .map((line) => printable(line))
    .join("\n");
}
