/** Characters of a host name without its trailing dot (RFC 1035 §2.3.4); longer is no host name. */
export const MAX_HOST_LENGTH = 253;

/** Characters of one label of a host name (RFC 1035 §2.3.4); longer is no host name. */
export const MAX_LABEL_LENGTH = 63;

/** Characters of an authority or host text that is looked at; longer is refused unread. */
export const MAX_AUTHORITY_LENGTH = 1024;

/** Characters of a request target, path and query; longer is refused with `egress.limit_exceeded`. */
export const MAX_TARGET_LENGTH = 65_536;

/** Characters of a method; longer is refused with `egress.protocol_error`. */
export const MAX_METHOD_LENGTH = 64;

/** Characters of a path that a refusal's YAML repeats; of a longer one, the whole segments that fit. */
export const MAX_NEEDED_PATH = 300;

/** Characters of each text in a refusal's answer; longer is cut with an ellipsis. */
export const MAX_REFUSAL_TEXT = 1500;

/** Parts of a minute or an hour that a quota's window is counted in; the window is never shorter than it says, and longer by at most one part. */
export const QUOTA_BUCKETS = 60;

/** Steps in which a whole-life count is journalled ahead of being spent; a sidecar that is killed loses at most one of them. */
export const QUOTA_STEPS = 64;

/** Different hosts that one quota can tell apart; a further one is refused with `egress.quota_exceeded`. */
export const HOST_METER_COUNT = 4096;

/** Levels of JSON in the body of a request to a model's API; deeper is refused with `model.body_unreadable`. */
export const MAX_JSON_DEPTH = 128;

/** Values in the JSON of such a body (each takes up to 300 bytes while it is read); more is refused with `model.body_unreadable`. */
export const MAX_JSON_VALUES = 250_000;

/** GraphQL requests in one body to a forge; a body with more is refused. */
export const MAX_GRAPHQL_BATCH = 100;

/** Characters of a ref's name in a push; a longer one is refused with `git.ref_not_allowed`. */
export const MAX_REF_LENGTH = 1024;

/** Globs of a repository's `push.allow` that a refusal's YAML repeats; of more, it asks for one more entry. */
export const MAX_NEEDED_GLOBS = 8;
