import type { HeaderList } from "../../../policy/facts.ts";
import { COOKIE_CHARS, COOKIE_COUNT } from "../limits.ts";

/**
 * The cookies that brokered hosts have set through the sidecar, so that any other can be told as the agent's own. One jar
 * is of hosts that get one credential. It answers one question only, whether this host gave out this name with this
 * value: when a cookie is due (Path, Secure, Expires) stays the client's business, for a host can judge what it gave out
 * itself. RFC 6265 §5.
 */
export class CookieJar {
  /** `name=value`, and by whom: a host, or a domain with a dot before it; what was set longest ago stands first */
  readonly #given = new Map<string, { readonly pair: string; readonly scope: string }>();
  /** how many of these have a pair */
  readonly #pairs = new Map<string, Set<string>>();

  /** Takes what an answer of `host` sets. */
  learn(host: string, fields: HeaderList): void {
    for (let i = 0; i < fields.length; i += 2)
      if (fields[i]?.toLowerCase() === "set-cookie") this.#set(host, fields[i + 1] ?? "");
  }

  #set(host: string, text: string): void {
    const [first = "", ...attributes] = text.split(";");
    const pair = plainPair(first);
    const domain = domainOf(attributes);
    const scope = domain === "" ? host : `.${domain}`;
    // §5.3: of a domain the host isn't in, nothing is kept.
    if (pair.length > COOKIE_CHARS || (domain !== "" && !isIn(host, scope))) return;
    const key = `${scope}\n${pair}`;
    this.#given.delete(key);
    this.#given.set(key, { pair, scope });
    const scopes = this.#pairs.get(pair) ?? new Set();
    this.#pairs.set(pair, scopes.add(scope));
    if (this.#given.size > COOKIE_COUNT) this.#forgetOldest();
  }

  #forgetOldest(): void {
    for (const [key, { pair, scope }] of this.#given) {
      this.#given.delete(key);
      const scopes = this.#pairs.get(pair);
      scopes?.delete(scope);
      if (scopes?.size === 0) this.#pairs.delete(pair);
      return;
    }
  }

  /** Whether `host` may get this pair of a Cookie field back: it, or a domain it is in, has set it. */
  gave(host: string, pair: string): boolean {
    const scopes = this.#pairs.get(plainPair(pair));
    if (scopes === undefined) return false;
    for (const scope of scopes) if (scope === host || isIn(host, scope)) return true;
    return false;
  }
}

/** §5.1.3. `domain` has its dot. */
function isIn(host: string, domain: string): boolean {
  return domain.startsWith(".") && `.${host}`.endsWith(domain);
}

/** The last Domain attribute that isn't empty, canonical enough to be compared with a host; none: empty. */
function domainOf(attributes: readonly string[]): string {
  let domain = "";
  for (const attribute of attributes) {
    const equals = attribute.indexOf("=");
    if (attribute.slice(0, Math.max(0, equals)).trim().toLowerCase() !== "domain") continue;
    domain = attribute
      .slice(equals + 1)
      .trim()
      .toLowerCase()
      .replace(/^\./, "");
  }
  return domain;
}

/** §5.2: without `=` it is a value without a name. Clients differ in whether they keep quotes around a value. */
function plainPair(pair: string): string {
  const equals = pair.indexOf("=");
  const name = equals < 0 ? "" : pair.slice(0, equals).trim();
  const value = pair.slice(equals + 1).trim();
  return `${name}=${/^".*"$/.test(value) ? value.slice(1, -1) : value}`;
}
