import { SPLIT_VALUE_CHARS, SPLIT_VALUES } from "./limits.ts";

/** The parts of a request that one secret could be spread over, a little in each request. */
export interface Surface {
  readonly host: string;
  /** path and query */
  readonly target: string;
  /** names and values in turn */
  readonly fields: readonly string[];
  /** the first bytes of the body, decoded; absent: none, or not looked at */
  readonly body?: Buffer | undefined;
  /** the number of the request whose body goes on with these bytes; absent: it is another request */
  readonly continues?: number | undefined;
}

/** Where a value stands; `names`: it is the name of a parameter. */
export type Place = "host" | "path" | "names" | "pair" | "field" | "leaf" | "body";

/** Takes one short value, and where it stands: the key is a name, or the number of a segment. */
type OnValue = (place: Place, key: string, value: string) => void;

const JSON_LEAF =
  /"([^"\\]{1,64})"\s{0,8}:\s{0,8}(?:"((?:[^"\\]|\\.){0,64})"|(-?[0-9.]{1,20}))|"((?:[^"\\]|\\.){0,64})"(?=\s{0,8}[,\]])|(?<=[[,])(-?[0-9.]{1,20})(?=[,\]])/g;

/** Every short value of a request. A key is the same in the next request whatever host that goes to. */
export function valuesOf({ host, target, fields, body }: Surface, found: OnValue): void {
  const values = new Values(found);
  values.take("host", "", host.slice(0, Math.max(0, host.indexOf("."))));
  const query = target.indexOf("?");
  segments(query < 0 ? target : target.slice(0, query), values);
  if (query >= 0) pairs(target.slice(query + 1), values);
  for (let i = 0; i < fields.length; i += 2) values.take("field", fields[i] ?? "", fields[i + 1] ?? "");
  if (body && body.length > 0) bodyValues(body.toString("latin1"), values);
}

class Values {
  readonly #found: OnValue;
  #count = 0;

  constructor(found: OnValue) {
    this.#found = found;
  }

  take(place: Place, key: string, value: string): void {
    if (value.length === 0 || value.length > SPLIT_VALUE_CHARS || this.#count >= SPLIT_VALUES) return;
    this.#count++;
    this.#found(place, key, value);
  }
}

const SEGMENTS = 32;
const SEGMENT_PARTS = 4;
const NUMBERS = Array.from({ length: SEGMENTS }, (_, index) => String(index));

function segments(path: string, values: Values): void {
  let from = 0;
  for (let index = 0; index < SEGMENTS && from <= path.length; index++) {
    const slash = path.indexOf("/", from);
    const to = slash < 0 ? path.length : slash;
    parts(path.slice(from, to), NUMBERS[index] ?? "", values);
    from = to + 1;
  }
}

function parts(segment: string, key: string, values: Values): void {
  if (!segment.includes(".")) {
    values.take("path", key, decoded(segment));
    return;
  }
  for (const [number, part] of segment.split(".", SEGMENT_PARTS).entries())
    values.take("path", number === 0 ? key : `${key}.${number - 1}`, decoded(part));
}

function bodyValues(text: string, values: Values): void {
  values.take("body", "", text);
  if (/^\s{0,64}[[{]/.test(text)) {
    for (const [, name, string, number, item, itemNumber] of text.matchAll(JSON_LEAF))
      values.take("leaf", name ?? "", string ?? number ?? item ?? itemNumber ?? "");
  } else if (text.includes("=")) pairs(text, values);
}

function pairs(text: string, values: Values): void {
  for (const pair of text.split("&", SPLIT_VALUES)) {
    const equals = pair.indexOf("=");
    const name = decoded(equals < 0 ? pair : pair.slice(0, equals));
    values.take("names", "", name);
    if (equals >= 0) values.take("pair", name, decoded(pair.slice(equals + 1)));
  }
}

function decoded(text: string): string {
  if (!text.includes("%")) return text;
  return text.replaceAll(/%([0-9a-f]{2})/gi, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
}
