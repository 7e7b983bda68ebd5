import { isIPv6, type Socket } from "node:net";
import { printable } from "../../base/printable.ts";
import type { Secret } from "../../base/secret.ts";
import type { KnownSecret } from "../../dlp/known/secret.ts";
import type { PatternSet } from "../../dlp/patterns/pattern-set.ts";
import type { Detectors } from "../../dlp/scanner.ts";
import type { RequestEvent } from "../../journal/record.ts";
import type { Quotas } from "../../policy/quota.ts";
import type { EgressPolicy } from "../../policy/routes.ts";
import { type Refusal, refuse } from "../../policy/verdict.ts";
import type { UpstreamConfig } from "../protocol.ts";
import { localAddress, sniff } from "./accept.ts";
import type { CertificateAuthority } from "./ca.ts";
import { createCredentials, knownSecrets } from "./credential/credential.ts";
import { Deadlines } from "./deadlines.ts";
import { createDialler, type Dialler } from "./dial.ts";
import { ClientConnection } from "./http1/client-connection.ts";
import type { ConnectTarget } from "./http1/request.ts";
import type { TunnelOwner } from "./http1/tunnel-owner.ts";
import { Inspector } from "./inspect/inspector.ts";
import { CONNECTION_COUNT } from "./limits.ts";
import { type Arrival, type Plane, recordRefusedConnection } from "./plane.ts";
import { type Lookup, lookupWithSystem } from "./resolve.ts";
import type { InnerPlane } from "./stream.ts";
import { createTrust } from "./tls/trust.ts";
import { createUpstream, type Upstream } from "./upstream.ts";

export interface EgressOptions {
  readonly policy: EgressPolicy;
  /** the real credentials, by the names routes use */
  readonly vault: ReadonlyMap<string, Secret>;
  /** what must not leave: the vault's, and what is in the bottle's environment */
  readonly secrets: readonly KnownSecret[];
  readonly patterns: PatternSet;
  readonly quotas: Quotas;
  readonly upstream: UpstreamConfig;
  readonly ca: CertificateAuthority;
  /** 0: blocks only, 1: every request, 2: with fields and bodies, masked */
  readonly log: 0 | 1 | 2;
  record(event: RequestEvent): void;
  /** every address of this host */
  readonly ownAddresses: readonly string[];
  /** makes the planes that answer for names of the bottle's own */
  readonly inner?: (shared: Shared) => readonly InnerPlane[];
  /** the system's resolver when absent */
  readonly lookup?: Lookup;
}

/** What another plane uses of this one: there is one dialler, and one set of detectors. */
export interface Shared {
  readonly dialler: Dialler;
  readonly upstream: Upstream;
  readonly detectors: Detectors;
  readonly quotas: Quotas;
}

/** The egress plane of one bottle. It takes sockets that were accepted elsewhere, and owns them from then on. */
export interface Egress {
  /** a connection to any address; `listenPort`: the port the agent dialled */
  acceptTransparent(socket: Socket, listenPort: number): void;
  /** a connection to the bottle's proxy port: CONNECT, absolute form, `/HOST/path` */
  acceptProxy(socket: Socket): void;
  /** holds for every request from now on, on open connections too */
  updatePolicy(policy: EgressPolicy): void;
  /** closes every connection at once */
  close(): void;
}

export function createEgress(options: EgressOptions): Egress {
  const { ca, upstream: config } = options;
  const deadlines = new Deadlines();
  const dialler = createDialler({
    upstream: config,
    ownAddresses: options.ownAddresses,
    lookup: options.lookup ?? lookupWithSystem,
  });
  const upstream = createUpstream(dialler, createTrust(config.ca), deadlines);
  const inspector = new Inspector(options.secrets, options.patterns);
  const plane: Plane = {
    policy: options.policy,
    inner:
      options.inner?.({ dialler, upstream, detectors: inspector.detectors, quotas: options.quotas }) ?? [],
    credentials: createCredentials(options.vault),
    inspector,
    quotas: options.quotas,
    upstream,
    deadlines,
    log: options.log,
    known: options.log === 2 ? knownSecrets(options.vault) : undefined,
    record: options.record,
  };
  plane.inspector.prepare([...options.policy.exact.values(), ...options.policy.wildcard.values()]);
  const open = new Set<Socket>();

  const tunnels: TunnelOwner = {
    refusal: (target) => connectRefusal(plane.policy, target),
    tunnel(socket, target, rest, arrival) {
      const inner: Arrival = { ...arrival, port: target.port, connectHost: target.host };
      const text = "HTTP/1.1 200 Connection Established\r\n\r\n";
      socket.write(text, "latin1");
      sniff(socket, rest, inner, plane, ca, false);
      socket.resume();
    },
  };

  /** False: too many, closed. */
  function admit(socket: Socket, arrival: Arrival): boolean {
    if (open.size >= CONNECTION_COUNT) {
      socket.destroy();
      recordRefusedConnection(plane, arrival, "tcp", "egress.limit_exceeded", "closed: too many connections");
      return false;
    }
    open.add(socket);
    socket.once("close", () => open.delete(socket));
    // Whoever owns the socket hears of an error through `close`.
    socket.on("error", () => {});
    socket.setNoDelay(true);
    // A client that closes its half may still read (RFC 9112 §9.6); who owns the socket ends it.
    socket.allowHalfOpen = true;
    return true;
  }

  return {
    acceptTransparent(socket, listenPort) {
      const arrival = arrivalOf(socket, "transparent", listenPort);
      if (!admit(socket, arrival)) return;
      sniff(socket, Buffer.alloc(0), arrival, plane, ca, true);
      socket.resume();
    },
    acceptProxy(socket) {
      const arrival = arrivalOf(socket, "proxy", 0);
      if (!admit(socket, arrival)) return;
      new ClientConnection(socket, arrival, plane, tunnels);
      socket.resume();
    },
    updatePolicy(policy) {
      plane.policy = policy;
    },
    close() {
      deadlines.stop();
      options.quotas.close();
      for (const socket of open) socket.destroy();
      upstream.close();
    },
  };
}

const listedPorts = new WeakMap<EgressPolicy, ReadonlySet<number>>();

/** Which CONNECT gets no tunnel; for any other the refusal, if one is due, is given inside, over TLS. */
function connectRefusal(policy: EgressPolicy, target: ConnectTarget): Refusal | undefined {
  if (target.otherHost !== undefined) {
    const detail = `CONNECT names ${printable(target.host)}, Host names \`${printable(target.otherHost)}\`.`;
    return refuse("egress.host_mismatch", detail, "one name for one request");
  }
  let ports = listedPorts.get(policy);
  if (!ports) {
    const routes = [...policy.exact.values(), ...policy.wildcard.values()];
    ports = new Set([443, ...routes.flatMap((route) => route.spec.ports)]);
    listedPorts.set(policy, ports);
  }
  if (ports.has(target.port)) return undefined;
  return refuse("egress.port_not_allowed", `No route lists port ${target.port}.`, policy.defaultDeny);
}

function arrivalOf(socket: Socket, way: "transparent" | "proxy", port: number): Arrival {
  const address = localAddress(socket);
  return {
    way,
    scheme: "http",
    port,
    sni: undefined,
    connectHost: undefined,
    dialled: `${isIPv6(address) ? `[${address}]` : address}:${socket.localPort ?? 0}`,
  };
}
