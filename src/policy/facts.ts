/** How a connection came in (SPEC §3, ways in). */
export type Way = "transparent" | "proxy" | "reverse";

/** Field names and values in the order received: `[name, value, name, value, …]`, as sent. */
export type HeaderList = readonly string[];

/** Everything the policy may look at. All of it is what the client sent, not yet trusted or normalised. */
export interface RequestFacts {
  readonly way: Way;
  readonly scheme: "https" | "http";
  /** Host or :authority, raw (`name` or `name:port`) */
  readonly authority: string;
  /** the port the request is for: dialled (transparent), of the CONNECT target (proxy), of the URL (absolute form, reverse) */
  readonly port: number;
  /** server name of the ClientHello; undefined: none sent, or no TLS */
  readonly sni: string | undefined;
  /** host of the CONNECT target, raw; undefined: no CONNECT */
  readonly connectHost: string | undefined;
  readonly method: string;
  /** path and query as sent, origin form: begins with `/` (or is `*`) */
  readonly target: string;
  readonly headers: HeaderList;
}
