import { ProtocolError } from "../protocol-error.ts";
import { EXTENSION_CHARS, EXTENSION_COUNT } from "./limits.ts";

/** One offer of permessage-deflate (RFC 7692 §7.1). */
export interface DeflateOffer {
  readonly serverNoContextTakeover: boolean;
  readonly clientNoContextTakeover: boolean;
  /** 8 to 15; undefined: not asked for */
  readonly serverMaxWindowBits: number | undefined;
  /** true: the parameter without a value, the client can be told one */
  readonly clientMaxWindowBits: number | true | undefined;
}

/** What both ends agreed on (RFC 7692 §7.1). */
export interface DeflateAgreement {
  readonly serverNoContextTakeover: boolean;
  readonly clientNoContextTakeover: boolean;
  /** 8 to 15; undefined: not stated, which means 15 */
  readonly serverMaxWindowBits: number | undefined;
  readonly clientMaxWindowBits: number | undefined;
}

interface Extension {
  readonly name: string;
  readonly parameters: ReadonlyMap<string, string | true>;
}

const DEFLATE = "permessage-deflate";
const PARAMETERS = new Set([
  "server_no_context_takeover",
  "client_no_context_takeover",
  "server_max_window_bits",
  "client_max_window_bits",
]);

/**
 * The offers of permessage-deflate in a client's `Sec-WebSocket-Extensions`, in its order of preference. Every other
 * extension is left out, and so is an offer a server would have to decline: what nobody agrees on needs no inspection.
 * Throws ProtocolError for a field that can't be read.
 */
export function readOffers(field: string | undefined): readonly DeflateOffer[] {
  if (field === undefined) return [];
  return parseExtensions(field).flatMap((extension) => {
    const { parameters } = extension;
    if (extension.name !== DEFLATE || ![...parameters.keys()].every((name) => PARAMETERS.has(name)))
      return [];
    const server = parameters.get("server_max_window_bits");
    const client = parameters.get("client_max_window_bits");
    if (
      !isFlag(parameters, "server_no_context_takeover") ||
      !isFlag(parameters, "client_no_context_takeover")
    )
      return [];
    if (server !== undefined && windowBits(server) === undefined) return [];
    if (client !== undefined && client !== true && windowBits(client) === undefined) return [];
    return [
      {
        serverNoContextTakeover: parameters.has("server_no_context_takeover"),
        clientNoContextTakeover: parameters.has("client_no_context_takeover"),
        serverMaxWindowBits: windowBits(server),
        clientMaxWindowBits: client === true ? true : windowBits(client),
      },
    ];
  });
}

/** `Sec-WebSocket-Extensions` for offers; undefined: there are none. */
export function offersText(offers: readonly DeflateOffer[]): string | undefined {
  return offers.length === 0 ? undefined : offers.map(parametersText).join(", ");
}

/**
 * What the server answered to `offers` (RFC 7692 §7.1): nothing, or permessage-deflate in a form one of them allows.
 * Throws ProtocolError for anything else.
 */
export function readAgreement(
  field: string | undefined,
  offers: readonly DeflateOffer[],
): DeflateAgreement | undefined {
  if (field === undefined) return undefined;
  const [extension, ...more] = parseExtensions(field);
  if (extension === undefined) return undefined;
  const { parameters } = extension;
  if (more.length > 0 || extension.name !== DEFLATE)
    throw new ProtocolError("agrees on a WebSocket extension that was not offered");
  const server = parameters.get("server_max_window_bits");
  const client = parameters.get("client_max_window_bits");
  const agreement: DeflateAgreement = {
    serverNoContextTakeover: parameters.has("server_no_context_takeover"),
    clientNoContextTakeover: parameters.has("client_no_context_takeover"),
    serverMaxWindowBits: windowBits(server),
    clientMaxWindowBits: windowBits(client),
  };
  const wellFormed =
    [...parameters.keys()].every((name) => PARAMETERS.has(name)) &&
    isFlag(parameters, "server_no_context_takeover") &&
    isFlag(parameters, "client_no_context_takeover") &&
    (server === undefined || agreement.serverMaxWindowBits !== undefined) &&
    (client === undefined || agreement.clientMaxWindowBits !== undefined);
  if (!wellFormed || !offers.some((offer) => answers(agreement, offer)))
    throw new ProtocolError("agrees on permessage-deflate in a form that was not offered");
  return agreement;
}

