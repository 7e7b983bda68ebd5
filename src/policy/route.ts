/** A route as the plan carries it: plain JSON, hosts canonical, defaults filled in, no secret value. */
export interface RouteSpec {
  /** canonical (lower case, punycode, no trailing dot), or `*.` and such a name: one label or more */
  readonly host: string;
  readonly ports: readonly number[];
  readonly auth?: RouteAuth;
  /** empty: every path, method and header */
  readonly matches: readonly MatchSpec[];
  /** `%2f` in a path: refused, or kept as a character that never separates */
  readonly encodedSlash: "block" | "opaque";
  readonly git: { readonly fetch: boolean; readonly apiWrite: boolean };
  /** where it was written, for messages: `dev.md:12` or `provider claude` */
  readonly source: string;
}

/** The credential the sidecar puts on, and where. */
export interface RouteAuth {
  /** lower-case field name, `authorization` unless the scheme is `header` */
  readonly header: string;
  /** what stands before the secret's value: `Bearer `, `token `, `Basic ` (value base64-encoded) or nothing */
  readonly scheme: "bearer" | "token" | "basic" | "raw";
  /** the secret's name in the sidecar's vault */
  readonly secret: string;
}

export interface MatchSpec {
  /** ORed; empty: any */
  readonly paths: readonly { readonly type: "prefix" | "exact" | "regex"; readonly value: string }[];
  /** ORed, upper case; empty: any */
  readonly methods: readonly string[];
  /** ANDed; names lower case */
  readonly headers: readonly {
    readonly type: "exact" | "regex";
    readonly name: string;
    readonly value: string;
  }[];
}
