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

/** Lower case, without what the spellings of one name differ in: `client-secret`, `clientSecret`, ` client_secret`. */
export function plainName(name: string): string {
  return name.toLowerCase().replaceAll(/[-_\s]/g, "");
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
