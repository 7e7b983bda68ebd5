import { printable } from "../base/printable.ts";
import type { RequestFacts } from "./facts.ts";
import { isField } from "./headers.ts";
import { type AuthorityResult, type HostName, parseAuthority, parseHostName } from "./host.ts";
import { type Refusal, refuse } from "./verdict.ts";

export interface Named {
  readonly ok: true;
  readonly host: HostName;
}

export type NamedResult =
  | Named
  | { readonly ok: false; readonly refusal: Refusal; readonly host: string | undefined };

const RULE = "one name for one request";
const MAX_NAME = 253;

/**
 * The one host a request names: Host or `:authority`, and the ClientHello's server name and the CONNECT target where
 * there are any, must all agree (DESIGN §4). Over the bottle's own TLS a missing server name is a mismatch too.
 */
export function nameHost(facts: RequestFacts): NamedResult {
  const { authority, sni, connectHost } = facts;
  const named = parseAuthority(authority, facts.port);
  const shown = authority === "" ? undefined : printable(authority, MAX_NAME);
  const block = (refusal: Refusal): NamedResult => ({ ok: false, refusal, host: shown });
  const mismatch = (detail: string): NamedResult => block(refuse("egress.host_mismatch", detail, RULE));

  for (const [other, what] of [
    [sni, "the TLS server name"],
    [connectHost, "the CONNECT target"],
  ] as const) {
    if (other !== undefined && !agrees(named, authority, other)) {
      return mismatch(`Host says ${quote(authority)}, ${what} says ${quote(other)}.`);
    }
  }
  if (!named.ok) return block(hostRefusal(named, authority));
  if (
    sni === undefined &&
    facts.scheme === "https" &&
    (facts.way === "transparent" || connectHost !== undefined)
  ) {
    return mismatch(`The TLS connection for ${named.host} sent no server name (SNI).`);
  }
  if (named.port !== facts.port) {
    return mismatch(`Host says port ${named.port}, the request is for port ${facts.port}.`);
  }
  for (let i = 0; i + 1 < facts.headers.length; i += 2) {
    if (!isField(facts.headers[i], "host")) continue;
    const value = facts.headers[i + 1] ?? "";
    if (value === authority) continue;
    const second = parseAuthority(value, facts.port);
    if (!second.ok || second.host !== named.host || second.port !== named.port) {
      return mismatch(`The request names both ${quote(authority)} and ${quote(value)} as its host.`);
    }
  }
  return named;
}

/** Equal names, or both no names at all, in which case what is wrong with Host is the better answer. */
function agrees(named: AuthorityResult, authority: string, other: string): boolean {
  if (other === authority) return true;
  const parsed = parseHostName(other);
  if (named.ok && parsed.ok) return named.host === parsed.host;
  return !named.ok && !parsed.ok && named.ipLiteral === parsed.ipLiteral;
}

function hostRefusal(named: Extract<AuthorityResult, { ok: false }>, authority: string): Refusal {
  const detail = `The host ${quote(authority)} ${named.problem}.`;
  if (named.ipLiteral === true) {
    return refuse("egress.ip_literal", `${detail} Use the name.`, RULE);
  }
  // A name a resolver might take, but none that a route can list; anything else breaks RFC 9112 §3.2.
  const code = /^[A-Za-z0-9._-]+$/.test(authority) ? "egress.host_not_allowed" : "egress.protocol_error";
  return refuse(code, detail, RULE);
}

function quote(text: string): string {
  return `\`${printable(text, MAX_NAME)}\``;
}
