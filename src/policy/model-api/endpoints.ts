import { printable } from "../../base/printable.ts";
import type { HeaderList, RequestFacts } from "../facts.ts";
import { fieldValue, overriddenMethods, pathOverride } from "../headers.ts";
import type { ModelApiRules } from "../route.ts";
import type { CompiledRoute } from "../routes.ts";
import { type Refusal, refuse } from "../verdict.ts";

/** What a request to a model's API is, by its head. */
export type Endpoint =
  /** its body is read whole before any of it goes */
  | "body"
  /** it has no body */
  | "bodiless"
  /** it can open a WebSocket, each of whose messages is read; without one it has no body */
  | "messages"
  /** an upload, which the route allows: its body is inspected like any other's */
  | "upload";

const SEGMENT = "[A-Za-z0-9._~:@-]+";

/** A path's end, behind whatever a gateway has before it. */
function ends(tail: string): RegExp {
  return new RegExp(`^(?:/${SEGMENT}){0,8}${tail}$`);
}

interface Api {
  readonly posts: RegExp;
  /** GET or HEAD: nothing that makes the provider act */
  readonly gets: RegExp;
  readonly sockets: RegExp | undefined;
}

const APIS: Readonly<Record<ModelApiRules["kind"], Api>> = {
  "anthropic-messages": {
    posts: ends("/v1/messages(?:/count_tokens)?"),
    // The rest is what Claude Code asks for: whether it is online, its settings, the account's limits, whether a host is known to be bad.
    gets: ends(
      `(?:/v1/models(?:/${SEGMENT})?|/api/(?:hello|claude_code/(?:settings|policy_limits)|claude_cli/bootstrap|oauth/(?:profile|usage|account/settings|claude_cli/roles)|web/domain_info))`,
    ),
    sockets: undefined,
  },
  "openai-responses": {
    posts: ends("/responses(?:/compact|/input_tokens)?"),
    gets: ends(`/models(?:/${SEGMENT})?`),
    sockets: ends("/responses"),
  },
  "openai-chat": {
    posts: ends("/chat/completions"),
    gets: ends(`/models(?:/${SEGMENT})?`),
    sockets: undefined,
  },
};

const FILES = /\/(?:files|uploads)(?:\/|$)/;
/** What takes files in other ways: no setting opens these. */
const KEEPS_FILES =
  /\/(?:vector_stores|containers|skills|audio\/transcriptions|audio\/translations|images\/edits)(?:\/|$)/;

/** Names in `anthropic-beta` that open what `server_tools` or `file_upload` decide about. */
const BETAS: readonly (readonly [RegExp, string])[] = [
  [/^files-api-/, "file_upload"],
  [/^mcp-/, "mcp"],
  [/^(?:code-execution|skills)-/, "code_execution"],
  [/^web-fetch-/, "web_fetch"],
  [/^web-search-/, "web_search"],
  [/^advisor-tool-/, "advisor"],
];

/**
 * What a request to a model's API asks for. `path`: normalised, without its query. A query or a field that names another
 * method or path is refused: it is this one that is read.
 */
export function endpointOf(
  rules: ModelApiRules,
  route: CompiledRoute,
  { method, headers }: RequestFacts,
  path: string,
  query: string,
): Endpoint | Refusal {
  const api = APIS[rules.kind];
  const override = pathOverride(headers) ?? overriddenMethods(headers, query)[0];
  if (override !== undefined) {
    const detail = "The request asks for another method or path than the one that is read.";
    return refuse("egress.path_ambiguous", detail, route.rule);
  }
  const beta = betaRefusal(rules, route, headers);
  if (beta) return beta;
  if (method === "POST" && api.posts.test(path)) return "body";
  if ((method === "GET" || method === "HEAD") && api.gets.test(path)) return "bodiless";
  if (method === "GET" && api.sockets?.test(path) === true) return "messages";
  if (FILES.test(path) && rules.fileUpload === "allow") return "upload";
  if (FILES.test(path) || KEEPS_FILES.test(path)) {
    const detail = `${printable(path, 200)} leaves a file with the model's provider, or fetches one.`;
    return refuse("model.file_upload_not_allowed", detail, `${route.rule} body`, {
      ...(FILES.test(path) && {
        needed: `body: {kind: ${rules.kind}, file_upload: allow}, on the route of ${route.spec.host}`,
      }),
    });
  }
  return endpointRefusal(rules, route, method, path);
}

function endpointRefusal(rules: ModelApiRules, route: CompiledRoute, method: string, path: string): Refusal {
  const detail = `${printable(method, 64)} ${printable(path, 200)} is no endpoint of ${rules.kind} whose requests are read.`;
  return refuse("model.endpoint_not_allowed", detail, `${route.rule} body`);
}

function betaRefusal(rules: ModelApiRules, route: CompiledRoute, headers: HeaderList): Refusal | undefined {
  if (rules.kind !== "anthropic-messages") return undefined;
  const stated = fieldValue(headers, "anthropic-beta");
  if (stated === undefined) return undefined;
  for (const name of stated.toLowerCase().split(",")) {
    const opens = BETAS.find(([begins]) => begins.test(name.trim()))?.[1];
    if (opens === undefined || rules.serverTools.includes(opens)) continue;
    if (opens === "file_upload" && rules.fileUpload === "allow") continue;
    const code = opens === "file_upload" ? "model.file_upload_not_allowed" : "model.server_tool_not_allowed";
    const detail = `The header anthropic-beta opens what the route does not allow: ${opens}.`;
    return refuse(code, detail, `${route.rule} body`, {
      needed: `body: {kind: ${rules.kind}, ${opens === "file_upload" ? "file_upload: allow" : `server_tools: [${[...rules.serverTools, opens].join(", ")}]`}}, on the route of ${route.spec.host}`,
    });
  }
  return undefined;
}
