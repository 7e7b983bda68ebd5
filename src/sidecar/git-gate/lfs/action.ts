import { printable } from "../../../base/printable.ts";
import type { HeaderList } from "../../../policy/facts.ts";
import type { Origin } from "../../egress/upstream.ts";
import { MAX_ACTION_FIELD_BYTES, MAX_ACTION_FIELDS } from "../limits.ts";
import { UpstreamRefused } from "../upstream/conversation.ts";
import { members } from "./objects.ts";

/** Where an upstream takes or gives something, and what it wants to be shown there. */
export interface Action {
  readonly origin: Origin;
  /** path and query */
  readonly target: string;
  /** `[name, value, …]` */
  readonly fields: HeaderList;
}

const NAME = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const VALUE = /^[\x20-\x7e]*$/;
/** What frames or routes a request is the gate's to say. */
const OURS =
  /^(?:host|content-length|transfer-encoding|connection|keep-alive|proxy-.*|te|trailer|upgrade|expect)$/i;

/**
 * Reads `{href, header}` as an upstream's LFS answers have it. Forges keep objects in stores at other hosts (GitHub's
 * lie in S3), so that any host may be named: over https only, dialled with the checks that every name is dialled with,
 * at a private address only where `declared` (the entry's own host) or settings name it, and shown nothing of the gate's
 * but what the upstream itself has said. Throws `UpstreamRefused`.
 */
export function readAction(value: unknown, declared: string): Action {
  const said = members(value);
  const href = said.get("href");
  const url = typeof href === "string" && URL.canParse(href) ? new URL(href) : undefined;
  if (url?.protocol !== "https:" || url.username !== "" || url.password !== "") {
    const shown = typeof href === "string" ? printable(href.split("?")[0] ?? "", 200) : "nothing";
    throw new UpstreamRefused(`${declared} keeps LFS objects at ${shown}, which is no https URL.`);
  }
  const origin = originOf(url, declared);
  return { origin, target: `${url.pathname}${url.search}`, fields: fieldsOf(said.get("header"), declared) };
}

function originOf(url: URL, declared: string): Origin {
  const port = url.port === "" ? 443 : Number(url.port);
  const origin = { scheme: "https", host: url.hostname, port } as const;
  return url.hostname === declared ? { ...origin, declared: true } : origin;
}

function fieldsOf(header: unknown, declared: string): HeaderList {
  const fields: string[] = [];
  let length = 0;
  for (const [name, value] of members(header)) {
    if (typeof value !== "string" || !NAME.test(name) || !VALUE.test(value))
      throw new UpstreamRefused(`${declared} wants a header field for its LFS objects that is none.`);
    if (OURS.test(name)) continue;
    length += name.length + value.length;
    fields.push(name, value.trim());
  }
  if (fields.length > 2 * MAX_ACTION_FIELDS || length > MAX_ACTION_FIELD_BYTES)
    throw new UpstreamRefused(`${declared} wants too many header fields for its LFS objects.`);
  return fields;
}
