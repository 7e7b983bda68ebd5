import { connect, isIP, type Socket } from "node:net";
import { classifyAddress } from "../../policy/address.ts";
import type { UpstreamConfig } from "../protocol.ts";
import { ADDRESS_COUNT, ATTEMPT_COUNT, CONNECT_ATTEMPT_MS, CONNECT_MS } from "./limits.ts";
import { connectThroughProxy } from "./proxy-tunnel.ts";
import { cachingLookup, errorCode, type Lookup } from "./resolve.ts";
import { UpstreamError } from "./stream.ts";

export interface DialOptions {
  readonly upstream: Pick<UpstreamConfig, "resolve" | "proxy" | "proxyResolves">;
  /** every address of this host: refused like a private one */
  readonly ownAddresses: readonly string[];
  readonly lookup: Lookup;
}

/** Kinds of address that lie in somebody's own network; not this host's, not link-local, where a cloud's metadata is. */
const PRIVATE: ReadonlySet<string> = new Set(["a private address", "a shared (carrier NAT) address"]);

/** The one dialler (DESIGN §4): no other code of the sidecar opens a connection to the outside. */
export interface Dialler {
  /**
   * A TCP connection to `host`. It resolves once, checks every address of the name, and connects to an address it has
   * checked, never to a name, so that a second answer of the resolver changes nothing (DNS rebinding).
   * Rejects with UpstreamError.
   */
  connect(host: string, port: number, options?: DialTo): Promise<Socket>;
}

export interface DialTo {
  /** a git-gate entry declares it, so that the operator has said that its address may be a private one (DESIGN §4) */
  readonly declared?: boolean;
}

export interface Endpoint {
  readonly address: string;
  readonly port: number;
}

export function createDialler(options: DialOptions): Dialler {
  const { upstream } = options;
  const lookup = cachingLookup(options.lookup);
  const overrides = new Map(
    Object.entries(upstream.resolve).map(([key, value]) => [key.toLowerCase(), parseEndpoint(value)]),
  );
  const proxy = upstream.proxy === undefined ? undefined : new URL(upstream.proxy);

  /** The addresses of `host` that may be dialled, at least one, all of them checked. */
  async function addressesOf(host: string, declared: boolean): Promise<readonly string[]> {
    const addresses = isIP(host) === 0 ? await lookup(host) : [host];
    if (addresses.length === 0)
      throw new UpstreamError(`${host} has no address.`, "egress.upstream_unreachable", { retryable: true });
    if (addresses.length > ADDRESS_COUNT)
      throw new UpstreamError(`${host} has too many addresses.`, "egress.upstream_address_refused");
    for (const address of addresses) {
      const kind = classifyAddress(address, options.ownAddresses);
      if (kind === "public" || (declared && PRIVATE.has(kind))) continue;
      throw new UpstreamError(
        `${host} resolves to ${address}, ${kind}, which is never dialled.`,
        "egress.upstream_address_refused",
      );
    }
    return addresses;
  }

  async function connectDirectly(host: string, port: number, declared: boolean): Promise<Socket> {
    // The operator's own word: no resolver, and private addresses are fine.
    const override = overrides.get(`${host}:${port}`);
    if (override) return connectTo(override, CONNECT_MS, host);
    const addresses = await addressesOf(host, declared);
    let failure: unknown;
    const tried = addresses.slice(0, ATTEMPT_COUNT);
    for (const [index, address] of tried.entries()) {
      const last = index === tried.length - 1;
      try {
        return await connectTo({ address, port }, last ? CONNECT_MS : CONNECT_ATTEMPT_MS, host);
      } catch (error) {
        failure = error;
      }
    }
    throw failure;
  }

  async function connectProxied(
    host: string,
    port: number,
    proxyUrl: URL,
    declared: boolean,
  ): Promise<Socket> {
    const override = overrides.get(`${host}:${port}`);
    const target: Endpoint = override ?? {
      address: upstream.proxyResolves ? host : ((await addressesOf(host, declared))[0] ?? ""),
      port,
    };
    // The proxy is the operator's word too.
    const proxyHost = proxyUrl.hostname.replace(/^\[(.*)\]$/, "$1");
    const address = isIP(proxyHost) === 0 ? ((await lookup(proxyHost))[0] ?? "") : proxyHost;
    const socket = await connectTo(
      { address, port: Number(proxyUrl.port || 80) },
      CONNECT_MS,
      "the upstream proxy",
    );
    await connectThroughProxy(socket, target);
    return socket;
  }

  return {
    connect: (host, port, { declared = false } = {}) =>
      proxy === undefined
        ? connectDirectly(host, port, declared)
        : connectProxied(host, port, proxy, declared),
  };
}

/** `address:port`, IPv6 in brackets, as settings.yml writes it. Throws RangeError for anything else. */
export function parseEndpoint(text: string): Endpoint {
  const match = /^(?:\[([^\]]+)\]|([^:]+)):([1-9][0-9]{0,4})$/.exec(text);
  const address = match?.[1] ?? match?.[2] ?? "";
  const port = Number(match?.[3]);
  if (isIP(address) === 0 || !(port <= 65_535))
    throw new RangeError(`upstream.resolve: ${text} is no address:port`);
  return { address, port };
}

function connectTo({ address, port }: Endpoint, timeoutMs: number, host: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const failed = (why: string) => {
      socket.destroy();
      const detail = `${host} can't be reached at ${address} port ${port}: ${why}.`;
      reject(new UpstreamError(detail, "egress.upstream_unreachable", { retryable: true }));
    };
    if (isIP(address) === 0) {
      reject(new UpstreamError(`${host} has no address.`, "egress.upstream_unreachable"));
      return;
    }
    const socket = connect({ host: address, port, noDelay: true, keepAlive: true, autoSelectFamily: false });
    const timer = setTimeout(() => failed("no answer in time"), timeoutMs);
    const onError = (error: Error) => {
      clearTimeout(timer);
      failed(errorCode(error) ?? error.message);
    };
    socket.once("error", onError);
    socket.once("connect", () => {
      clearTimeout(timer);
      socket.off("error", onError);
      // Whoever owns the socket from here on hears of an error through `close`.
      socket.on("error", () => {});
      resolve(socket);
    });
  });
}
