const KEY_FIELDS: ReadonlySet<string> = new Set(
  "authorization dpop proxy-authorization x-goog-iam-authorization-token x-honeycomb-team x-jfrog-art-api x-lc-key".split(
    " ",
  ),
);

/** How vendors name theirs: `x-api-key`, `PRIVATE-TOKEN`, `DD-APPLICATION-KEY`, `X-Shopify-Access-Token`, `X-NuGet-ApiKey`. */
const KEY_FIELD =
  /(?:^|[-_])(?:access|account|admin|api|app|application|auth|bot|circle|deploy|figma|functions|gitlab|job|private|secret|security|server|service|session|subscription|user|vault)[-_]?(?:key|secret|token)$/;

/**
 * Whether a field carries nothing but a credential, on whatever host: of a brokered one only the sidecar's may arrive.
 * `lowerName`: in lower case.
 */
export function isKeyField(lowerName: string): boolean {
  return KEY_FIELDS.has(lowerName) || KEY_FIELD.test(lowerName);
}

/**
 * Parameters that carry nothing but a credential, wherever they stand, as `plainName` writes them. `key`, `token` and
 * their like are not among them: they name cache keys and pages as well, and a vendor's token in one is found as such.
 */
const KEY_PARAMETERS =
  "accesskey accesstoken apikey authtoken bearertoken clientassertion clientsecret jobtoken oauthtoken privatetoken refreshtoken";

/** Of a URL besides: the signatures of pre-signed ones, and what some servers take for a header. */
const OF_QUERIES =
  "actortoken assertion authorization idtoken sig subjecttoken xamzcredential xamzsecuritytoken xamzsignature xgoogcredential xgoogsignature";

const QUERY_NAMES: ReadonlySet<string> = new Set(`${KEY_PARAMETERS} ${OF_QUERIES}`.split(" "));
const BODY_NAMES: ReadonlySet<string> = new Set(KEY_PARAMETERS.split(" "));

/** What makes a body or query a token request (RFC 6749 §4 and 6, RFC 7009, RFC 8693). */
const GRANT_MARKS: ReadonlySet<string> = new Set("granttype requestedtokentype tokentypehint".split(" "));

/** What is a credential in a token request only. */
const GRANT_NAMES: ReadonlySet<string> = new Set(
  "actortoken assertion authreqid code devicecode idtoken passcode password subjecttoken token".split(" "),
);

/** Times that a name may be escaped once more. */
const ESCAPED_COUNT = 3;

/**
 * Lower case, without what the spellings of one name differ in, or some servers pass over: `client-secret`,
 * `clientSecret`, ` client_secret`, `client.secret`, `client_secret[0]`, `client%5fsecret`, a broken escape, a NUL and
 * what stands behind it where that ends the name.
 */
export function plainName(name: string): string {
  let plain = name;
  for (let i = 0; i < ESCAPED_COUNT && plain.includes("%"); i++)
    plain = plain.replaceAll(/%([0-9a-f]{2})/gi, (_, digits: string) =>
      String.fromCharCode(Number.parseInt(digits, 16)),
    );
  const lower = plain.toLowerCase();
  if (PLAIN.test(lower)) return lower;
  return bare(lower);
}

const PLAIN = /^[a-z0-9]*$/;

/** Without its index, and without characters of ASCII that are neither letter nor digit. */
function bare(lower: string): string {
  const parts = lower.replace(/(?:\[[0-9]*\][\s\0]*)+$/, "").split("\0");
  // what a server passes over, or what ends the name
  const [first = ""] = parts;
  const whole = parts.join("").replaceAll(SEPARATORS, "");
  return isName(whole) ? whole : first.replaceAll(SEPARATORS, "");
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are no part of a name
const SEPARATORS = /[\u0001-/:-`{-\u007f]/g;

function isName(plain: string): boolean {
  return QUERY_NAMES.has(plain) || BODY_NAMES.has(plain) || meaningInGrant(plain) !== "other";
}

/** What a parameter of a query, or a field of a body, is by its name (`plainName`). */
export type Meaning = "credential" | "grant" | "of a grant" | "other";

export function meaningInQuery(plain: string): Meaning {
  return QUERY_NAMES.has(plain) ? "credential" : meaningInGrant(plain);
}

export function meaningInBody(plain: string): Meaning {
  return BODY_NAMES.has(plain) ? "credential" : meaningInGrant(plain);
}

function meaningInGrant(plain: string): Meaning {
  if (GRANT_MARKS.has(plain)) return "grant";
  return GRANT_NAMES.has(plain) ? "of a grant" : "other";
}
