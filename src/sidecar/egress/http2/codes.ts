/** Error codes of RFC 9113 §7. */
export const NO_ERROR = 0;
export const INTERNAL_ERROR = 2;
export const REFUSED_STREAM = 7;
export const CANCEL = 8;

/** Flag of HEADERS and DATA frames (RFC 9113 §6). */
export const END_STREAM = 1;

/** node:http2 costs some MiB: it is loaded, at once, for the first connection that speaks it. */
export function loadHttp2(): typeof import("node:http2") {
  return process.getBuiltinModule("node:http2");
}
