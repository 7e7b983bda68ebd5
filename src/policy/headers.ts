import type { HeaderList } from "./facts.ts";

/**
 * The value of a field: every line of that name, in order, joined with `, ` (RFC 9110 §5.3), so that a rule met by
 * one of two equal names is not met. `name` in lower case; undefined: the field is not there.
 */
export function fieldValue(headers: HeaderList, name: string): string | undefined {
  let value: string | undefined;
  for (let i = 0; i + 1 < headers.length; i += 2) {
    if (!isField(headers[i], name)) continue;
    const line = headers[i + 1] ?? "";
    value = value === undefined ? line : `${value}, ${line}`;
  }
  return value;
}

/** Whether a field name as sent is `name` (lower case). */
export function isField(sent: string | undefined, name: string): boolean {
  return sent !== undefined && sent.length === name.length && (sent === name || sent.toLowerCase() === name);
}

const OVERRIDES = ["x-http-method-override", "x-method-override", "x-http-method"];

/**
 * Methods that the request asks the upstream to act as besides its own, upper case: the override fields of common
 * frameworks (`_` for `-` too, as CGI reads them) and `_method` in the query.
 */
export function overriddenMethods(headers: HeaderList, query: string): readonly string[] {
  const found: string[] = [];
  for (let i = 0; i + 1 < headers.length; i += 2) {
    const name = headers[i] ?? "";
    // the shortest and longest of OVERRIDES; almost every other name ends here
    if (name.length < 13 || name.length > 22 || (name.charCodeAt(0) | 0x20) !== 0x78) continue;
    if (!OVERRIDES.includes(name.toLowerCase().replaceAll("_", "-"))) continue;
    for (const method of (headers[i + 1] ?? "").split(",")) found.push(method.trim().toUpperCase());
  }
  if (query.length > 1) {
    for (const value of queryValues(query, "_method")) found.push(value.trim().toUpperCase());
  }
  return found;
}

const PATH_OVERRIDES = ["x-original-url", "x-rewrite-url"];

/** The field, if there is one, by which some frameworks and servers take another path than the request line's. */
export function pathOverride(headers: HeaderList): string | undefined {
  for (let i = 0; i + 1 < headers.length; i += 2) {
    const name = headers[i] ?? "";
    if (name.length < 13 || name.length > 14 || (name.charCodeAt(0) | 0x20) !== 0x78) continue;
    if (PATH_OVERRIDES.includes(name.toLowerCase().replaceAll("_", "-"))) return name;
  }
  return undefined;
}

/**
 * Values of a query parameter as any server could read them: `&` and `;` both separate, names are decoded and compared
 * without case, `name[]` and surrounding spaces included. `name` in lower case; `query` begins with `?`.
 */
export function queryValues(query: string, name: string): readonly string[] {
  // A name that is neither there in plain nor behind an escape can't be there at all.
  if (!query.includes("%") && !query.toLowerCase().includes(name)) return [];
  const values: string[] = [];
  for (const pair of query.slice(1).split(/[&;?]/)) {
    const equals = pair.indexOf("=");
    const key = decodeLoosely(equals === -1 ? pair : pair.slice(0, equals))
      .trim()
      .toLowerCase();
    if (key === name || key.startsWith(`${name}[`)) {
      values.push(equals === -1 ? "" : decodeLoosely(pair.slice(equals + 1)));
    }
  }
  return values;
}

/** Form decoding that never fails: broken escapes stay as they are. */
function decodeLoosely(text: string): string {
  return text
    .replaceAll("+", " ")
    .replace(/%[0-9A-Fa-f]{2}/g, (octet) => String.fromCharCode(Number.parseInt(octet.slice(1), 16)));
}
