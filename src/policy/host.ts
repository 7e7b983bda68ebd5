import { isIPv6 } from "node:net";
import { MAX_AUTHORITY_LENGTH, MAX_HOST_LENGTH, MAX_LABEL_LENGTH } from "./limits.ts";

declare const canonical: unique symbol;

/**
 * A host name in its one canonical form: ASCII, lower case, internationalised labels as punycode, labels of letters,
 * digits and hyphens, no trailing dot, never an IP address in any spelling. Only `parseHostName` makes one.
 */
export type HostName = string & { readonly [canonical]: true };

export interface HostProblem {
  readonly ok: false;
  /** why, as the end of a sentence: `has an empty label` */
  readonly problem: string;
  /** set when the text is an address (or what URL parsers read as one) rather than a name */
  readonly ipLiteral?: true;
}

export type HostResult = { readonly ok: true; readonly host: HostName } | HostProblem;

export type AuthorityResult =
  | { readonly ok: true; readonly host: HostName; readonly port: number }
  | HostProblem;

// What a URL parser reads as an IPv4 address or rejects as a broken one: the last label is a number
// (URL Standard, "ends in a number checker"); it covers dotted, short, dword, octal, hex and mixed spellings.
const ENDS_IN_NUMBER = /(?:^|\.)(?:[0-9]+|0x[0-9a-f]*)$/;

// Each would end or change the host in some URL parser; none may reach `new URL` below.
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are the point
const DELIMITER = /[\u0000-\u0020\u007f"#/<>?@\\^`{|}]/;

const ADDRESS: HostProblem = { ok: false, problem: "is an IP address, not a name", ipLiteral: true };

const fail = (problem: string): HostProblem => ({ ok: false, problem });

/**
 * Reads a host as a manifest, a Host field, a ClientHello or a CONNECT target spells it: any case, Unicode or
 * punycode (mapped as URL parsers do, UTS #46), one trailing dot allowed. Refused: IP literals in every spelling,
 * userinfo, ports, percent-escapes, control characters, empty or over-long labels, and underscores (RFC 1123 §2.1
 * host names have none, and no public CA certifies one).
 */
export function parseHostName(text: string): HostResult {
  // Punycode is left to the URL parser, which knows what it must not decode to.
  if (isHostName(text) && !text.includes("xn--")) return { ok: true, host: text };
  if (text.length === 0) return fail("is empty");
  if (text.length > MAX_AUTHORITY_LENGTH) return fail("is too long");
  if (DELIMITER.test(text)) return fail("holds a character no host name has");
  if (text.startsWith("[") || text.endsWith("]") || isIPv6(text)) return ADDRESS;
  if (/[:[\]]/.test(text)) return fail("holds a colon or a bracket");
  const mapped = mapToAscii(text);
  if (mapped !== undefined && endsInNumber(withoutDot(mapped))) return ADDRESS;
  if (text.includes("%")) return fail("holds a percent-escape");
  // The URL parser rejects a name that ends in a number and is no address: say what it was taken for.
  const ascii = mapped ?? text.toLowerCase();
  if (endsInNumber(withoutDot(ascii))) return ADDRESS;
  if (mapped === undefined) return fail("is not a valid internationalised name");
  const name = withoutDot(mapped);
  return isHostName(name) ? { ok: true, host: name } : fail(labelProblem(name));
}

/**
 * Reads `host[:port]` of a Host field, `:authority` or CONNECT target, strictly (RFC 9110 §7.2, RFC 9112 §3.2): ASCII
 * only, a port of 1 to 65535 without leading zeros, no empty port. `defaultPort` undefined: the port must be there
 * (RFC 9112 §3.2.3).
 */
export function parseAuthority(text: string, defaultPort: number | undefined): AuthorityResult {
  const bracket = text.startsWith("[") ? text.indexOf("]") : 0;
  const colon = text.indexOf(":", Math.max(bracket, 0));
  const hostText = colon === -1 ? text : text.slice(0, colon);
  const parsed = parseHostName(hostText);
  if (!parsed.ok) return isIPv6(text) ? ADDRESS : parsed;
  for (let i = 0; i < hostText.length; i++) if (hostText.charCodeAt(i) > 126) return fail("is not ASCII");
  if (colon === -1) {
    return defaultPort === undefined
      ? fail("names no port")
      : { ok: true, host: parsed.host, port: defaultPort };
  }
  const digits = text.slice(colon + 1);
  const port = /^[1-9][0-9]{0,4}$/.test(digits) ? Number(digits) : 0;
  return port >= 1 && port <= 65_535
    ? { ok: true, host: parsed.host, port }
    : isIPv6(text)
      ? ADDRESS
      : fail("has a port that is no number from 1 to 65535");
}

function isHostName(text: string): text is HostName {
  return isCanonical(text) && !endsInNumber(text);
}

function withoutDot(name: string): string {
  return name.endsWith(".") ? name.slice(0, -1) : name;
}

function endsInNumber(name: string): boolean {
  // Public suffixes end in a letter and few in `0x…`; the regex is for the rest.
  const last = name.charCodeAt(name.length - 1);
  if (last > 0x66 && last !== 0x78) return false;
  return ENDS_IN_NUMBER.test(name);
}

/**
 * The URL Standard's "domain to ASCII", the mapping every HTTP client applies; undefined: not a domain. An address
 * comes out in its dotted form. The text holds no character that ends a host.
 */
function mapToAscii(text: string): string | undefined {
  return URL.parse(`http://${text}/`)?.hostname;
}

/** Lower-case letters, digits and inner hyphens, every length in bounds. Punycode is not looked into. */
function isCanonical(text: string): boolean {
  const length = text.length;
  if (length === 0 || length > MAX_HOST_LENGTH) return false;
  let labelStart = 0;
  for (let i = 0; i <= length; i++) {
    const c = i === length ? DOT : text.charCodeAt(i);
    if (c === DOT) {
      if (i === labelStart || i - labelStart > MAX_LABEL_LENGTH) return false;
      if (text.charCodeAt(i - 1) === HYPHEN || text.charCodeAt(labelStart) === HYPHEN) return false;
      labelStart = i + 1;
    } else if (!((c >= 0x61 && c <= 0x7a) || (c >= 0x30 && c <= 0x39) || c === HYPHEN)) return false;
  }
  return true;
}

const DOT = 0x2e;
const HYPHEN = 0x2d;

function labelProblem(name: string): string {
  if (name.length > MAX_HOST_LENGTH) return `is longer than ${MAX_HOST_LENGTH} characters`;
  for (const label of name.split(".")) {
    if (label === "") return "has an empty label";
    if (label.length > MAX_LABEL_LENGTH) return `has a label longer than ${MAX_LABEL_LENGTH} characters`;
    if (label.startsWith("-") || label.endsWith("-")) return "has a label that begins or ends with a hyphen";
    if (label.includes("_")) return "has an underscore, which no host name has";
  }
  return "holds a character no host name has";
}
