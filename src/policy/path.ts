export interface TargetProblem {
  readonly ok: false;
  /** why, as the end of a sentence: `holds an encoded slash` */
  readonly problem: string;
  /** an encoded CR, LF or NUL: header injection rather than ambiguity */
  readonly crlf?: true;
  /** set when `encoded_slash: opaque` would let it through */
  readonly encodedSlash?: true;
}

export type TargetResult =
  | {
      readonly ok: true;
      /** normalised; what rules match */
      readonly path: string;
      /** as it came, `?` included; empty: none */
      readonly query: string;
      /** path and query: what is sent upstream */
      readonly target: string;
    }
  | TargetProblem;

const SLASH = 0x2f;
const DOT = 0x2e;
const QUESTION = 0x3f;

/** Per byte: 1 where a path may hold it as it is and nothing needs doing; slash and dot depend on what is before. */
const PLAIN_PATH = byteTable((c) => c > 0x20 && c < 0x7f && !"%\\#?/.".includes(String.fromCharCode(c)));
/** Per byte: 1 where a query may hold it raw. */
const PLAIN_QUERY = byteTable((c) => c > 0x20 && c < 0x7f && c !== 0x23);

const fail = (problem: string): TargetProblem => ({ ok: false, problem });

/**
 * The one normalisation of SPEC §3, of a target in origin form: percent-escapes of unreserved characters are decoded
 * (RFC 3986 §6.2.2.2), other escapes put in upper case, slashes merged, dot segments removed (RFC 3986 §5.2.4). What
 * different servers could still read differently is a problem, never repaired. The query is left as it is.
 * `encodedSlash` is the route's word on `%2F`: refused, or a character that never separates.
 */
export function normaliseTarget(target: string, encodedSlash: "block" | "opaque"): TargetResult {
  const length = target.length;
  if (target.charCodeAt(0) !== SLASH) return fail("does not begin with a slash");
  let end = 1;
  let plain = true;
  for (; end < length; end++) {
    const c = target.charCodeAt(end);
    if (c === QUESTION) break;
    if (c === SLASH || c === DOT) {
      if (target.charCodeAt(end - 1) === SLASH) plain = false;
    } else if (PLAIN_PATH[c] !== 1) plain = false;
  }
  for (let i = end + 1; i < length; i++) {
    if (PLAIN_QUERY[target.charCodeAt(i)] !== 1) {
      return fail("has a query that holds a raw space, `#`, control or non-ASCII character");
    }
  }
  if (plain) return { ok: true, path: target.slice(0, end), query: target.slice(end), target };
  const query = target.slice(end);
  const path = normalisePath(target.slice(0, end), encodedSlash);
  return typeof path === "string" ? { ok: true, path, query, target: path + query } : path;
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are the point
const RAW_BAD = /[\u0000-\u0020\u007f-\uffff]/;
const BAD_ESCAPE = /%(?![0-9A-Fa-f]{2})/;
// `%25` before what would be dangerous decoded once more: dot, slash, backslash, semicolon, NUL, CR, LF.
const DOUBLE_ENCODED = /%25(?:25)*(?:2e|2f|5c|3b|00|0a|0d)/i;
// `..;x` is a dot segment to servers that strip path parameters first (Tomcat), a name to the rest.
const DOT_WITH_PARAMETER = /(?:^|\/|%2F)\.{1,2}(?:;|%3B)/;
const DOT_AT_OPAQUE_SLASH = /(?:^|\/|%2F)\.{1,2}%2F|%2F\.{1,2}(?:$|\/)/;

function normalisePath(raw: string, encodedSlash: "block" | "opaque"): string | TargetProblem {
  if (RAW_BAD.test(raw)) return fail("holds a raw space, control or non-ASCII character");
  if (raw.includes("#")) return fail("holds a fragment");
  if (BAD_ESCAPE.test(raw)) return fail("holds a `%` that begins no escape");
  const path = raw.replace(/%[0-9A-Fa-f]{2}/g, decodeUnreserved);
  if (/\\|%5C/.test(path)) return fail("holds a backslash");
  if (/%0[0AD]/.test(path)) return { ok: false, problem: "holds an encoded CR, LF or NUL", crlf: true };
  if (/%[01]|%7F/.test(path)) return fail("holds an encoded control character");
  if (DOUBLE_ENCODED.test(path)) return fail("holds a character that is percent-encoded twice");
  if (DOT_WITH_PARAMETER.test(path)) return fail("holds a dot segment with a parameter (`..;`)");
  if (DOT_AT_OPAQUE_SLASH.test(path)) return fail("holds a dot segment beside an encoded slash");
  if (encodedSlash === "block" && path.includes("%2F")) {
    return { ok: false, problem: "holds an encoded slash", encodedSlash: true };
  }
  if (/%[89A-F]/.test(path) && !isUtf8(path))
    return fail("holds escapes that are not UTF-8 (overlong or broken)");
  return removeDotSegments(path);
}

function decodeUnreserved(octet: string): string {
  const character = String.fromCharCode(Number.parseInt(octet.slice(1), 16));
  return /[A-Za-z0-9._~-]/.test(character) ? character : octet.toUpperCase();
}

/** `decodeURIComponent` takes well-formed UTF-8 only: no overlong form, no surrogate (RFC 3629 §3). */
function isUtf8(path: string): boolean {
  try {
    decodeURIComponent(path);
    return true;
  } catch {
    return false;
  }
}

/** Merges slashes first, so that `//..` takes away what stands before the pair, as file systems do. */
function removeDotSegments(path: string): string {
  const kept: string[] = [];
  const segments = path.split("/");
  for (const segment of segments) {
    if (segment === "..") kept.pop();
    else if (segment !== "." && segment !== "") kept.push(segment);
  }
  const last = segments.at(-1);
  const folder = last === "" || last === "." || last === "..";
  return kept.length === 0 ? "/" : `/${kept.join("/")}${folder ? "/" : ""}`;
}

function byteTable(accepts: (code: number) => boolean): Uint8Array {
  return Uint8Array.from({ length: 256 }, (_, code) => (accepts(code) ? 1 : 0));
}
