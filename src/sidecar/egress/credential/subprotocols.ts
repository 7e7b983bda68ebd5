/** What stands before a credential in a subprotocol of its own, lower case: browsers can set no other field. */
const PREFIXES = ["openai-insecure-api-key.", "base64url.bearer.authorization.k8s.io."];

/** Subprotocols whose next one is a credential, lower case. */
const LEADS = new Set("access_token api-key api_key apikey authorization bearer jwt token".split(" "));

/**
 * The value of Sec-WebSocket-Protocol without the subprotocols that carry a credential; empty: none is left. `tokens`: what
 * else is one. `removed` gets their names, never a value.
 */
export function withoutCredentials(value: string, tokens: ReadonlySet<string>, removed: Set<string>): string {
  const names = value.split(",").map((name) => name.trim());
  const kept = names.filter((name, index) => {
    const lower = name.toLowerCase();
    const prefix = PREFIXES.find((one) => lower.startsWith(one));
    const led = LEADS.has(names[index - 1]?.toLowerCase() ?? "");
    const leads = LEADS.has(lower) && index + 1 < names.length;
    if (prefix === undefined && !led && !leads && !tokens.has(name)) return true;
    if (!leads) removed.add(`subprotocol ${prefix?.slice(0, -1) ?? (led ? names[index - 1] : "")}`.trim());
    return false;
  });
  return kept.length === names.length ? value : kept.join(", ");
}
