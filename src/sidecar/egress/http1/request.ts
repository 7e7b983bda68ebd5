import { isIP } from "node:net";
import type { HeaderList, RequestFacts } from "../../../policy/facts.ts";
import { parseAuthority } from "../../../policy/host.ts";
import type { Arrival } from "../plane.ts";
import { ProtocolError } from "../protocol-error.ts";
import type { IncomingRequest } from "../stream.ts";
import { endToEnd } from "./fields.ts";
import type { RequestHead } from "./head.ts";

export interface ConnectTarget {
  /** as sent, brackets of an IPv6 address taken off */
  readonly host: string;
  readonly port: number;
  /** the Host field, where it says something else */
  readonly otherHost: string | undefined;
}

export type ReadRequest =
  | { readonly kind: "request"; readonly request: IncomingRequest }
  /** `request`: stands for the CONNECT itself where it is refused */
  | { readonly kind: "connect"; readonly target: ConnectTarget; readonly request: IncomingRequest };

const ABSOLUTE = /^(https?):\/\/([^/?]*)(.*)$/i;
const REVERSE = /^\/([^/?]+)(.*)$/;
const DEFAULT_PORT = { https: 443, http: 80 } as const;

/**
 * Finds out what a request is for (RFC 9112 §3.2): origin form, or absolute form where it agrees with the connection.
 * On the proxy's own port (`onProxyPort`): CONNECT, absolute form, or `/HOST/path` for the reverse proxy.
 * Throws ProtocolError for a target that has no one meaning.
 */
export function readRequest(head: RequestHead, arrival: Arrival, onProxyPort: boolean): ReadRequest {
  const { method, target } = head;
  if (target.includes("#")) throw new ProtocolError("has a fragment in its target");
  if (onProxyPort) {
    if (method === "CONNECT") return connectRequest(head, arrival);
    const reverse = REVERSE.exec(target);
    if (reverse) {
      const [, authority = "", path = ""] = reverse;
      return request(head, arrival, {
        way: "reverse",
        scheme: "https",
        authority,
        path: rooted(path),
        host: undefined,
      });
    }
  }
  const absolute = ABSOLUTE.exec(target);
  if (absolute === null) {
    if (onProxyPort) throw new ProtocolError("has a target that is neither absolute nor /HOST/path");
    return request(head, arrival, {
      way: arrival.way,
      scheme: arrival.scheme,
      authority: head.host ?? "",
      path: target,
      host: undefined,
    });
  }
  const scheme = absolute[1]?.toLowerCase() === "https" ? "https" : "http";
  if (!onProxyPort && scheme !== arrival.scheme)
    throw new ProtocolError("has a target of another scheme than its connection");
  const [, , authority = "", path = ""] = absolute;
  return request(head, arrival, { way: arrival.way, scheme, authority, path: rooted(path), host: head.host });
}

/** RFC 9112 §3.2.1: an empty path is sent as `/`. */
function rooted(path: string): string {
  return path.startsWith("/") ? path : `/${path}`;
}

interface Located {
  readonly way: RequestFacts["way"];
  readonly scheme: RequestFacts["scheme"];
  readonly authority: string;
  readonly path: string;
  /** a Host field that has to agree with `authority` */
  readonly host: string | undefined;
}

function request(head: RequestHead, arrival: Arrival, located: Located): ReadRequest {
  const { scheme, authority, path, way, host } = located;
  const fields: HeaderList = endToEnd(head.fields, head.connection, "host", "expect");
  const fallback = arrival.port === 0 ? DEFAULT_PORT[scheme] : arrival.port;
  const named = arrival.port === 0 ? parseAuthority(authority, fallback) : undefined;
  const facts: RequestFacts = {
    way,
    scheme,
    authority,
    port: named?.ok ? named.port : fallback,
    sni: arrival.sni,
    connectHost: arrival.connectHost,
    method: head.method,
    target: path,
    // The policy compares a second name for the host with the first.
    headers: host === undefined ? fields : ["Host", host, ...fields],
  };
  return {
    kind: "request",
    request: {
      facts,
      fields,
      protocol: "http/1.1",
      dialled: arrival.dialled,
      body: head.framing === "chunked" ? "stream" : head.framing,
      takesTrailers: head.takesTrailers,
      expectsContinue: head.expectsContinue,
    },
  };
}

/** `host:port`, with Host the same (RFC 9110 §9.3.6). An address is a target too: the refusal is given inside, over TLS. */
function connectRequest(head: RequestHead, arrival: Arrival): ReadRequest {
  const target = connectTarget(head);
  const { way, scheme } = arrival;
  const located: Located = { way, scheme, authority: head.target, path: "", host: undefined };
  return { kind: "connect", target, request: request(head, arrival, located).request };
}

function connectTarget(head: RequestHead): ConnectTarget {
  const match = /^(?:\[([0-9A-Fa-f:.]+)\]|([^:/?@[\]]+)):([1-9][0-9]{0,4})$/.exec(head.target);
  const host = match?.[1] ?? match?.[2];
  const port = Number(match?.[3]);
  if (host === undefined || port > 65_535 || (match?.[1] !== undefined && isIP(host) === 0))
    throw new ProtocolError("has a CONNECT target that is not host:port");
  if (head.framing !== "none") throw new ProtocolError("has a body in CONNECT");
  const said = head.host?.toLowerCase();
  const target = head.target.toLowerCase();
  const same = said === undefined || said === target || said === target.slice(0, target.lastIndexOf(":"));
  return { host, port, otherHost: same ? undefined : head.host };
}
