import { MAX_GRAPHQL_BATCH } from "./limits.ts";
import { type Json, readJson } from "./model-api/json.ts";
import { isList, isObject } from "./model-api/shapes.ts";

/** What a request over HTTP says of its document (GraphQL over HTTP §5.1); what only names a stored one isn't among it. */
const PARAMETERS = new Set(["query", "operationName", "variables"]);

/**
 * Whether a body is GraphQL that reads and does nothing else: one request, or a list of them, each with a document of
 * queries and fragments. Undefined: it is. Else what is wrong, for the end of a sentence that begins with "The body".
 */
export function graphqlProblem(body: Buffer): string | undefined {
  const read = readJson(body);
  if (!read.ok) return read.problem;
  const requests: readonly Json[] = isList(read.value) ? read.value : [read.value];
  if (requests.length > MAX_GRAPHQL_BATCH) return "holds more requests than are read";
  for (const request of requests) {
    const problem = requestProblem(request);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function requestProblem(request: Json): string | undefined {
  if (!isObject(request)) return "is no GraphQL request";
  for (const name of request.keys())
    if (!PARAMETERS.has(name)) return "holds more than query, operationName and variables";
  const document = request.get("query");
  if (typeof document !== "string") return "holds no document";
  return onlyReads(document) ? undefined : "holds a document that may do more than read";
}

/** Names, punctuation that nests, strings and comments of a document (GraphQL, October 2021, §2.1); white space and the rest between them. */
const TOKENS =
  /"""(?:[^\\"]|\\"""|\\|"(?!""))*"""|"(?:[^"\\\n\r]|\\.)*"|#[^\n\r]*|[A-Za-z_]\w*|[{}()[\]]|[^"#A-Za-z_{}()[\]]+/gy;

/** Whether a document defines queries and fragments alone. What can't be read as one does not. */
export function onlyReads(document: string): boolean {
  let depth = 0;
  // a definition begins with its kind, or with what a query without a name selects
  let begins = true;
  let definitions = 0;
  let end = 0;
  for (const { 0: token, index } of document.matchAll(TOKENS)) {
    end = index + token.length;
    if ("{([".includes(token)) {
      if (begins && token !== "{") return false;
      begins = false;
      depth++;
    } else if ("})]".includes(token)) {
      depth--;
      if (depth < 0) return false;
      if (depth > 0 || token !== "}") continue;
      begins = true;
      definitions++;
    } else if (begins && /^[A-Za-z_"]/.test(token)) {
      if (token !== "query" && token !== "fragment") return false;
      begins = false;
    }
  }
  return depth === 0 && begins && end === document.length && definitions > 0;
}
