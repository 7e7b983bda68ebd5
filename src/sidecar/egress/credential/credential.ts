import type { Secret } from "../../../base/secret.ts";
import type { HeaderList } from "../../../policy/facts.ts";
import type { RouteAuth, RouteSpec } from "../../../policy/route.ts";
import { LOG_SECRET_CHARS } from "../limits.ts";
import type { Needle } from "../log/mask.ts";
import { CookieJar } from "./cookie-jar.ts";
import { type TakenOff, takeOff } from "./take-off.ts";

/** A route's credential, ready to be put on. */
export interface Credential {
  /** the secret's name */
  readonly name: string;
  /** the field it goes in, lower case */
  readonly header: string;
  /** the spellings in which it leaves, to be masked when they come back */
  readonly forms: readonly string[];
  /** what hosts that get this credential have set */
  readonly cookies: CookieJar;
  /** values that the agent may bring in a body all the same: of the secrets that the route allows */
  readonly allowed: ReadonlySet<string>;
  /** Takes off what the agent brought, and puts the real credential on at the end of the fields. */
  putOn(fields: HeaderList, target: string, host: string): TakenOff;
}

/** The vault, seen from egress: the one place of this plane where a secret's value is taken out. */
export interface Credentials {
  /** Throws Error, naming the secret, when the vault has none of that name: the request must not go out without it. */
  of(route: RouteSpec, auth: RouteAuth): Credential;
}

/** `vault`: by the names that routes use. */
export function createCredentials(vault: ReadonlyMap<string, Secret>): Credentials {
  const ready = new WeakMap<RouteSpec, Credential>();
  const jars = new Map<string, CookieJar>();
  return {
    of(route, auth) {
      let credential = ready.get(route);
      if (!credential) {
        const secret = vault.get(auth.secret);
        if (!secret) throw new Error(`the vault holds no secret named ${auth.secret}`);
        const cookies = jars.get(auth.secret) ?? new CookieJar();
        jars.set(auth.secret, cookies);
        credential = createCredential(auth, secret, cookies, allowedValues(vault, route));
        ready.set(route, credential);
      }
      return credential;
    },
  };
}

/** As latin1 text of their UTF-8 bytes. */
function allowedValues(vault: ReadonlyMap<string, Secret>, { dlp }: RouteSpec): ReadonlySet<string> {
  const secrets = (dlp?.allowSecrets ?? []).flatMap((name) => vault.get(name) ?? []);
  return new Set(secrets.map((secret) => Buffer.from(textOf(secret), "utf8").toString("latin1")));
}

const SCHEMES = { bearer: "Bearer ", token: "token ", basic: "Basic ", raw: "" } as const;

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

function createCredential(
  auth: RouteAuth,
  secret: Secret,
  cookies: CookieJar,
  allowed: ReadonlySet<string>,
): Credential {
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
    header,
    forms,
    cookies,
    allowed,
    putOn(fields, target, host) {
      const taken = takeOff(fields, target, { header, forms, host, cookies, allowed });
      taken.fields.push(fieldName, line);
      return taken;
    },
  };
}
