interface Legacy {
  /** the last name on the path to the map that holds the key; undefined: any */
  readonly under: "top" | "route" | "repo" | "key";
  readonly key: string;
  /** the key that takes its place */
  readonly now: string | undefined;
  readonly mend: string;
}

/** Keys of the Python tool's first formats (SPEC §1), each with what to write today. */
const LEGACY: readonly Legacy[] = [
  { under: "top", key: "git", now: "git-gate", mend: "write `git-gate` in its place" },
  {
    under: "top",
    key: "tokens",
    now: undefined,
    mend: "write `auth: {scheme: Bearer, token_ref: NAME}` on each route of `egress.routes`",
  },
  {
    under: "top",
    key: "cred_proxy",
    now: undefined,
    mend: "write `auth: {scheme: Bearer, token_ref: NAME}` on each route of `egress.routes`",
  },
  {
    under: "route",
    key: "path_allowlist",
    now: "matches",
    mend: "write `matches: [{paths: [{value: /v1/}]}]` in its place",
  },
  {
    under: "repo",
    key: "identity",
    now: "key",
    mend: "write `key: {provider: static, path: PATH}` in its place",
  },
  { under: "repo", key: "provisioned_key", now: "key", mend: "write `key` in its place" },
  { under: "key", key: "token_env", now: "forge_token_env", mend: "write `forge_token_env` in its place" },
];

/** What a key of an old format is called today. */
export function legacyKey(path: readonly PropertyKey[], key: string): Legacy | undefined {
  const parent = path.at(-1);
  const place =
    path.length === 0
      ? "top"
      : typeof parent === "number" && path.at(-2) === "routes"
        ? "route"
        : path.at(-2) === "repos"
          ? "repo"
          : parent === "key"
            ? "key"
            : undefined;
  return LEGACY.find((legacy) => legacy.key === key && legacy.under === place);
}