/** `Sec-WebSocket-Extensions` for an agreement. */
export function agreementText(agreement: DeflateAgreement): string {
  return parametersText(agreement);
}

function answers(agreement: DeflateAgreement, offer: DeflateOffer): boolean {
  if (offer.serverNoContextTakeover && !agreement.serverNoContextTakeover) return false;
  if (
    offer.serverMaxWindowBits !== undefined &&
    (agreement.serverMaxWindowBits === undefined || agreement.serverMaxWindowBits > offer.serverMaxWindowBits)
  )
    return false;
  // RFC 7692 §7.1.2.2: only a client that says so can be told.
  if (agreement.clientMaxWindowBits === undefined) return true;
  if (offer.clientMaxWindowBits === undefined) return false;
  return offer.clientMaxWindowBits === true || agreement.clientMaxWindowBits <= offer.clientMaxWindowBits;
}

function parametersText(parameters: DeflateOffer | DeflateAgreement): string {
  let text = DEFLATE;
  if (parameters.serverNoContextTakeover) text += "; server_no_context_takeover";
  if (parameters.clientNoContextTakeover) text += "; client_no_context_takeover";
  if (parameters.serverMaxWindowBits !== undefined)
    text += `; server_max_window_bits=${parameters.serverMaxWindowBits}`;
  const client = parameters.clientMaxWindowBits;
  if (client !== undefined) text += `; client_max_window_bits${client === true ? "" : `=${client}`}`;
  return text;
}

function isFlag(parameters: ReadonlyMap<string, string | true>, name: string): boolean {
  const value = parameters.get(name);
  return value === undefined || value === true;
}

function windowBits(value: string | true | undefined): number | undefined {
  return typeof value === "string" && /^(?:[89]|1[0-5])$/.test(value) ? Number(value) : undefined;
}

// RFC 6455 §9.1; a quoted value must be a token once its quotes are gone.
const NAME = /[\t ]*([!#$%&'*+\-.^_`|~0-9A-Za-z]+)[\t ]*/y;
const VALUE = /[\t ]*(?:([!#$%&'*+\-.^_`|~0-9A-Za-z]+)|"([!#$%&'*+\-.^_`|~0-9A-Za-z]+)")[\t ]*/y;

function parseExtensions(field: string): readonly Extension[] {
  if (field.length > EXTENSION_CHARS) throw new ProtocolError("has an over-long Sec-WebSocket-Extensions");
  const extensions: Extension[] = [];
  let at = 0;
  const take = (pattern: RegExp): string => {
    pattern.lastIndex = at;
    const match = pattern.exec(field);
    if (match === null) throw new ProtocolError("has a Sec-WebSocket-Extensions that can't be read");
    at = pattern.lastIndex;
    return match[1] ?? match[2] ?? "";
  };
  do {
    if (extensions.length === EXTENSION_COUNT)
      throw new ProtocolError("offers too many WebSocket extensions");
    const name = take(NAME).toLowerCase();
    const parameters = new Map<string, string | true>();
    while (field[at] === ";") {
      at++;
      const parameter = take(NAME).toLowerCase();
      if (parameters.has(parameter)) throw new ProtocolError("repeats a parameter of a WebSocket extension");
      if (field[at] !== "=") parameters.set(parameter, true);
      else {
        at++;
        parameters.set(parameter, take(VALUE));
      }
    }
    extensions.push({ name, parameters });
  } while (field[at++] === ",");
  if (at <= field.length) throw new ProtocolError("has a Sec-WebSocket-Extensions that can't be read");
  return extensions;
}
