import type { HeaderList } from "../../../policy/facts.ts";
import type { CookieJar } from "./cookie-jar.ts";
import { isKeyField, type Meaning, meaningInQuery, plainName } from "./names.ts";
import { withoutCredentials } from "./subprotocols.ts";
import { logsInAt, withoutUserinfo } from "./userinfo.ts";

/** What a credential of the agent's own is known by. */
export interface Origin {
  /** the route's own field, lower case */
  readonly header: string;
  /** the real credential's spellings: the agent can't know them, and must not send them back */
  readonly forms: readonly string[];
  readonly host: string;
  readonly cookies: CookieJar;
  /** values that parameters may hold whatever their name, latin1 */
  readonly allowed: ReadonlySet<string>;
}

export interface TakenOff {
  readonly fields: string[];
  readonly target: string;
  /** field names, `query NAME`, `cookie NAME`, `userinfo in NAME`, `subprotocol NAME`; never a value */
  readonly removed: readonly string[];
  /** the query makes it a token request */
  readonly grant: boolean;
}

const EMPTY: readonly string[] = [];

/**
 * A request's head without what the agent brought: the route's field, fields and query parameters that carry a credential
 * by their name, the same value or the real one in any other parameter, the userinfo of URLs, subprotocols of a WebSocket
 * that carry one, and cookies that the host has not set through the sidecar.
 */
export function takeOff(fields: HeaderList, target: string, origin: Origin): TakenOff {
  const kept: string[] = [];
  const tokens = new Set(origin.forms);
  const removed = new Set<string>();
  let hasCookie = false;
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i] ?? "";
    const lower = name.toLowerCase();
    const text = fields[i + 1] ?? "";
    if (lower === origin.header || isKeyField(lower)) {
      removed.add(lower);
      // `Bearer x`, `token x`, `x`: the token is the last word
      tokens.add(text.slice(text.lastIndexOf(" ") + 1));
      continue;
    }
    if (lower === "cookie") hasCookie = true;
    if (lower === "sec-websocket-protocol") {
      const left = withoutCredentials(text, tokens, removed);
      if (left !== "") kept.push(name, left);
      continue;
    }
    const plain = withoutUserinfo(text);
    if (plain !== text) removed.add(`userinfo in ${lower}`);
    kept.push(name, plain);
  }
  const query = target.indexOf("?");
  const rest = query < 0 ? NO_QUERY : withoutTokens(target.slice(query + 1), tokens, origin, removed);
  if (rest.query !== undefined) target = target.slice(0, query) + rest.query;
  if (hasCookie) takeOffCookies(kept, tokens, origin, removed);
  return { fields: kept, target, removed: removed.size === 0 ? EMPTY : [...removed], grant: rest.grant };
}

interface Query {
  /** with its `?`; undefined: as it was */
  readonly query: string | undefined;
  readonly grant: boolean;
}

const NO_QUERY: Query = { query: undefined, grant: false };

function withoutTokens(
  query: string,
  tokens: ReadonlySet<string>,
  { host, allowed }: Origin,
  removed: Set<string>,
): Query {
  const parameters = query.split("&");
  // A semicolon separates for some servers; to others it is one of the value's characters.
  const inAll = parameters.flatMap((parameter) =>
    parameter.includes(";") ? [parameter, ...parameter.split(";")] : parameter,
  );
  const grant = inAll.some((parameter) => meaningOf(parameter) === "grant");
  let whole = true;
  const isKept = (parameter: string) => {
    const equals = parameter.indexOf("=");
    if (equals < 0) return true;
    const value = parameter.slice(equals + 1);
    const decoded = percentDecoded(value);
    const meaning = meaningOf(parameter);
    const named = (meaning === "credential" || (grant && meaning === "of a grant")) && !allowed.has(decoded);
    if (!named && !tokens.has(value) && !tokens.has(decoded) && !logsInAt(decoded, host)) return true;
    removed.add(`query ${parameter.slice(0, equals)}`);
    whole = false;
    return false;
  };
  const kept: string[] = [];
  for (const parameter of parameters) {
    if (!isKept(parameter)) continue;
    const parts = parameter.includes(";") ? parameter.split(";").filter(isKept) : [parameter];
    if (parts.length > 0) kept.push(parts.join(";"));
  }
  if (whole) return { query: undefined, grant };
  return { query: kept.length === 0 ? "" : `?${kept.join("&")}`, grant };
}

function meaningOf(parameter: string): Meaning {
  const equals = parameter.indexOf("=");
  return equals < 0 ? "other" : meaningInQuery(plainName(percentDecoded(parameter.slice(0, equals))));
}

function takeOffCookies(
  fields: string[],
  tokens: ReadonlySet<string>,
  { host, cookies }: Origin,
  removed: Set<string>,
): void {
  for (let i = fields.length - 2; i >= 0; i -= 2) {
    if (fields[i]?.toLowerCase() !== "cookie") continue;
    const pairs = (fields[i + 1] ?? "").split(";");
    const kept = pairs.filter((pair) => {
      if (pair.trim() === "") return true;
      const equals = pair.indexOf("=");
      const value = pair
        .slice(equals + 1)
        .trim()
        .replace(/^"(.*)"$/, "$1");
      if (cookies.gave(host, pair) && !tokens.has(value) && !tokens.has(percentDecoded(value))) return true;
      removed.add(`cookie ${pair.slice(0, Math.max(0, equals)).trim()}`);
      return false;
    });
    if (kept.length === pairs.length) continue;
    if (kept.every((pair) => pair.trim() === "")) fields.splice(i, 2);
    else fields[i + 1] = kept.join(";").trim();
  }
}

/** Percent-decoded as UTF-8 bytes read as latin1, `+` as a space; unchanged where that fails. */
export function percentDecoded(text: string): string {
  if (!/[%+]/.test(text)) return text;
  try {
    return Buffer.from(decodeURIComponent(text.replaceAll("+", " ")), "utf8").toString("latin1");
  } catch {
    return text;
  }
}
