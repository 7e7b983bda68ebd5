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
  /** true: of the request observed before, the next bytes of its body */
  readonly continues?: boolean;
}

/** Takes one short value and what it is the value of. */
type OnValue = (key: string, value: string) => void;

const JSON_LEAF =
  /"([^"\\]{1,64})"\s{0,8}:\s{0,8}(?:"((?:[^"\\]|\\.){0,64})"|(-?[0-9.]{1,20}))|"((?:[^"\\]|\\.){0,64})"(?=\s{0,8}[,\]])|(?<=[[,])(-?[0-9.]{1,20})(?=[,\]])/g;

/** Every short value of a request. A key is the same in the next request whatever host that goes to. */
export function valuesOf({ host, target, fields, body }: Surface, found: OnValue): void {
  let count = 0;
  const value: OnValue = (key, text) => {
    if (text.length === 0 || text.length > SPLIT_VALUE_CHARS || ++count > SPLIT_VALUES) return;
    found(key, text);
  };
  value("host", host.slice(0, Math.max(0, host.indexOf("."))));
  const query = target.indexOf("?");
  const path = query < 0 ? target : target.slice(0, query);
  for (const [index, segment] of path.split("/", 32).entries()) {
    const [first = "", ...rest] = segment.split(".", 4);
    value(`path ${index}`, decoded(first));
    for (const [number, part] of rest.entries()) value(`path ${index}.${number}`, decoded(part));
  }
  if (query >= 0) pairs(target.slice(query + 1), value);
  for (let i = 0; i < fields.length; i += 2) value(`field ${fields[i]}`, fields[i + 1] ?? "");
  if (body && body.length > 0) bodyValues(body.toString("latin1"), value);
}

function bodyValues(text: string, value: OnValue): void {
  value("body", text);
  if (/^\s{0,64}[[{]/.test(text)) {
    for (const [, name, string, number, item, itemNumber] of text.matchAll(JSON_LEAF))
      value(`leaf ${name ?? ""}`, string ?? number ?? item ?? itemNumber ?? "");
  } else if (text.includes("=")) pairs(text, value);
}

function pairs(text: string, value: OnValue): void {
  for (const pair of text.split("&", SPLIT_VALUES)) {
    const equals = pair.indexOf("=");
    const name = decoded(equals < 0 ? pair : pair.slice(0, equals));
    value("names", name);
    if (equals >= 0) value(`pair ${name}`, decoded(pair.slice(equals + 1)));
  }
}

function decoded(text: string): string {
  if (!text.includes("%")) return text;
  return text.replaceAll(/%([0-9a-f]{2})/gi, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
}
