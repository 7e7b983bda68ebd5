import type { Secret } from "../../../base/secret.ts";
import type { HeaderList } from "../../../policy/facts.ts";
import type { RouteAuth } from "../../../policy/route.ts";
import { LOG_SECRET_CHARS } from "../limits.ts";
import type { Needle } from "../log/mask.ts";

export interface PutOn {
  readonly fields: HeaderList;
  readonly target: string;
  /** what the agent brought and was taken off: field names, `query NAME`, `cookie NAME`; never a value */
  readonly removed: readonly string[];
}

/** A route's credential, ready to be put on. */
export interface Credential {
  /** the secret's name */
  readonly name: string;
  /** the spellings in which it leaves, to be masked when they come back */
  readonly forms: readonly string[];
  /**
   * Takes off what the agent brought (the route's field, fields and query parameters that carry a credential by their
   * name, and the same value or the real one in any other parameter or cookie), and puts the real credential on at the
   * end of the fields.
   */
  putOn(fields: HeaderList, target: string): PutOn;
}

/** The vault, seen from egress: the one place of this plane where a secret's value is taken out. */
export interface Credentials {
  /** Throws Error, naming the secret, when the vault has none of that name: the request must not go out without it. */
  of(auth: RouteAuth): Credential;
}

/** `vault`: by the names that routes use. */
export function createCredentials(vault: ReadonlyMap<string, Secret>): Credentials {
  const ready = new WeakMap<RouteAuth, Credential>();
  return {
    of(auth) {
      let credential = ready.get(auth);
      if (!credential) {
        const secret = vault.get(auth.secret);
        if (!secret) throw new Error(`the vault holds no secret named ${auth.secret}`);
        credential = createCredential(auth, secret);
        ready.set(auth, credential);
      }
      return credential;
    },
  };
}

/** Fields that carry nothing but a credential, on whatever host: of a brokered one only the sidecar's may arrive. */
const KEY_FIELDS = new Set(
  "api-key apikey authorization job-token ocp-apim-subscription-key private-token proxy-authorization x-access-token x-amz-security-token x-api-key x-auth-key x-auth-token x-gitlab-token x-goog-api-key x-goog-iam-authorization-token x-vault-token".split(
    " ",
  ),
);

/** Query parameters that carry nothing but a credential, the signatures of pre-signed URLs among them; lower case. */
const KEY_PARAMETERS = new Set(
  "access_key access_token api-key api_key apikey auth_token authorization bearer_token client_secret id_token job_token oauth_token private_token refresh_token sig x-amz-credential x-amz-security-token x-amz-signature x-goog-credential x-goog-signature".split(
    " ",
  ),
);

const SCHEMES = { bearer: "Bearer ", token: "token ", basic: "Basic ", raw: "" } as const;
const EMPTY: readonly string[] = [];

/**
 * The secrets of a vault in the spellings in which they are masked: as they are, in base64, and escaped as in a URL or in
 * JSON. Those under `LOG_SECRET_CHARS` are not among them.
 */
export function knownSecrets(vault: ReadonlyMap<string, Secret>): readonly Needle[] {
  return [...vault.values()].flatMap((secret) => {
    const value = textOf(secret);
    if (value.length < LOG_SECRET_CHARS) return [];
    const bytes = Buffer.from(value, "utf8");
    const spellings = new Set([
      value,
      bytes.toString("base64").replace(/=+$/, ""),
      bytes.toString("base64url"),
      encodeURIComponent(value),
      JSON.stringify(value).slice(1, -1),
    ]);
    const label = `[masked ${secret.name}]`;
    return [...spellings].map((spelling) => ({ bytes: Buffer.from(spelling, "utf8"), label }));
  });
}

function textOf(secret: Secret): string {
  return secret.reveal().toWellFormed();
}

function createCredential(auth: RouteAuth, secret: Secret): Credential {
  // Fields are latin1 text on the wire; a secret beyond ASCII goes out as its UTF-8 bytes.
  const value = Buffer.from(textOf(secret), "utf8").toString("latin1");
  const sent = auth.scheme === "basic" ? Buffer.from(value, "latin1").toString("base64") : value;
  const line = SCHEMES[auth.scheme] + sent;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are the point
  if (value === "" || /[\u0000-\u001f\u007f]/.test(line))
    throw new Error(`the secret ${secret.name} is empty or holds a control character`);
  const header = auth.header;
  const fieldName = header === "authorization" ? "Authorization" : header;
  const forms = sent === value ? [value] : [value, sent];

  return {
    name: secret.name,
    forms,
    putOn(fields, target) {
      const kept: string[] = [];
      const removed: string[] = [];
      const brought = new Set(forms);
      let hasCookie = false;
      for (let i = 0; i < fields.length; i += 2) {
        const name = fields[i] ?? "";
        const lower = name.toLowerCase();
        const text = fields[i + 1] ?? "";
        if (lower === header || KEY_FIELDS.has(lower)) {
          if (!removed.includes(lower)) removed.push(lower);
          // `Bearer x`, `token x`, `x`: the token is the last word
          brought.add(text.slice(text.lastIndexOf(" ") + 1));
          continue;
        }
        if (lower === "cookie") hasCookie = true;
        kept.push(name, text);
      }
      const query = target.indexOf("?");
      if (query >= 0) target = withoutTokens(target, query, brought, removed);
      if (hasCookie) dropCookies(kept, brought, removed);
      kept.push(fieldName, line);
      return { fields: kept, target, removed: removed.length === 0 ? EMPTY : removed };
    },
  };
}

/** The target without the parameters that carry a credential by their name, or whose value, decoded or not, is a token. */
function withoutTokens(
  target: string,
  query: number,
  tokens: ReadonlySet<string>,
  removed: string[],
): string {
  const parameters = target.slice(query + 1).split("&");
  const kept = parameters.filter((parameter) => {
    const equals = parameter.indexOf("=");
    if (equals < 0) return true;
    const name = parameter.slice(0, equals);
    const value = parameter.slice(equals + 1);
    const named = KEY_PARAMETERS.has(percentDecoded(name).trim().toLowerCase());
    if (!named && !tokens.has(value) && !tokens.has(percentDecoded(value))) return true;
    removed.push(`query ${name}`);
    return false;
  });
  if (kept.length === parameters.length) return target;
  return kept.length === 0 ? target.slice(0, query) : `${target.slice(0, query)}?${kept.join("&")}`;
}

function dropCookies(fields: string[], tokens: ReadonlySet<string>, removed: string[]): void {
  for (let i = fields.length - 2; i >= 0; i -= 2) {
    if (fields[i]?.toLowerCase() !== "cookie") continue;
    const pairs = (fields[i + 1] ?? "").split(";");
    const kept = pairs.filter((pair) => {
      const equals = pair.indexOf("=");
      const value = pair
        .slice(equals + 1)
        .trim()
        .replace(/^"(.*)"$/, "$1");
      if (equals < 0 || (!tokens.has(value) && !tokens.has(percentDecoded(value)))) return true;
      removed.push(`cookie ${pair.slice(0, equals).trim()}`);
      return false;
    });
    if (kept.length === pairs.length) continue;
    if (kept.length === 0) fields.splice(i, 2);
    else fields[i + 1] = kept.join(";").trim();
  }
}

/** Percent-decoded as UTF-8 bytes read as latin1, `+` as a space; unchanged where that fails. */
function percentDecoded(text: string): string {
  if (!/[%+]/.test(text)) return text;
  try {
    return Buffer.from(decodeURIComponent(text.replaceAll("+", " ")), "utf8").toString("latin1");
  } catch {
    return text;
  }
}
